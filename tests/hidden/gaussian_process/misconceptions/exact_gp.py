"""Wrong fits and predictions. Where a cell defines one of the two functions, the other is that of the solutions."""

from __future__ import annotations

import gpytorch
import torch

from autograder.suite import misconception


@misconception(
    "exact_gp",
    "Your variance is that of the function alone. A new observation has its own noise on top: the likelihood adds it.",
)
def variance_of_the_function():
    def predict_exact_gp(model, X_star):
        model.eval()
        with torch.no_grad():
            prediction = model(X_star)
        return prediction.mean, prediction.variance


@misconception(
    "exact_gp",
    "The noise is in your variance twice: the likelihood has added it when you add it once more.",
)
def noise_added_twice():
    def predict_exact_gp(model, X_star):
        model.eval()
        with torch.no_grad():
            prediction = model.likelihood(model(X_star))
        return prediction.mean, prediction.variance + model.likelihood.noise


@misconception("exact_gp", "You return the standard deviation. Asked for is the variance, its square.")
def standard_deviation():
    def predict_exact_gp(model, X_star):
        model.eval()
        with torch.no_grad():
            prediction = model.likelihood(model(X_star))
        return prediction.mean, prediction.stddev


@misconception("exact_gp", "Your model is never trained: after n_steps its parameters are where they started.")
def no_step():
    def fit_exact_gp(X, y, n_steps):
        y = y.reshape(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood()

        class Model(gpytorch.models.ExactGP):
            def __init__(self):
                super().__init__(X, y, likelihood)
                self.mean_module = gpytorch.means.ConstantMean()
                self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

            def forward(self, x):
                return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))

        model = Model().double()
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(n_steps):
            optimizer.zero_grad()
            (-mll(model(X), y)).backward()
        return model


@misconception("exact_gp", "Your optimizer minimizes the log marginal likelihood. It should be as large as possible.")
def likelihood_minimized():
    def fit_exact_gp(X, y, n_steps):
        y = y.reshape(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood()
        model = ScaledRBF(X, y, likelihood)
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(n_steps):
            optimizer.zero_grad()
            mll(model(X), y).backward()
            optimizer.step()
        return model


@misconception(
    "exact_gp",
    "Far from the data your prediction is 0, not the level of the data: the mean should be a learned constant.",
)
def zero_mean():
    def fit_exact_gp(X, y, n_steps):
        y = y.reshape(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood()

        class Model(gpytorch.models.ExactGP):
            def __init__(self):
                super().__init__(X, y, likelihood)
                self.mean_module = gpytorch.means.ZeroMean()
                self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

            def forward(self, x):
                return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))

        model = Model().double()
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(n_steps):
            optimizer.zero_grad()
            (-mll(model(X), y)).backward()
            optimizer.step()
        return model


@misconception("exact_gp", "Your kernel has no scale of its own: its variance is 1 whatever the data are.")
def kernel_not_scaled():
    def fit_exact_gp(X, y, n_steps):
        y = y.reshape(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood()

        class Model(gpytorch.models.ExactGP):
            def __init__(self):
                super().__init__(X, y, likelihood)
                self.mean_module = gpytorch.means.ConstantMean()
                self.covar_module = gpytorch.kernels.RBFKernel()

            def forward(self, x):
                return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))

        model = Model().double()
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(n_steps):
            optimizer.zero_grad()
            (-mll(model(X), y)).backward()
            optimizer.step()
        return model


@misconception(
    "exact_gp",
    "Your noise is fixed at a tiny value: the model has to explain all the scatter of the data by a wild function.",
)
def noise_fixed():
    def fit_exact_gp(X, y, n_steps):
        y = y.reshape(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood()
        model = ScaledRBF(X, y, likelihood)
        likelihood.noise = 1e-3
        likelihood.noise_covar.raw_noise.requires_grad_(False)
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.1)
        for _ in range(n_steps):
            optimizer.zero_grad()
            (-mll(model(X), y)).backward()
            optimizer.step()
        return model


@misconception(
    "exact_gp",
    "You train on the squared error at the training points. In train mode the model's mean is its prior mean: the "
    "kernel and the noise never get a gradient.",
)
def squared_error():
    def fit_exact_gp(X, y, n_steps):
        y = y.reshape(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood().double()
        model = ScaledRBF(X, y, likelihood)
        model.covar_module.base_kernel.lengthscale = 0.7
        model.covar_module.outputscale = 0.7
        likelihood.noise = 0.7
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(n_steps):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(X).mean, y).backward()
            optimizer.step()
        return model


@misconception(
    "exact_gp", "You predict from the prior: the model has to know that it is asked for its posterior (eval mode)."
)
def prior_prediction():
    def predict_exact_gp(model, X_star):
        with torch.no_grad():
            prediction = model.likelihood(model.forward(X_star))
        return prediction.mean, prediction.variance


@misconception(
    "exact_gp", "Your model is kept in a global variable: fitting a second one changes the predictions of the first."
)
def global_model():
    def fit_exact_gp(X, y, n_steps):
        global the_model
        likelihood = gpytorch.likelihoods.GaussianLikelihood()
        the_model = ScaledRBF(X, y.reshape(-1), likelihood)
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, the_model)
        optimizer = torch.optim.Adam(the_model.parameters(), lr=0.1)
        for _ in range(n_steps):
            optimizer.zero_grad()
            (-mll(the_model(X), y.reshape(-1))).backward()
            optimizer.step()
        return the_model

    def predict_exact_gp(model, X_star):
        the_model.eval()
        with torch.no_grad():
            prediction = the_model.likelihood(the_model(X_star))
        return prediction.mean, prediction.variance
