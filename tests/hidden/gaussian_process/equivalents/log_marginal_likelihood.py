"""Likelihoods in other styles."""

from __future__ import annotations

import torch

from autograder.suite import equivalent


@equivalent("log_marginal_likelihood")
def by_slogdet():
    def log_marginal_likelihood(X, y, kernel, noise):
        K = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        sign, logdet = torch.linalg.slogdet(K)
        fit = y @ torch.linalg.solve(K, y)
        return -0.5 * (fit + logdet + len(X) * torch.log(torch.tensor(2 * torch.pi, dtype=X.dtype)))


@equivalent("log_marginal_likelihood")
def by_eigenvalues():
    def log_marginal_likelihood(X, y, kernel, noise):
        import math

        values, Q = torch.linalg.eigh(kernel(X, X))
        values = values.clamp(min=0) + noise
        projected = Q.T @ y.ravel()
        terms = projected**2 / values + values.log() + math.log(2 * math.pi)
        return float(-terms.sum() / 2)


@equivalent("log_marginal_likelihood")
def by_a_distribution():
    def log_marginal_likelihood(X, y, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(X.shape[0], dtype=X.dtype)
        zero = torch.zeros(X.shape[0], dtype=X.dtype)
        return torch.distributions.MultivariateNormal(zero, covariance_matrix=(A + A.T) / 2).log_prob(y.flatten())


@equivalent("log_marginal_likelihood")
def cholesky_with_a_column_for_y():
    def log_marginal_likelihood(X, y, kernel, noise):
        # y is a column (n, 1)
        n = X.shape[0]
        L = torch.linalg.cholesky(kernel(X, X) + noise * torch.eye(n, dtype=torch.float64))
        alpha = torch.cholesky_solve(y, L)
        value = -0.5 * y.T @ alpha - torch.log(torch.diagonal(L)).sum() - n / 2 * torch.log(torch.tensor(2 * torch.pi))
        return value.item()


@equivalent("log_marginal_likelihood")
def with_the_largest_jitter():
    def log_marginal_likelihood(X, y, kernel, noise):
        n = len(y)
        C = kernel(X, X) + (noise + 1e-6) * torch.eye(n, dtype=y.dtype)
        inverse = torch.inverse(C)
        L = torch.linalg.cholesky(C)
        y = y.reshape(n)
        return -(y @ inverse @ y) / 2 - L.diag().log().sum() - n * 0.9189385332046727


@equivalent("log_marginal_likelihood")
def one_observation_after_the_other():
    def log_marginal_likelihood(X, y, kernel, noise):
        # The chain rule: each observation given those before it. Row i of L holds what that needs.
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        L = torch.linalg.cholesky(A)
        total, z = 0.0, []
        for i in range(len(X)):
            std = float(L[i, i])
            expected = float(L[i, :i] @ torch.tensor(z, dtype=X.dtype)) if i else 0.0
            z.append((float(y[i]) - expected) / std)
            total += -0.5 * z[-1] ** 2 - torch.log(torch.tensor(std)).item() - 0.5 * 1.8378770664093453
        return total


@equivalent("log_marginal_likelihood")
def by_scipy():
    def log_marginal_likelihood(X, y, kernel, noise):
        from scipy.stats import multivariate_normal

        cov = kernel(X, X).numpy() + noise * np.identity(len(X))
        return multivariate_normal(np.zeros(len(X)), cov).logpdf(y.numpy().ravel())

    import numpy as np
