"""Wrong posteriors."""

from __future__ import annotations

import gpytorch
import torch

from autograder.suite import misconception


@misconception(
    "gp_posterior",
    "Your result is that of a noise which is a standard deviation: you square it. Here noise is the variance already.",
)
def noise_squared():
    def gp_posterior(X, y, X_star, kernel, noise):
        L = torch.linalg.cholesky(kernel(X, X) + noise**2 * torch.eye(len(X), dtype=X.dtype))
        V = torch.linalg.solve_triangular(L, kernel(X, X_star), upper=False)
        w = torch.linalg.solve_triangular(L, y.reshape(-1, 1), upper=False)
        return (V.T @ w).squeeze(-1), kernel(X_star, X_star) - V.T @ V


@misconception(
    "gp_posterior",
    "Your noise enters as its root. It is a variance and belongs on the diagonal of a covariance as it is.",
)
def root_of_the_noise():
    def gp_posterior(X, y, X_star, kernel, noise):
        L = torch.linalg.cholesky(kernel(X, X) + noise**0.5 * torch.eye(len(X), dtype=X.dtype))
        V = torch.linalg.solve_triangular(L, kernel(X, X_star), upper=False)
        w = torch.linalg.solve_triangular(L, y.reshape(-1, 1), upper=False)
        return (V.T @ w).squeeze(-1), kernel(X_star, X_star) - V.T @ V


@misconception(
    "gp_posterior",
    "You add the noise to K(X*, X*). That is the covariance of new observations; asked for is that of f.",
)
def noise_at_the_new_inputs():
    def gp_posterior(X, y, X_star, kernel, noise):
        L = torch.linalg.cholesky(kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype))
        V = torch.linalg.solve_triangular(L, kernel(X, X_star), upper=False)
        w = torch.linalg.solve_triangular(L, y.reshape(-1, 1), upper=False)
        cov = kernel(X_star, X_star) + noise * torch.eye(len(X_star), dtype=X.dtype)
        return (V.T @ w).squeeze(-1), cov - V.T @ V


@misconception(
    "gp_posterior",
    "You add noise to the covariance between the observations and f as well. At the observed inputs your mean is then "
    "y itself, however noisy, and a variance is negative.",
)
def noise_in_the_cross_covariance():
    def gp_posterior(X, y, X_star, kernel, noise):
        def noisy(A, B):
            same = (A[:, None, :] == B[None, :, :]).all(dim=-1)
            return kernel(A, B) + noise * same.to(A.dtype)

        L = torch.linalg.cholesky(noisy(X, X))
        V = torch.linalg.solve_triangular(L, noisy(X, X_star), upper=False)
        w = torch.linalg.solve_triangular(L, y.reshape(-1, 1), upper=False)
        return (V.T @ w).squeeze(-1), kernel(X_star, X_star) - V.T @ V


@misconception(
    "gp_posterior",
    "There is no noise in your posterior: it goes through every observation, and fails where two inputs coincide.",
)
def no_noise():
    def gp_posterior(X, y, X_star, kernel, noise):
        A = kernel(X, X) + 1e-8 * torch.eye(len(X), dtype=X.dtype)
        K_star = kernel(X, X_star)
        mean = K_star.T @ torch.linalg.solve(A, y.reshape(-1, 1))
        return mean.squeeze(-1), kernel(X_star, X_star) - K_star.T @ torch.linalg.solve(A, K_star)


@misconception("gp_posterior", "Your noise is counted twice on the diagonal of K(X, X).")
def noise_twice():
    def gp_posterior(X, y, X_star, kernel, noise):
        L = torch.linalg.cholesky(kernel(X, X) + 2 * noise * torch.eye(len(X), dtype=X.dtype))
        V = torch.linalg.solve_triangular(L, kernel(X, X_star), upper=False)
        w = torch.linalg.solve_triangular(L, y.reshape(-1, 1), upper=False)
        return (V.T @ w).squeeze(-1), kernel(X_star, X_star) - V.T @ V


@misconception(
    "gp_posterior", "You add the noise to every entry of K(X, X), not only to its diagonal: the errors are independent."
)
def noise_on_every_entry():
    def gp_posterior(X, y, X_star, kernel, noise):
        A = kernel(X, X) + noise + 1e-9 * torch.eye(len(X), dtype=X.dtype)
        K_star = kernel(X, X_star)
        mean = K_star.T @ torch.linalg.solve(A, y.reshape(-1, 1))
        return mean.squeeze(-1), kernel(X_star, X_star) - K_star.T @ torch.linalg.solve(A, K_star)


