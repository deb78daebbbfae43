"""Hidden checks of ``layernorm_forward`` and ``layernorm_backward``, against ``torch.nn.functional.layer_norm``."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from autograder.compare import as_tensor, assert_all, assert_matches

pytestmark = pytest.mark.exercise("layernorm")

# Where eps decides the result, it may have been rounded to float32 on its way (2.5e-8); the nearest known mistake, eps
# outside the root, is off by a factor of 3 there.
EPS_RTOL = 1e-6


def example(device, dtype=torch.float64, n=4, d=6):
    """x (n, d) whose samples differ in mean and scale, gamma and beta (d,), and dy (n, d) that is not centered."""
    x = torch.randn(n, d) * torch.linspace(0.5, 3.0, n)[:, None] + torch.linspace(-3.0, 5.0, n)[:, None]
    gamma = torch.linspace(-1.5, 2.0, d)
    beta = torch.randn(d)
    dy = torch.randn(n, d) + torch.linspace(2.0, -1.0, n)[:, None]
    return [value.to(device, dtype) for value in (x, gamma, beta, dy)]


def right(x, gamma, beta, dy, eps=1e-5):
    """(y, dx, dgamma, dbeta), computed in float64 whatever the dtype of x."""
    leaves = [value.detach().double().cpu().requires_grad_() for value in (x, gamma, beta)]
    y = F.layer_norm(leaves[0], gamma.shape, leaves[1], leaves[2], eps)
    # The gradient of a sum: torch imports half a second of symbolic algebra to be handed a dy.
    gradients = torch.autograd.grad((y * dy.double().cpu()).sum(), leaves)
    return [value.detach().to(x) for value in (y, *gradients)]


def forward(student, *args, **kwargs):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.layernorm_forward.may_mutate(*args, **kwargs)


def backward(student, dy, cache):
    """Likewise."""
    return student.layernorm_backward.may_mutate(dy, cache)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_normalizes_each_sample(student, device, dtype):
    """Each sample is normalized with its features' mean and biased variance, scaled, shifted, in the dtype of x."""
    x, gamma, beta, dy = example(device, dtype)
    y, _ = forward(student, x, gamma, beta)
    assert_matches(y, right(x, gamma, beta, dy)[0], what="y")


def test_eps_is_inside_the_root(student, device):
    """A sample that hardly varies, or not at all, is divided by the root of its variance plus eps."""
    x, gamma, beta, dy = example(device)
    x[0] = 0.3 + 1e-3 * torch.randn(x.shape[1])
    x[1] = 2.0
    y, _ = forward(student, x, gamma, beta)
    y, expected = as_tensor(y, what="y", shape=x.shape), right(x, gamma, beta, dy)[0]
    for sample, kind in enumerate(("nearly constant", "constant")):
        assert_matches(y[sample], expected[sample], what=f"y of a {kind} sample", rtol=EPS_RTOL)


def test_one_sample(student, device):
    """A single sample is normalized and differentiated like any other: there is no batch in it."""
    x, gamma, beta, dy = example(device, n=1)
    y, cache = forward(student, x, gamma, beta)
    dx, _, _ = backward(student, dy, cache)
    expected = right(x, gamma, beta, dy)
    assert_matches(y, expected[0], what="y")
    assert_matches(dx, expected[1], what="dx")


@pytest.mark.exercise("layernorm", weight=2)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_gradient_of_the_input(student, device, dtype):
    """dx is the whole gradient: each feature's y depends on all features of its sample, through mean and variance."""
    x, gamma, beta, dy = example(device, dtype)
    _, cache = forward(student, x, gamma, beta)
    dx, _, _ = backward(student, dy, cache)
    assert_matches(dx, right(x, gamma, beta, dy)[1], what="dx")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_gradients_of_the_parameters(student, device, dtype):
    """dgamma and dbeta have shape (d,) and sum over the samples."""
    x, gamma, beta, dy = example(device, dtype, n=5, d=3)
    _, cache = forward(student, x, gamma, beta)
    _, dgamma, dbeta = backward(student, dy, cache)
    _, _, right_dgamma, right_dbeta = right(x, gamma, beta, dy)
    assert_matches(dgamma, right_dgamma, what="dgamma")
    assert_matches(dbeta, right_dbeta, what="dbeta")


def test_eps_is_an_argument(student, device):
    """The argument eps is used, in the output and in the gradient."""
    x, gamma, beta, dy = example(device)
    y, cache = forward(student, x, gamma, beta, eps=0.25)
    dx, _, _ = backward(student, dy, cache)
    expected = right(x, gamma, beta, dy, eps=0.25)
    assert_matches(y, expected[0], what="y")
    assert_matches(dx, expected[1], what="dx")


def test_cache_belongs_to_its_forward_pass(student, device):
    """Two forward passes may come before two backward passes: all that a backward pass needs is in its cache."""
    first, second = example(device), example(device, n=3, d=5)
    caches = [forward(student, *inputs[:3])[1] for inputs in (first, second)]
    for inputs, cache in zip((first, second), caches, strict=True):
        dx, dgamma, _ = backward(student, inputs[3], cache)
        _, right_dx, right_dgamma, _ = right(*inputs)
        assert_matches(dx, right_dx, what="dx")
        assert_matches(dgamma, right_dgamma, what="dgamma")


@pytest.mark.exercise("layernorm", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, device):
    """No argument is changed in place: a second backward pass with the same dy and cache gives the same."""
    x, gamma, beta, dy = example(device)
    _, cache = student.layernorm_forward(x, gamma, beta)
    first, second = (student.layernorm_backward(dy, cache) for _ in range(2))
    as_tensor(first[0], what="dx", shape=x.shape, dtype=x.dtype, finite=True)
    same = all(a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert_all(same, "should be the same in a second call", what="the gradient")
