"""Hidden checks of ``log_marginal_likelihood``, against scikit-learn's, SciPy's and GPyTorch's."""

from __future__ import annotations

import gpytorch
import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process import kernels as sk

from autograder.compare import as_number, assert_all, assert_matches

pytestmark = pytest.mark.exercise("log_marginal_likelihood")

JITTER = 1e-6  # the largest that people add to K


def example(device, n=12, d=1, noise=0.2):
    X = 4 * torch.rand(n, d, dtype=torch.float64) - 2
    y = torch.sin(2 * X).sum(dim=1) + 0.3 + noise**0.5 * torch.randn(n, dtype=torch.float64)
    return X.to(device), y.to(device)


def by_sklearn(kernel, X, y, noise):
    model = GaussianProcessRegressor(kernel, alpha=noise, optimizer=None)
    return model.fit(X.cpu().numpy(), y.cpu().numpy()).log_marginal_likelihood_value_


def by_scipy(kernel, X, y, noise):
    return multivariate_normal(cov=kernel(X.cpu().numpy()) + noise * np.eye(len(X))).logpdf(y.cpu().numpy())


def by_gpytorch(kernel, X, y, noise):
    cov = torch.from_numpy(kernel(X.cpu().numpy()) + noise * np.eye(len(X)))
    return gpytorch.distributions.MultivariateNormal(torch.zeros(len(X)).double(), cov).log_prob(y.cpu()).item()


@pytest.fixture
def assert_likelihood(without_gpytorch, with_either_y, covariance):
    """Compare the likelihood of y with what an oracle finds; three times what the jitter changes is allowed."""

    def compare(student, oracle, kernel, X, y, noise):
        student = without_gpytorch(student)
        exact, jittered = (oracle(kernel, X, y, level) for level in (noise, noise + JITTER))

        def check(y):
            found = student.log_marginal_likelihood.may_mutate(X, y, covariance(kernel), noise)
            allowed = 3 * abs(jittered - exact) + 1e-8 * abs(exact) + 1e-8
            assert_matches(as_number(found, what=WHAT), float(exact), what=WHAT, rtol=0.0, atol=allowed)

        with_either_y(check, y)

    return compare


WHAT = "the log marginal likelihood"


@pytest.mark.exercise("log_marginal_likelihood", weight=3)
@pytest.mark.parametrize("d", [1, 3])
def test_log_density(student, assert_likelihood, device, d):
    """It is the logarithm of the density of y under N(0, K + noise·I), with all three terms; not divided by n."""
    X, y = example(device, d=d)
    assert_likelihood(student, by_scipy, 1.4 * sk.RBF(0.8) + 0.3 * sk.DotProduct(0.5), X, y, 0.2)


def test_matern(student, assert_likelihood, device):
    """It is right for another kernel and for noise that is larger than 1."""
    X, y = example(device, n=20, noise=1.8)
    assert_likelihood(student, by_sklearn, 2.2 * sk.Matern(1.3, nu=1.5), X, y, 1.8)


def test_little_noise(student, assert_likelihood, device):
    """noise is a variance: 0.01 is a standard deviation of 0.1."""
    X, y = example(device, n=10, noise=0.01)
    assert_likelihood(student, by_gpytorch, 1.1 * sk.RBF(0.5), X, y, 0.01)


@pytest.mark.exercise("log_marginal_likelihood", weight=1)
def test_without_signal(student, assert_likelihood, device):
    """Where y is 0 the determinant and the constant remain."""
    X, y = example(device, n=9)
    assert_likelihood(student, by_scipy, 1.4 * sk.RBF(0.8), X, 0 * y, 0.3)


@pytest.mark.exercise("log_marginal_likelihood", weight=1)
def test_one_observation(student, assert_likelihood, device):
    """One observation has the log density of a normal number."""
    X, y = example(device, n=1)
    assert_likelihood(student, by_scipy, 1.4 * sk.RBF(0.8), X, y, 0.3)


@pytest.mark.exercise("log_marginal_likelihood", weight=2)
@pytest.mark.parametrize("scale", [0.03, 20.0], ids=["underflow", "overflow"])
def test_500_observations(student, assert_likelihood, device, scale):
    """500 observations are no problem: the determinant itself would underflow or overflow, its logarithm does not."""
    X, y = example(device, n=500, noise=0.1)
    assert_likelihood(student, by_gpytorch, scale**2 * sk.RBF(0.7), X, scale * y, scale**2 * 0.1)


@pytest.mark.exercise("log_marginal_likelihood", weight=0.5, supporting=True)
def test_near_duplicate_inputs(student, without_gpytorch, with_either_y, covariance, device):
    """Inputs that coincide are no problem, because there is noise: the result is a finite number."""
    X = torch.linspace(-1.0, 1.0, 8, dtype=torch.float64, device=device)[:, None].repeat(2, 1)
    y = torch.sin(3 * X[:, 0]) + 0.03 * torch.randn(16, dtype=torch.float64, device=device)
    student = without_gpytorch(student)

    def check(y):
        found = student.log_marginal_likelihood.may_mutate(X, y, covariance(1.1 * sk.RBF(0.5)), 1e-3)
        assert_all(bool(np.isfinite(as_number(found, what=WHAT))), "must be finite", what=WHAT)

    with_either_y(check, y)


@pytest.mark.exercise("log_marginal_likelihood", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, without_gpytorch, with_either_y, covariance, device):
    """X and y are not changed in place."""
    X, y = example(device)
    student = without_gpytorch(student)
    with_either_y(lambda y: student.log_marginal_likelihood(X, y, covariance(1.4 * sk.RBF(0.8)), 0.2), y)
