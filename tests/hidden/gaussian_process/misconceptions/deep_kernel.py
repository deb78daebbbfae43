"""Wrong deep kernels. Where a cell defines one of the two functions, the other is that of the solutions."""

from __future__ import annotations

import gpytorch
import torch
from torch import nn

from autograder.suite import misconception


@misconception(
    "deep_kernel",
    "You train on the error of the posterior mean at the training points. A GP with hardly any noise makes it 0 "
    "whatever the network does: there is nothing to learn from, and nothing holds between the points.",
)
def interpolation_error():
    def fit_deep_kernel(X, y, n_steps):
        y = y.reshape(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood(noise_constraint=gpytorch.constraints.GreaterThan(1e-14))
        model = DeepKernel(X, y, likelihood)
        likelihood.noise = 1e-13
        likelihood.noise_covar.raw_noise.requires_grad_(False)
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
        eye = torch.eye(len(X), dtype=X.dtype)
        for _ in range(min(n_steps, 60)):
            optimizer.zero_grad()
            K = model(X).covariance_matrix
            mean = K @ torch.linalg.solve(K + 1e-10 * eye, y)
            (mean - y).square().mean().backward()
            optimizer.step()
        return model, y, X

    def predict_deep_kernel(model, X_star):
        model, y, X = model
        with torch.no_grad():
            S = model.forward(torch.cat([X, X_star])).covariance_matrix
            n = len(X)
            A = S[:n, :n] + 1e-10 * torch.eye(n, dtype=X.dtype)
            gain = torch.linalg.solve(A, S[:n, n:]).T
            return gain @ y, (S[n:, n:] - gain @ S[:n, n:]).diagonal() + 1e-13


@misconception(
    "deep_kernel",
    "You train on the squared error of the posterior mean at the training points. That loss says nothing about the "
    "variance, and is smallest where the data are learned by heart.",
)
def squared_error():
    def fit_deep_kernel(X, y, n_steps):
        y = y.reshape(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood()
        model = DeepKernel(X, y, likelihood)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(n_steps):
            optimizer.zero_grad()
            prior = model(X)
            K = prior.covariance_matrix
            A = K + likelihood.noise * torch.eye(len(X), dtype=X.dtype)
            mean = prior.mean + K @ torch.linalg.solve(A, y - prior.mean)
            (mean - y).square().mean().backward()
            optimizer.step()
        return model


@misconception(
    "deep_kernel",
    "Your noise is fixed at a tiny value, so the function has to go through every point: the marginal likelihood "
    "cannot tell you what is noise.",
)
def noise_fixed():
    def fit_deep_kernel(X, y, n_steps):
        y = y.reshape(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood()
        model = DeepKernel(X, y, likelihood)
        likelihood.noise = 2e-4
        likelihood.noise_covar.raw_noise.requires_grad_(False)
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
        for _ in range(n_steps):
            optimizer.zero_grad()
            (-mll(model(X), y)).backward()
            optimizer.step()
        return model


@misconception(
    "deep_kernel", "Your kernel sees the inputs themselves: the network is not used where the covariance is computed."
)
def no_network():
    def fit_deep_kernel(X, y, n_steps):
        return fit_exact_gp(X, y, n_steps)


@misconception("deep_kernel", "Nothing is trained: after n_steps network and GP are where they started.")
def not_trained():
    def fit_deep_kernel(X, y, n_steps):
        y = y.reshape(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood()
        model = DeepKernel(X, y, likelihood)
        model.covar_module.outputscale = 0.7
        likelihood.noise = 0.7
        return model


@misconception(
    "deep_kernel", "Your variance is that of the function alone. A new observation has its own noise on top."
)
def variance_of_the_function():
    def predict_deep_kernel(model, X_star):
        model.eval()
        with torch.no_grad():
            prediction = model(X_star)
        return prediction.mean, prediction.variance


@misconception("deep_kernel", "You return the standard deviation. Asked for is the variance, its square.")
def standard_deviation():
    def predict_deep_kernel(model, X_star):
        model.eval()
        with torch.no_grad():
            prediction = model.likelihood(model(X_star))
        return prediction.mean, prediction.stddev


@misconception(
    "deep_kernel", "Your optimizer minimizes the log marginal likelihood. It should be as large as possible."
)
def likelihood_minimized():
    def fit_deep_kernel(X, y, n_steps):
        y = y.reshape(-1)
        likelihood = gpytorch.likelihoods.GaussianLikelihood()
        model = DeepKernel(X, y, likelihood)
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(n_steps):
            optimizer.zero_grad()
            mll(model(X), y).backward()
            optimizer.step()
        return model


@misconception(
    "deep_kernel",
    "There is a network, but no GP: its variance is the mean squared error on the data that it was trained on, the "
    "same everywhere and too small.",
)
def no_gaussian_process():
    def fit_deep_kernel(X, y, n_steps):
        y = y.reshape(-1)
        network = nn.Sequential(
            nn.Linear(X.shape[1], 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh(), nn.Linear(200, 1)
        )
        network.double()
        optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        for _ in range(n_steps):
            optimizer.zero_grad()
            loss = (network(X).squeeze(-1) - y).square().mean()
            loss.backward()
            optimizer.step()
        return network, 0.1 * loss.item()

    def predict_deep_kernel(model, X_star):
        with torch.no_grad():
            mean = model[0](X_star).squeeze(-1)
        return mean, torch.full_like(mean, model[1])


@misconception(
    "deep_kernel", "You predict from the prior: the model has to know that it is asked for its posterior (eval mode)."
)
def prior_prediction():
    def predict_deep_kernel(model, X_star):
        with torch.no_grad():
            prediction = model.likelihood(model.forward(X_star))
        return prediction.mean, prediction.variance
