"""Fits and predictions in other styles."""

from __future__ import annotations

import gpytorch
import torch

from autograder.suite import equivalent


@equivalent("exact_gp")
def as_in_the_tutorial():
    class ExactGPModel(gpytorch.models.ExactGP):
        def __init__(self, train_x, train_y, likelihood):
            super().__init__(train_x, train_y, likelihood)
            self.mean_module = gpytorch.means.ConstantMean()
            self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

        def forward(self, x):
            return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))

    def fit_exact_gp(X, y, n_steps):
        likelihood = gpytorch.likelihoods.GaussianLikelihood()
        model = ExactGPModel(X, y.squeeze(), likelihood)
        model.train()
        likelihood.train()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        for i in range(n_steps):
            optimizer.zero_grad()
            output = model(X)
            loss = -mll(output, y.squeeze())
            loss.backward()
            optimizer.step()
        return model, likelihood

    def predict_exact_gp(model, X_star):
        model, likelihood = model
        model.eval()
        likelihood.eval()
        with torch.no_grad(), gpytorch.settings.fast_pred_var():
            observed_pred = likelihood(model(X_star))
        return observed_pred.mean, observed_pred.variance


@equivalent("exact_gp")
def lbfgs_in_double():
    class GP(gpytorch.models.ExactGP):
        def __init__(self, X, y, lik):
            super().__init__(X, y, lik)
            self.m = gpytorch.means.ConstantMean()
            self.k = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel(ard_num_dims=X.shape[-1]))

        def forward(self, X):
            return gpytorch.distributions.MultivariateNormal(self.m(X), self.k(X))

    def fit_exact_gp(X, y, n_steps):
        lik = gpytorch.likelihoods.GaussianLikelihood(noise_constraint=gpytorch.constraints.GreaterThan(1e-5)).double()
        gp = GP(X, y.view(-1), lik).double()
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(lik, gp)
        opt = torch.optim.LBFGS(gp.parameters(), lr=0.3, max_iter=2)

        def closure():
            opt.zero_grad()
            loss = -mll(gp(X), y.view(-1))
            loss.backward()
            return loss

        gp.train()
        for _ in range(n_steps):
            opt.step(closure)
        return {"gp": gp.eval(), "likelihood": lik.eval()}

    @torch.no_grad()
    def predict_exact_gp(model, X_star):
        posterior = model["gp"](X_star)
        return posterior.mean.unsqueeze(-1), posterior.variance.unsqueeze(-1) + model["likelihood"].noise


@equivalent("exact_gp")
def in_standard_units():
    class Standardized:
        def __init__(self, X, y):
            self.center, self.scale = X.mean(0), X.std(0)
            self.mu, self.sigma = y.mean(), y.std()
            self.likelihood = gpytorch.likelihoods.GaussianLikelihood()
            self.X, self.y = (X - self.center) / self.scale, (y - self.mu) / self.sigma

            class Inner(gpytorch.models.ExactGP):
                def __init__(self, X, y, likelihood):
                    super().__init__(X, y, likelihood)
                    self.mean = gpytorch.means.ConstantMean()
                    self.kernel = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

                def forward(self, X):
                    return gpytorch.distributions.MultivariateNormal(self.mean(X), self.kernel(X))

            self.model = Inner(self.X, self.y, self.likelihood).double()

    def fit_exact_gp(X, y, n_steps):
        own = Standardized(X, y.reshape(-1))
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(own.likelihood, own.model)
        optimizer = torch.optim.AdamW(own.model.parameters(), lr=0.05, weight_decay=0.0)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps, eta_min=0.01)
        for _ in range(n_steps):
            optimizer.zero_grad(set_to_none=True)
            (-mll(own.model(own.X), own.y)).backward()
            optimizer.step()
            scheduler.step()
        return own

    def predict_exact_gp(model, X_star):
        model.model.eval()
        model.likelihood.eval()
        with torch.no_grad():
            p = model.likelihood(model.model((X_star - model.center) / model.scale))
        return p.mean * model.sigma + model.mu, p.variance * model.sigma**2


@equivalent("exact_gp")
def in_float32_with_numpy_results():
    class Model(gpytorch.models.ExactGP):
        def __init__(self, X, y, likelihood):
            super().__init__(X, y, likelihood)
            self.mean = gpytorch.means.ConstantMean()
            self.kernel = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

        def forward(self, X):
            return gpytorch.distributions.MultivariateNormal(self.mean(X), self.kernel(X))

    def fit_exact_gp(X, y, n_steps):
        X, y = X.float(), y.float().flatten()
        likelihood = gpytorch.likelihoods.GaussianLikelihood()
        model = Model(X, y, likelihood)
        optimizer = torch.optim.Adam([{"params": model.parameters()}], lr=0.08)
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        model.train(), likelihood.train()
        for _ in range(n_steps):
            optimizer.zero_grad()
            loss = -mll(model(X), y)
            loss.backward()
            optimizer.step()
        return model

    def predict_exact_gp(model, X_star):
        model.eval(), model.likelihood.eval()
        with torch.no_grad():
            p = model.likelihood(model(X_star.float()))
            return p.mean.numpy(), p.stddev.numpy() ** 2


@equivalent("exact_gp")
def with_priors():
    class PriorGP(gpytorch.models.ExactGP):
        def __init__(self, X, y, likelihood):
            super().__init__(X, y, likelihood)
            self.mean_module = gpytorch.means.ConstantMean()
            base = gpytorch.kernels.RBFKernel(lengthscale_prior=gpytorch.priors.GammaPrior(3.0, 6.0))
            self.covar_module = gpytorch.kernels.ScaleKernel(
                base, outputscale_prior=gpytorch.priors.GammaPrior(2.0, 0.15)
            )

        def forward(self, X):
            mean, covar = self.mean_module(X), self.covar_module(X)
            return gpytorch.distributions.MultivariateNormal(mean, covar)

    def fit_exact_gp(X, y, n_steps):
        y = y.ravel()
        likelihood = gpytorch.likelihoods.GaussianLikelihood(noise_prior=gpytorch.priors.GammaPrior(1.1, 0.05))
        model = PriorGP(X, y, likelihood).double()
        model.mean_module.constant.data.fill_(float(y.mean()))
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(n_steps):
            optimizer.zero_grad()
            loss = -mll(model(X), y)
            loss.sum().backward()
            optimizer.step()
        model.eval()
        return model

    def predict_exact_gp(model, X_star):
        f = model(X_star)
        return f.mean.detach(), (f.variance + model.likelihood.noise).detach()
