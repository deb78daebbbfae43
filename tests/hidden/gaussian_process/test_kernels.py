"""Hidden checks of ``kernels``, against scikit-learn's and GPyTorch's kernels."""

from __future__ import annotations

import gpytorch
import pytest
import torch
from sklearn.gaussian_process import kernels as sk

from autograder.compare import assert_matches

pytestmark = pytest.mark.exercise("kernels")

# A distance by |x|^2 - 2 x.x' + |x'|^2 (torch.cdist does that too) is off by up to 1e-7 for inputs of size 5, and with
# it exp(-distance). The nearest mistakes change some entry by 1e-2.
ATOL = 1e-6


def inputs(n, m, d, device):
    """X1 (n, d) and X2 (m, d): distances from 0 (the first row of both is the same) to some units."""
    X1, X2 = 1.5 * torch.randn(n, d, dtype=torch.float64), 1.5 * torch.randn(m, d, dtype=torch.float64)
    X2[0] = X1[0]
    return X1.to(device), X2.to(device)


def of_sklearn(kernel, X1, X2):
    return torch.from_numpy(kernel(X1.cpu().numpy(), X2.cpu().numpy()))


def of_gpytorch(kernel, X1, X2, outputscale=1.0, **parameters):
    # Of a plain number GPyTorch makes a float32, which would cost the oracle half of its digits.
    exact = {name: torch.tensor(value, dtype=torch.float64) for name, value in parameters.items()}
    kernel = kernel.double().initialize(**exact)
    with torch.no_grad():
        return outputscale * kernel(X1.cpu(), X2.cpu()).to_dense()


@pytest.fixture
def assert_kernel(numbers, device):
    """Compare a kernel matrix with scikit-learn's and with GPyTorch's."""

    def check(K, *expected):
        K = numbers(K, what="the kernel matrix", shape=expected[0].shape, device=device)
        for right in expected:
            assert_matches(K, right.numpy(), what="the kernel matrix", rtol=0.0, atol=ATOL)

    return check


@pytest.mark.exercise("kernels", weight=2)
@pytest.mark.parametrize("d", [1, 3])
def test_rbf(student, without_gpytorch, assert_kernel, device, d):
    """rbf_kernel is outputscale · exp(−|x − x′|² / (2 lengthscale²)) for each pair of rows, (n, m)."""
    X1, X2 = inputs(6, 4, d, device)
    K = without_gpytorch(student).rbf_kernel.may_mutate(X1, X2, 1.4, 2.5)
    torch_kernel = of_gpytorch(gpytorch.kernels.RBFKernel(), X1, X2, 2.5, lengthscale=1.4)
    assert_kernel(K, of_sklearn(2.5 * sk.RBF(1.4), X1, X2), torch_kernel)


@pytest.mark.exercise("kernels", weight=1.5)
@pytest.mark.parametrize("nu", [0.5, 1.5, 2.5])
def test_matern(student, without_gpytorch, assert_kernel, device, nu):
    """matern_kernel is right for this smoothness nu, of distances scaled by the lengthscale."""
    X1, X2 = inputs(5, 7, 2, device)
    K = without_gpytorch(student).matern_kernel.may_mutate(X1, X2, 1.4, 0.6, nu)
    torch_kernel = of_gpytorch(gpytorch.kernels.MaternKernel(nu), X1, X2, 0.6, lengthscale=1.4)
    assert_kernel(K, of_sklearn(0.6 * sk.Matern(1.4, nu=nu), X1, X2), torch_kernel)


@pytest.mark.exercise("kernels", weight=2)
def test_periodic(student, without_gpytorch, assert_kernel, device):
    """periodic_kernel is outputscale · exp(−2 sin²(π|x − x′| / period) / lengthscale²)."""
    X1, X2 = inputs(6, 8, 1, device)
    K = without_gpytorch(student).periodic_kernel.may_mutate(X1, X2, 0.8, 2.5, 3.3)
    # GPyTorch's lengthscale is the square of ours.
    torch_kernel = of_gpytorch(gpytorch.kernels.PeriodicKernel(), X1, X2, 2.5, lengthscale=0.64, period_length=3.3)
    assert_kernel(K, of_sklearn(2.5 * sk.ExpSineSquared(0.8, 3.3), X1, X2), torch_kernel)


def test_period(student, without_gpytorch, numbers, device):
    """Inputs that lie a whole number of periods apart are perfectly correlated: k is the outputscale."""
    x = torch.linspace(-1.0, 1.0, 5, dtype=torch.float64, device=device)[:, None]
    K = without_gpytorch(student).periodic_kernel.may_mutate(x, x + 2 * 0.75, 0.8, 1.7, 0.75)
    K = numbers(K, what="the kernel matrix", shape=(5, 5), device=device)
    assert_matches(K.diagonal().copy(), [1.7] * 5, what="k(x, x + 2 periods)", rtol=ATOL)


@pytest.mark.exercise("kernels", weight=2)
@pytest.mark.parametrize("d", [1, 3])
def test_linear(student, without_gpytorch, with_either, assert_kernel, device, d):
    """linear_kernel is bias_variance + variance · (x − c)·(x′ − c): all inputs are centered by c, and both numbers
    are variances."""
    X1, X2 = inputs(5, 4, d, device)
    student = without_gpytorch(student)

    def check(center):
        K = student.linear_kernel.may_mutate(X1, X2, 0.6, 1.7, center)
        torch_kernel = 1.7 + of_gpytorch(gpytorch.kernels.LinearKernel(), X1 - center, X2 - center, variance=0.6)
        sklearn_kernel = 1.7 + 0.6 * of_sklearn(sk.DotProduct(0.0, "fixed"), X1 - center, X2 - center)
        assert_kernel(K, sklearn_kernel, torch_kernel)

    with_either(check, 0.9, torch.linspace(0.9, -0.4, d, dtype=torch.float64, device=device))


@pytest.mark.parametrize("nu", [None, 0.5, 1.5, 2.5])
def test_at_distance_zero(student, without_gpytorch, numbers, device, nu):
    """k(x, x) is the outputscale: a number, and not NaN, also where rounding spoils the distance of x from itself."""
    X = 2 + torch.randn(30, 3, dtype=torch.float64, device=device)
    student = without_gpytorch(student)
    if nu is None:
        K = student.rbf_kernel.may_mutate(X, X, 0.9, 1.8)
    else:
        K = student.matern_kernel.may_mutate(X, X, 0.9, 1.8, nu)
    K = numbers(K, what="the kernel matrix", shape=(30, 30), device=device)
    # The root of a rounded |x|^2 - 2 x.x' + |x'|^2 is 1e-7.
    assert_matches(K.diagonal().copy(), [1.8] * 30, what="k(x, x)", rtol=10 * ATOL)


@pytest.mark.exercise("kernels", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, without_gpytorch, device):
    """The inputs are not changed in place."""
    X1, X2 = inputs(4, 3, 1, device)
    student = without_gpytorch(student)
    student.rbf_kernel(X1, X2, 0.7, 2.0)
    student.matern_kernel(X1, X2, 0.7, 2.0, 1.5)
    student.periodic_kernel(X1, X2, 0.7, 2.0, 1.3)
    student.linear_kernel(X1, X2, 0.7, 2.0, 0.5)
