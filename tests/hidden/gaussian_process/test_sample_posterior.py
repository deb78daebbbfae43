"""Hidden checks of ``sample_posterior``: exact statistics of normal numbers; any generator and any root will do.

For a fixed direction a, the numbers a·(s − mean) / sqrt(aᵀ cov a) of the samples s are independent and N(0, 1). A mean
of n of them is normal, and their sum of squares has a chi-square distribution: ``assert_mean`` without a bound and
``assert_variance`` are exact for them. Directions are chosen such that a jitter of 1e-6 changes their variance by less
than 1e-4 of itself, a hundredth of the standard error.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.compare import assert_all, assert_mean, assert_variance

pytestmark = pytest.mark.exercise("sample_posterior")

FALSE_ALARM = 1e-9  # of a whole check
N = 4000


def example(device, m=5):
    """A mean (m,) and a well-conditioned covariance (m, m), far from diagonal."""
    root = np.linalg.qr(np.random.randn(m, m))[0] * np.sqrt(np.linspace(0.5, 6.0, m))
    mean = torch.linspace(-3.0, 5.0, m, dtype=torch.float64, device=device)
    return mean, torch.from_numpy(root @ root.T).to(device)


def smooth(m, device):
    """A mean and the covariance of smooth functions at m inputs: rank 10 to rounding, some eigenvalues negative."""
    x = torch.linspace(0.0, 1.0, m, dtype=torch.float64)
    cov = torch.exp(-0.5 * (x[:, None] - x[None, :]).square() / 0.3**2)
    return torch.sin(3 * x).to(device), cov.to(device)


@pytest.fixture
def draw(without_gpytorch, numbers, device):
    """The samples minus the mean, as an array (n, m)."""

    def draw(student, mean, cov, n=N):
        samples = without_gpytorch(student).sample_posterior.may_mutate(mean, cov, n)
        return numbers(samples, what="samples", shape=(n, len(mean)), device=device) - mean.cpu().numpy()

    return draw


def standardized(deviations, cov, directions):
    """The samples along each direction (columns), in units of the standard deviation that they should have."""
    stds = np.sqrt(np.einsum("mk,mn,nk->k", directions, cov.cpu().numpy(), directions))
    return deviations @ directions / stds


def assert_variances(z, what):
    for column in z.T:
        assert_variance(float(column.var(ddof=1)), len(z), 1.0, what=what, false_alarm=FALSE_ALARM / z.shape[1])


@pytest.mark.exercise("sample_posterior", weight=1, supporting=True)
@pytest.mark.parametrize("n", [1, 7])
def test_shape(student, draw, device, n):
    """There are n_samples rows, one sample each, and as many columns as the mean has entries; all are numbers."""
    deviations = draw(student, *example(device), n)
    assert_all(bool(np.isfinite(deviations).all()), "must be numbers, not NaN or infinite", what="the samples")


@pytest.mark.exercise("sample_posterior", weight=2)
def test_mean(student, draw, device):
    """The samples scatter around the mean, each coordinate around its own."""
    mean, cov = example(device)
    z = standardized(draw(student, mean, cov), cov, np.eye(5))
    for column in z.T:
        assert_mean(float(column.mean()), N, 0.0, 1.0, what="the mean of a coordinate", false_alarm=FALSE_ALARM / 5)


@pytest.mark.exercise("sample_posterior", weight=2)
def test_variances(student, draw, device):
    """Each coordinate has the variance that stands on the diagonal of cov."""
    mean, cov = example(device)
    z = standardized(draw(student, mean, cov), cov, np.eye(5))
    assert_variances(z, "the variance of a coordinate, in units of the right one,")


@pytest.mark.exercise("sample_posterior", weight=3)
def test_covariances(student, draw, device):
    """The coordinates vary together as cov says: the samples have the right variance along every eigenvector of cov,
    and for every sum and difference of two coordinates."""
    mean, cov = example(device)
    eigenvectors = np.linalg.eigh(cov.cpu().numpy())[1]
    pairs = [np.eye(5)[i] + sign * np.eye(5)[j] for i in range(5) for j in range(i) for sign in (1, -1)]
    z = standardized(draw(student, mean, cov), cov, np.column_stack([eigenvectors, *pairs]))
    assert_variances(z, "the variance along a direction, in units of the right one,")


@pytest.mark.exercise("sample_posterior", weight=2)
def test_near_singular_covariance(student, draw, device):
    """The covariance of a smooth function at 60 inputs is singular to rounding: samples are smooth functions all the
    same, with the right variances, and no exception or NaN."""
    mean, cov = smooth(60, device)
    deviations = draw(student, mean, cov)
    assert_all(bool(np.isfinite(deviations).all()), "must be numbers, not NaN or infinite", what="the samples")
    values, vectors = np.linalg.eigh(cov.cpu().numpy())
    assert_variances(standardized(deviations, cov, vectors[:, -4:]), "the variance along a leading eigenvector")
    # A jitter of 1e-6 gives these directions a standard deviation of 1e-3; 1e-2 is ten of them: probability 1e-17.
    flat = np.abs(deviations @ vectors[:, values < 1e-9]).max()
    assert_all(bool(flat < 1e-2), "must not vary where cov has no variance", what="the samples")


@pytest.mark.exercise("sample_posterior", weight=1)
def test_singular_covariance(student, draw, device):
    """A coordinate without variance stays at its mean, and two that are perfectly correlated vary together."""
    cov = torch.tensor([[4.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 0.0]], dtype=torch.float64, device=device)
    mean = torch.tensor([1.0, -1.0, 3.0], dtype=torch.float64, device=device)
    deviations = draw(student, mean, cov)
    assert_variances(deviations[:, :1] / 2, "the variance of a coordinate, in units of the right one,")
    # Ten standard deviations of a jitter of 1e-6, and more than that for the difference.
    assert_all(bool(np.abs(deviations[:, 2]).max() < 1e-2), "must be its mean", what="a coordinate without variance")
    apart = np.abs(deviations[:, 0] - 2 * deviations[:, 1]).max()
    assert_all(bool(apart < 2.5e-2), "must vary together", what="perfectly correlated coordinates")


@pytest.mark.exercise("sample_posterior", weight=1)
def test_samples_are_independent(student, draw, device):
    """The rows of one call are independent of each other, and so are two calls: no seed is set inside."""
    mean, cov = example(device)
    first, second = (standardized(draw(student, mean, cov), cov, np.eye(5)[:, :1])[:, 0] for _ in range(2))
    pairs = {"neighboring samples": (first[::2], first[1::2]), "the samples of two calls": (first, second)}
    for name, (one, other) in pairs.items():
        for sign, kind in ((1, "sum"), (-1, "difference")):
            z = (one + sign * other) / np.sqrt(2)
            what = f"the variance of the {kind} of {name}, in units of the right one,"
            assert_variance(float(z.var(ddof=1)), len(z), 1.0, what=what, false_alarm=FALSE_ALARM / 4)


@pytest.mark.exercise("sample_posterior", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, without_gpytorch, device):
    """Mean and covariance are not changed in place."""
    mean, cov = example(device)
    without_gpytorch(student).sample_posterior(mean, cov, 3)
