"""Samples in other styles."""

from __future__ import annotations

import torch

from autograder.suite import equivalent


@equivalent("sample_posterior")
def cholesky_with_jitter():
    def sample_posterior(mean, cov, n_samples):
        m = mean.shape[0]
        L = torch.linalg.cholesky(cov + 1e-6 * torch.eye(m, dtype=cov.dtype))
        z = torch.randn(m, n_samples, dtype=cov.dtype)
        return (mean[:, None] + L @ z).T


@equivalent("sample_posterior")
def growing_jitter():
    def sample_posterior(mean, cov, n_samples):
        jitter = 1e-12
        while True:
            L, info = torch.linalg.cholesky_ex(cov + jitter * torch.eye(len(cov), dtype=cov.dtype, device=cov.device))
            if info == 0:
                break
            jitter *= 10
        return mean.flatten() + torch.einsum("ij,sj->si", L, torch.randn(n_samples, len(mean), dtype=cov.dtype))


@equivalent("sample_posterior")
def by_singular_values():
    def sample_posterior(mean, cov, n_samples):
        U, S, _ = torch.linalg.svd(cov)
        return torch.stack([mean + U @ (S.sqrt() * torch.randn_like(mean)) for _ in range(n_samples)])


@equivalent("sample_posterior")
def by_a_distribution():
    def sample_posterior(mean, cov, n_samples):
        cov = (cov + cov.T) / 2 + 1e-7 * torch.eye(cov.shape[0]).double()
        return torch.distributions.MultivariateNormal(mean, cov).sample((n_samples,))


@equivalent("sample_posterior")
def numpys_generator():
    def sample_posterior(mean, cov, n_samples):
        import numpy as np

        rng = np.random.default_rng()
        draws = rng.multivariate_normal(mean.numpy(), cov.numpy(), size=n_samples, method="eigh", check_valid="ignore")
        return torch.from_numpy(draws)


@equivalent("sample_posterior")
def symmetric_root():
    def sample_posterior(mean, cov, n_samples):
        values, Q = torch.linalg.eigh(0.5 * (cov + cov.mT))
        root = Q @ torch.diag(torch.sqrt(torch.relu(values))) @ Q.T
        z = torch.normal(0.0, 1.0, size=(n_samples, mean.numel())).to(cov)
        return torch.addmm(mean.expand(n_samples, -1), z, root)


@equivalent("sample_posterior")
def coordinate_after_coordinate():
    def sample_posterior(mean, cov, n_samples):
        # Each coordinate given those before it: Cholesky's factor, row by row; a variance of 0 is left at 0.
        m = len(mean)
        L = torch.zeros_like(cov)
        for i in range(m):
            for j in range(i):
                if L[j, j] > 0:
                    L[i, j] = (cov[i, j] - L[i, :j] @ L[j, :j]) / L[j, j]
            rest = cov[i, i] - L[i, :i] @ L[i, :i]
            L[i, i] = rest.sqrt() if rest > 1e-9 else 0.0
        return mean + torch.randn(n_samples, m, dtype=cov.dtype) @ L.T
