"""Deep kernels in other styles."""

from __future__ import annotations

import gpytorch
import torch
from torch import nn

from autograder.suite import equivalent


@equivalent("deep_kernel")
def relu_network_as_in_the_tutorial():
    class FeatureExtractor(torch.nn.Sequential):
        def __init__(self, data_dim):
            super().__init__()
            self.add_module("linear1", torch.nn.Linear(data_dim, 100))
            self.add_module("relu1", torch.nn.ReLU())
            self.add_module("linear2", torch.nn.Linear(100, 50))
            self.add_module("relu2", torch.nn.ReLU())
            self.add_module("linear3", torch.nn.Linear(50, 2))

    class GPRegressionModel(gpytorch.models.ExactGP):
        def __init__(self, train_x, train_y, likelihood):
            super().__init__(train_x, train_y, likelihood)
            self.mean_module = gpytorch.means.ConstantMean()
            self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel(ard_num_dims=2))
            self.feature_extractor = FeatureExtractor(train_x.size(-1))
            self.scale_to_bounds = gpytorch.utils.grid.ScaleToBounds(-1.0, 1.0)

        def forward(self, x):
            projected_x = self.scale_to_bounds(self.feature_extractor(x))
            mean_x = self.mean_module(projected_x)
            return gpytorch.distributions.MultivariateNormal(mean_x, self.covar_module(projected_x))

    def fit_deep_kernel(X, y, n_steps):
        y = y.squeeze()
        likelihood = gpytorch.likelihoods.GaussianLikelihood().double()
        model = GPRegressionModel(X, y, likelihood).double()
        model.train()
        likelihood.train()
        optimizer = torch.optim.Adam(
            [
                {"params": model.feature_extractor.parameters()},
                {"params": model.covar_module.parameters()},
                {"params": model.mean_module.parameters()},
                {"params": model.likelihood.parameters()},
            ],
            lr=0.01,
        )
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        for i in range(n_steps):
            optimizer.zero_grad()
            loss = -mll(model(X), y)
            loss.backward()
            optimizer.step()
        model.eval()
        likelihood.eval()
        return model, likelihood

    def predict_deep_kernel(model, X_star):
        model, likelihood = model
        with torch.no_grad(), gpytorch.settings.use_toeplitz(False):
            preds = likelihood(model(X_star))
        return preds.mean, preds.variance


@equivalent("deep_kernel")
def one_hidden_layer_and_one_feature():
    class DKL(gpytorch.models.ExactGP):
        def __init__(self, X, y, lik):
            super().__init__(X, y, lik)
            self.net = nn.Sequential(nn.Linear(X.shape[1], 16), nn.Tanh(), nn.Linear(16, 1))
            self.mean = gpytorch.means.ConstantMean()
            self.kernel = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

        def forward(self, X):
            return gpytorch.distributions.MultivariateNormal(self.mean(X), self.kernel(self.net(X)))

    def fit_deep_kernel(X, y, n_steps):
        lik = gpytorch.likelihoods.GaussianLikelihood()
        gp = DKL(X, y.flatten(), lik).double()
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(lik, gp)
        opt = torch.optim.Adam(gp.parameters(), lr=0.05)
        for _ in range(n_steps):
            opt.zero_grad()
            (-mll(gp(X), y.flatten())).backward()
            opt.step()
        return gp

    def predict_deep_kernel(model, X_star):
        model.eval()
        with torch.no_grad():
            f = model(X_star)
            return f.mean[:, None], (f.variance + model.likelihood.noise)[:, None]


