"""Hidden checks of ``condition_gaussian``, against the precision matrix and the formula for two coordinates."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.compare import assert_matches

pytestmark = pytest.mark.exercise("condition_gaussian")

JITTER = 1e-6  # the largest that people add to the covariance of what is observed


def example(n, device):
    """A mean (n,) and a covariance (n, n) of correlated coordinates with different variances."""
    root = torch.randn(n, n, dtype=torch.float64) + torch.diag(torch.linspace(1.0, 2.0, n, dtype=torch.float64))
    mean = 2 * torch.randn(n, dtype=torch.float64) + 1
    return mean.to(device), (root @ root.T + 0.3 * torch.eye(n, dtype=torch.float64)).to(device)


def by_precision(mean, cov, index, value):
    """Mean and covariance of the rest: its block of the precision matrix is the inverse of the covariance wanted
    (Bishop 2006, eq. 2.73 and 2.75). With and without the jitter."""
    mean, cov, value = (each.cpu().numpy() for each in (mean, cov, value))
    rest = np.setdiff1d(np.arange(len(mean)), index)
    for jitter in (0.0, JITTER):
        noise = np.zeros(len(mean))
        noise[index] = jitter
        precision = np.linalg.inv(cov + np.diag(noise))
        inner, outer = precision[np.ix_(rest, rest)], precision[np.ix_(rest, index)]
        yield mean[rest] - np.linalg.solve(inner, outer @ (value - mean[index])), np.linalg.inv(inner)


@pytest.fixture
def assert_conditional(without_gpytorch, with_either, assert_close, device):
    """Compare the conditional mean and covariance, or one of them."""

    def compare(student, mean, cov, index, value, parts=("mean", "cov")):
        student = without_gpytorch(student)
        exact, jittered = (
            dict(zip(("mean", "cov"), both, strict=True)) for both in by_precision(mean, cov, index, value)
        )

        def check(index):
            found = student.condition_gaussian.may_mutate(mean, cov, index, value)
            found = dict(zip(("mean", "cov"), found, strict=True))
            for part in parts:
                jitter = JITTER if part == "cov" else 0.0
                assert_close(found[part], exact[part], jittered[part], what=part, device=device, jitter=jitter)

        with_either(check, index, torch.tensor(index, device=device))

    return compare


@pytest.mark.exercise("condition_gaussian", weight=2)
@pytest.mark.parametrize("index", [[2], [1, 4], [0, 2, 3]], ids=["one", "two", "three"])
def test_mean(student, assert_conditional, device, index):
    """The mean of the rest moves by the covariance with what was observed, times the surprise in units of its
    covariance."""
    mean, cov = example(6, device)
    value = mean[index] + torch.linspace(1.0, 2.0, len(index), dtype=torch.float64, device=device)
    assert_conditional(student, mean, cov, index, value, ["mean"])


@pytest.mark.exercise("condition_gaussian", weight=2)
@pytest.mark.parametrize("index", [[2], [1, 4], [0, 2, 3]], ids=["one", "two", "three"])
def test_covariance(student, assert_conditional, device, index):
    """The covariance of the rest shrinks by what the observed coordinates explain."""
    mean, cov = example(6, device)
    value = mean[index] + torch.linspace(1.0, 2.0, len(index), dtype=torch.float64, device=device)
    assert_conditional(student, mean, cov, index, value, ["cov"])


@pytest.mark.exercise("condition_gaussian", weight=1)
@pytest.mark.parametrize("observed", [0, 1], ids=["first", "second"])
def test_two_coordinates(student, without_gpytorch, with_either, numbers, device, observed):
    """Of two coordinates with correlation r, the other one has mean μ + r·(σ/σ')·(value − μ') and variance
    σ²·(1 − r²)."""
    mean = torch.tensor([1.0, -2.0], dtype=torch.float64, device=device)
    std, r, value = np.array([1.5, 0.5]), 0.8, 0.7
    cov = torch.tensor([[2.25, 0.6], [0.6, 0.25]], dtype=torch.float64, device=device)
    other = 1 - observed
    right = mean[other].item() + r * std[other] / std[observed] * (value - mean[observed].item())
    student = without_gpytorch(student)
    given = torch.tensor([value], dtype=torch.float64, device=device)

    def check(index):
        found_mean, found_cov = student.condition_gaussian.may_mutate(mean, cov, index, given)
        found_mean = numbers(found_mean, what="mean", shape=(1,), device=device)
        # A jitter of 1e-6 on a variance of 0.25 changes the result by 4e-6 of itself.
        assert_matches(found_mean, [right], what="mean", rtol=2e-5)
        found_cov = numbers(found_cov, what="cov", shape=(1, 1), device=device)
        assert_matches(found_cov, [[std[other] ** 2 * (1 - r**2)]], what="cov", rtol=2e-5)

    with_either(check, [observed], torch.tensor([observed], device=device))


@pytest.mark.exercise("condition_gaussian", weight=1)
def test_observed_coordinates_are_correlated(student, assert_conditional, device):
    """Two observations that say nearly the same count as little more than one."""
    cov = torch.tensor([[1.0, 0.7, 0.7], [0.7, 1.0, 0.95], [0.7, 0.95, 1.0]], dtype=torch.float64, device=device)
    mean = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64, device=device)
    value = torch.tensor([0.2, 3.0], dtype=torch.float64, device=device)
    assert_conditional(student, mean, cov, [1, 2], value)


@pytest.mark.exercise("condition_gaussian", weight=1)
def test_all_but_one_observed(student, assert_conditional, device):
    """With all but one coordinate observed, one mean and one variance are left."""
    mean, cov = example(5, device)
    assert_conditional(student, mean, cov, [0, 1, 2, 4], mean[[0, 1, 2, 4]] - 1.3)


@pytest.mark.exercise("condition_gaussian", weight=1)
def test_value_as_expected(student, assert_conditional, device):
    """Observing exactly the mean moves no mean, but makes the rest more certain."""
    mean, cov = example(4, device)
    assert_conditional(student, mean, cov, [1, 3], mean[[1, 3]])


@pytest.mark.exercise("condition_gaussian", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, without_gpytorch, with_either, device):
    """The arguments are not changed in place."""
    mean, cov = example(4, device)
    student = without_gpytorch(student)
    call = student.condition_gaussian
    with_either(lambda index: call(mean, cov, index, mean[[1, 2]] + 1), [1, 2], torch.tensor([1, 2], device=device))
