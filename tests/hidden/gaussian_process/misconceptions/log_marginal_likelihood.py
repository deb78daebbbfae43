"""Wrong likelihoods."""

from __future__ import annotations

import math

import gpytorch
import torch

from autograder.suite import misconception


@misconception(
    "log_marginal_likelihood",
    "You compute the determinant first and its logarithm then. For many observations the determinant is too small or "
    "too large for any float: its logarithm can be had without it.",
)
def log_of_the_determinant():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        fit = y @ torch.linalg.solve(A, y)
        return -0.5 * fit - 0.5 * torch.log(torch.linalg.det(A)) - 0.5 * len(X) * math.log(2 * math.pi)


@misconception("log_marginal_likelihood", "The determinant is not inside a logarithm in your sum.")
def determinant_without_its_logarithm():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        return -0.5 * y @ torch.linalg.solve(A, y) - 0.5 * torch.linalg.det(A) - 0.5 * len(X) * math.log(2 * math.pi)


@misconception(
    "log_marginal_likelihood",
    "The sum of log Lᵢᵢ is half the log determinant already: halved once more, it counts too little.",
)
def log_determinant_halved_twice():
    def log_marginal_likelihood(X, y, kernel, noise):
        L = torch.linalg.cholesky(kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype))
        w = torch.linalg.solve_triangular(L, y.reshape(-1, 1), upper=False)
        return -0.5 * w.square().sum() - 0.5 * L.diagonal().log().sum() - 0.5 * len(X) * math.log(2 * math.pi)


@misconception("log_marginal_likelihood", "The factor 1/2 of the log determinant is missing.")
def half_of_the_determinant_missing():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        return -0.5 * y @ torch.linalg.solve(A, y) - torch.logdet(A) - 0.5 * len(X) * math.log(2 * math.pi)


@misconception("log_marginal_likelihood", "The factor 1/2 of yᵀ(K + noise·I)⁻¹y is missing.")
def half_of_the_fit_missing():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        return -y @ torch.linalg.solve(A, y) - 0.5 * torch.logdet(A) - 0.5 * len(X) * math.log(2 * math.pi)


@misconception(
    "log_marginal_likelihood", "The sign of your log determinant is wrong: a wider distribution is a lower one."
)
def sign_of_the_determinant():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        return -0.5 * y @ torch.linalg.solve(A, y) + 0.5 * torch.logdet(A) - 0.5 * len(X) * math.log(2 * math.pi)


@misconception("log_marginal_likelihood", "Your constant is missing: −(n/2)·log 2π belongs to a density.")
def constant_missing():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        return -0.5 * y @ torch.linalg.solve(A, y) - 0.5 * torch.logdet(A)


@misconception(
    "log_marginal_likelihood", "Your constant does not grow with n: there is one ½·log 2π for each observation."
)
def constant_once():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        return -0.5 * y @ torch.linalg.solve(A, y) - 0.5 * torch.logdet(A) - 0.5 * math.log(2 * math.pi)


@misconception(
    "log_marginal_likelihood", "You divide by n. That makes a convenient loss, but it is not the log density."
)
def divided_by_n():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        total = -0.5 * y @ torch.linalg.solve(A, y) - 0.5 * torch.logdet(A) - 0.5 * len(X) * math.log(2 * math.pi)
        return total / len(X)


@misconception("log_marginal_likelihood", "You return the negative: the loss to minimize, not the log likelihood.")
def negative():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        return 0.5 * y @ torch.linalg.solve(A, y) + 0.5 * torch.logdet(A) + 0.5 * len(X) * math.log(2 * math.pi)


@misconception(
    "log_marginal_likelihood", "You square the noise. It is the variance already, and goes on the diagonal as it is."
)
def noise_squared():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise**2 * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        return -0.5 * y @ torch.linalg.solve(A, y) - 0.5 * torch.logdet(A) - 0.5 * len(X) * math.log(2 * math.pi)


@misconception("log_marginal_likelihood", "There is no noise in your covariance of y, only a jitter.")
def no_noise():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + 1e-6 * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        return -0.5 * y @ torch.linalg.solve(A, y) - 0.5 * torch.logdet(A) - 0.5 * len(X) * math.log(2 * math.pi)


@misconception("log_marginal_likelihood", "You multiply y by K + noise·I where its inverse belongs.")
def inverse_missing():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        y = y.reshape(-1)
        return -0.5 * y @ A @ y - 0.5 * torch.logdet(A) - 0.5 * len(X) * math.log(2 * math.pi)


@misconception("log_marginal_likelihood", "Your logarithms have base 10. A log likelihood is natural.")
def base_ten():
    def log_marginal_likelihood(X, y, kernel, noise):
        L = torch.linalg.cholesky(kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype))
        w = torch.linalg.solve_triangular(L, y.reshape(-1, 1), upper=False)
        return -0.5 * w.square().sum() - L.diagonal().log10().sum() - 0.5 * len(X) * math.log10(2 * math.pi)


@misconception("log_marginal_likelihood", "GPyTorch is for exercises 6 and 7: compute this density yourself.")
def from_gpytorch():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        return gpytorch.distributions.MultivariateNormal(torch.zeros_like(y.reshape(-1)), A).log_prob(y.reshape(-1))