@equivalent("deep_kernel")
def two_learning_rates_in_standard_units():
    class Net(nn.Module):
        def __init__(self, d):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(d, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2))

        def forward(self, X):
            return self.body(X)

    class Model(gpytorch.models.ExactGP):
        def __init__(self, X, y, likelihood):
            super().__init__(X, y, likelihood)
            self.net = Net(X.shape[-1])
            self.mean_module = gpytorch.means.ConstantMean()
            self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.MaternKernel(nu=2.5))

        def forward(self, X):
            return gpytorch.distributions.MultivariateNormal(self.mean_module(X), self.covar_module(self.net(X)))

    def fit_deep_kernel(X, y, n_steps):
        y = y.reshape(-1)
        units = X.mean(0), X.std(0), y.mean(), y.std()
        A, b = (X - units[0]) / units[1], (y - units[2]) / units[3]
        likelihood = gpytorch.likelihoods.GaussianLikelihood()
        model = Model(A, b, likelihood).double()
        gp = [p for name, p in model.named_parameters() if not name.startswith("net.")]
        optimizer = torch.optim.Adam([{"params": model.net.parameters(), "lr": 5e-3}, {"params": gp, "lr": 5e-2}])
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        for _ in range(n_steps):
            optimizer.zero_grad()
            loss = -mll(model(A), b)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimizer.step()
        return {"model": model, "units": units}

    def predict_deep_kernel(model, X_star):
        center, scale, mu, sigma = model["units"]
        model["model"].eval()
        with torch.no_grad():
            p = model["model"].likelihood(model["model"]((X_star - center) / scale))
        return mu + sigma * p.mean, sigma**2 * p.variance


@equivalent("deep_kernel")
def a_kernel_that_holds_the_network():
    class DeepRBF(gpytorch.kernels.Kernel):
        def __init__(self, d):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(d, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
            self.base = gpytorch.kernels.RBFKernel()

        def forward(self, x1, x2, diag=False, **params):
            return self.base.forward(self.net(x1), self.net(x2), diag=diag, **params)

    class Model(gpytorch.models.ExactGP):
        def __init__(self, X, y, likelihood):
            super().__init__(X, y, likelihood)
            self.mean_module = gpytorch.means.ConstantMean()
            self.covar_module = gpytorch.kernels.ScaleKernel(DeepRBF(X.shape[1]))

        def forward(self, X):
            return gpytorch.distributions.MultivariateNormal(self.mean_module(X), self.covar_module(X))

    def fit_deep_kernel(X, y, n_steps):
        X, y = X.float(), y.float().view(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood()
        model = Model(X, y, likelihood)
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=1e-4)
        model.train()
        for _ in range(n_steps):
            optimizer.zero_grad()
            loss = -mll(model(X), y)
            loss.backward()
            optimizer.step()
        return model

    @torch.no_grad()
    def predict_deep_kernel(model, X_star):
        model.eval()
        p = model.likelihood(model(X_star.float()))
        return p.mean.double(), p.variance.double()


@equivalent("deep_kernel")
def with_its_own_algebra():
    class Model(nn.Module):
        def __init__(self, X, y):
            super().__init__()
            self.X, self.y = X, y
            self.net = nn.Sequential(nn.Linear(X.shape[1], 40), nn.Tanh(), nn.Linear(40, 3)).double()
            self.log_noise = nn.Parameter(torch.tensor(-1.0).double())
            self.log_scale = nn.Parameter(torch.tensor(0.0).double())
            self.mean = nn.Parameter(y.mean())

        def k(self, A, B):
            squares = (self.net(A)[:, None] - self.net(B)[None]).pow(2).sum(-1)
            return self.log_scale.exp() * torch.exp(-0.5 * squares)

        def factor(self):
            n = len(self.X)
            return torch.linalg.cholesky(self.k(self.X, self.X) + (self.log_noise.exp() + 1e-6) * torch.eye(n).double())

        def loss(self):
            L = self.factor()
            w = torch.linalg.solve_triangular(L, (self.y - self.mean)[:, None], upper=False)
            return (0.5 * w.pow(2).sum() + L.diagonal().log().sum()) / len(self.X)

    def fit_deep_kernel(X, y, n_steps):
        model = Model(X, y.reshape(-1))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for _ in range(n_steps):
            optimizer.zero_grad()
            model.loss().backward()
            optimizer.step()
        return model

    def predict_deep_kernel(model, X_star):
        with torch.no_grad():
            L, K = model.factor(), model.k(model.X, X_star)
            mean = model.mean + K.T @ torch.cholesky_solve((model.y - model.mean)[:, None], L)[:, 0]
            V = torch.linalg.solve_triangular(L, K, upper=False)
            return mean, model.log_scale.exp() + model.log_noise.exp() - V.pow(2).sum(0)