@misconception("gp_posterior", "You add what the observations explain to the prior covariance. They take it away.")
def covariance_grows():
    def gp_posterior(X, y, X_star, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        K_star = kernel(X, X_star)
        mean = K_star.T @ torch.linalg.solve(A, y.reshape(-1, 1))
        return mean.squeeze(-1), kernel(X_star, X_star) + K_star.T @ torch.linalg.solve(A, K_star)


@misconception("gp_posterior", "You return the variances alone. Samples of f need the whole covariance matrix, (m, m).")
def variances_only():
    def gp_posterior(X, y, X_star, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        K_star = kernel(X, X_star)
        mean = K_star.T @ torch.linalg.solve(A, y.reshape(-1, 1))
        cov = kernel(X_star, X_star) - K_star.T @ torch.linalg.solve(A, K_star)
        return mean.squeeze(-1), cov.diagonal()


@misconception(
    "gp_posterior", "You return the variances on a diagonal. f at two inputs is correlated: those entries are missing."
)
def diagonal_matrix():
    def gp_posterior(X, y, X_star, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        K_star = kernel(X, X_star)
        mean = K_star.T @ torch.linalg.solve(A, y.reshape(-1, 1))
        cov = kernel(X_star, X_star) - K_star.T @ torch.linalg.solve(A, K_star)
        return mean.squeeze(-1), torch.diag(cov.diagonal())


@misconception("gp_posterior", "You subtract the mean of y first. The prior mean is 0 here, and y is used as it is.")
def centers_y():
    def gp_posterior(X, y, X_star, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        K_star = kernel(X, X_star)
        mean = y.mean() + K_star.T @ torch.linalg.solve(A, (y - y.mean()).reshape(-1, 1))
        return mean.squeeze(-1), kernel(X_star, X_star) - K_star.T @ torch.linalg.solve(A, K_star)


@misconception(
    "gp_posterior",
    "Your prior variance is 1 (or another constant). It is k(x, x), which depends on the kernel and on x.",
)
def unit_prior_variance():
    def gp_posterior(X, y, X_star, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        K_star = kernel(X, X_star)
        mean = K_star.T @ torch.linalg.solve(A, y.reshape(-1, 1))
        cov = kernel(X_star, X_star) - K_star.T @ torch.linalg.solve(A, K_star)
        cov.diagonal().add_(1 - kernel(X_star, X_star).diagonal())
        return mean.squeeze(-1), cov


@misconception(
    "gp_posterior", "Your covariance is that of the prior, K(X*, X*): the observations do not make it smaller."
)
def covariance_of_the_prior():
    def gp_posterior(X, y, X_star, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        mean = kernel(X, X_star).T @ torch.linalg.solve(A, y.reshape(-1, 1))
        return mean.squeeze(-1), kernel(X_star, X_star)


@misconception(
    "gp_posterior",
    "Only the mean is right where your matrix is not inverted: the covariance lacks the inverse of K + noise·I.",
)
def inverse_missing_in_the_covariance():
    def gp_posterior(X, y, X_star, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        K_star = kernel(X, X_star)
        mean = K_star.T @ torch.linalg.solve(A, y.reshape(-1, 1))
        return mean.squeeze(-1), kernel(X_star, X_star) - K_star.T @ K_star


@misconception(
    "gp_posterior", "You solve with the Cholesky factor once. K + noise·I is L Lᵀ: the mean needs both factors."
)
def one_triangular_solve():
    def gp_posterior(X, y, X_star, kernel, noise):
        L = torch.linalg.cholesky(kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype))
        K_star = kernel(X, X_star)
        mean = K_star.T @ torch.linalg.solve_triangular(L, y.reshape(-1, 1), upper=False)
        V = torch.linalg.solve_triangular(L, K_star, upper=False)
        return mean.squeeze(-1), kernel(X_star, X_star) - V.T @ V


@misconception("gp_posterior", "You multiply by the Cholesky factor of K + noise·I where its inverse is needed.")
def factor_of_the_inverse():
    def gp_posterior(X, y, X_star, kernel, noise):
        L = torch.linalg.cholesky(kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype))
        K_star = kernel(X, X_star)
        V = L.T @ K_star
        mean = K_star.T @ torch.cholesky_solve(y.reshape(-1, 1), L)
        return mean.squeeze(-1), kernel(X_star, X_star) - V.T @ V


@misconception(
    "gp_posterior", "You return standard deviations in the place of variances on the diagonal of your covariance."
)
def standard_deviations():
    def gp_posterior(X, y, X_star, kernel, noise):
        A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)
        K_star = kernel(X, X_star)
        mean = K_star.T @ torch.linalg.solve(A, y.reshape(-1, 1))
        cov = kernel(X_star, X_star) - K_star.T @ torch.linalg.solve(A, K_star)
        return mean.squeeze(-1), cov.clamp(min=0).sqrt()


@misconception(
    "gp_posterior", "Your jitter is so large that it counts as noise: 1e-6 is as much as rounding can ever need."
)
def large_jitter():
    def gp_posterior(X, y, X_star, kernel, noise):
        L = torch.linalg.cholesky(kernel(X, X) + (noise + 1e-2) * torch.eye(len(X), dtype=X.dtype))
        V = torch.linalg.solve_triangular(L, kernel(X, X_star), upper=False)
        w = torch.linalg.solve_triangular(L, y.reshape(-1, 1), upper=False)
        return (V.T @ w).squeeze(-1), kernel(X_star, X_star) - V.T @ V


@misconception(
    "gp_posterior",
    "You compute in float32: a covariance close to singular needs all the digits of the float64 that came in.",
)
def single_precision():
    def gp_posterior(X, y, X_star, kernel, noise):
        A = (kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype)).float()
        K_star = kernel(X, X_star).float()
        mean = K_star.T @ torch.linalg.solve(A, y.reshape(-1, 1).float())
        cov = kernel(X_star, X_star).float() - K_star.T @ torch.linalg.solve(A, K_star)
        return mean.squeeze(-1), cov


@misconception("gp_posterior", "GPyTorch is for exercises 6 and 7: compute this posterior yourself.")
def from_gpytorch():
    def gp_posterior(X, y, X_star, kernel, noise):
        n = len(X)
        everything = torch.cat([X, X_star])
        prior = gpytorch.distributions.MultivariateNormal(torch.zeros(len(everything)), kernel(everything, everything))
        cov = prior.covariance_matrix
        A = cov[:n, :n] + noise * torch.eye(n, dtype=X.dtype)
        mean = cov[n:, :n] @ torch.linalg.solve(A, y.reshape(-1, 1))
        return mean.squeeze(-1), cov[n:, n:] - cov[n:, :n] @ torch.linalg.solve(A, cov[:n, n:])
