"""Wrong samples."""

from __future__ import annotations

import gpytorch
import torch

from autograder.suite import misconception


@misconception(
    "sample_posterior",
    "You multiply the normal numbers by the covariance itself, or by its eigenvalues. What is needed is a root of it.",
)
def covariance_for_its_root():
    def sample_posterior(mean, cov, n_samples):
        return mean + torch.randn(n_samples, len(mean), dtype=cov.dtype) @ cov


@misconception(
    "sample_posterior",
    "You draw each coordinate on its own: the variances are right, but nothing ties f at neighboring inputs.",
)
def coordinates_drawn_independently():
    def sample_posterior(mean, cov, n_samples):
        return mean + torch.randn(n_samples, len(mean), dtype=cov.dtype) * cov.diagonal().clamp(min=0).sqrt()


@misconception(
    "sample_posterior",
    "The covariance of a smooth function is singular to rounding, and Cholesky's factorization of it fails. It takes "
    "very little to make it succeed, or a root that needs no positive eigenvalues.",
)
def no_jitter():
    def sample_posterior(mean, cov, n_samples):
        L = torch.linalg.cholesky(cov)
        return mean + torch.randn(n_samples, len(mean), dtype=cov.dtype) @ L.T


@misconception("sample_posterior", "An eigenvalue that rounding has made negative has no root: your samples are NaN.")
def roots_of_negative_eigenvalues():
    def sample_posterior(mean, cov, n_samples):
        values, Q = torch.linalg.eigh(cov)
        return mean + torch.randn(n_samples, len(mean), dtype=cov.dtype) @ (Q * values.sqrt()).T


@misconception("sample_posterior", "Your samples lack the mean.")
def mean_missing():
    def sample_posterior(mean, cov, n_samples):
        values, Q = torch.linalg.eigh(cov)
        return torch.randn(n_samples, len(mean), dtype=cov.dtype) @ (Q * values.clamp(min=0).sqrt()).T


@misconception("sample_posterior", "You set a seed inside: every call returns the same samples.")
def seed_inside():
    def sample_posterior(mean, cov, n_samples):
        torch.manual_seed(0)
        values, Q = torch.linalg.eigh(cov)
        return mean + torch.randn(n_samples, len(mean), dtype=cov.dtype) @ (Q * values.clamp(min=0).sqrt()).T


@misconception("sample_posterior", "All rows of your result are one and the same sample.")
def one_sample_repeated():
    def sample_posterior(mean, cov, n_samples):
        values, Q = torch.linalg.eigh(cov)
        sample = mean + (Q * values.clamp(min=0).sqrt()) @ torch.randn(len(mean), dtype=cov.dtype)
        return sample.repeat(n_samples, 1)


@misconception(
    "sample_posterior", "Your numbers are uniform (torch.rand), and never negative: a Gaussian needs normal ones."
)
def uniform_numbers():
    def sample_posterior(mean, cov, n_samples):
        values, Q = torch.linalg.eigh(cov)
        return mean + torch.rand(n_samples, len(mean), dtype=cov.dtype) @ (Q * values.clamp(min=0).sqrt()).T


@misconception(
    "sample_posterior",
    "Your jitter is so large that the samples are visibly noisy: 1e-6 is as much as rounding can need.",
)
def large_jitter():
    def sample_posterior(mean, cov, n_samples):
        L = torch.linalg.cholesky(cov + 1e-2 * torch.eye(len(cov), dtype=cov.dtype))
        return mean + torch.randn(n_samples, len(mean), dtype=cov.dtype) @ L.T


@misconception("sample_posterior", "Your samples are columns: each sample is a row of the result, (n_samples, m).")
def samples_in_columns():
    def sample_posterior(mean, cov, n_samples):
        values, Q = torch.linalg.eigh(cov)
        root = Q * values.clamp(min=0).sqrt()
        return mean[:, None] + root @ torch.randn(len(mean), n_samples, dtype=cov.dtype)


@misconception("sample_posterior", "GPyTorch is for exercises 6 and 7: draw these samples yourself.")
def from_gpytorch():
    def sample_posterior(mean, cov, n_samples):
        cov = cov + 1e-6 * torch.eye(len(cov), dtype=cov.dtype)
        return gpytorch.distributions.MultivariateNormal(mean, cov).sample(torch.Size([n_samples]))
