"""Hidden checks of ``batchnorm_backward``, against autograd through ``torch.nn.functional.batch_norm``.

The cache is the submission's own: its forward pass makes it, its backward pass gets it back.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from autograder.compare import as_tensor, assert_all, assert_matches

pytestmark = pytest.mark.exercise("batchnorm_backward")

# Where eps decides the result, it may have been rounded to float32 on its way (2.5e-8); the nearest known mistake, eps
# outside the root, is off by a factor of 3 there.
EPS_RTOL = 1e-6


def example(device, dtype=torch.float64, n=7, d=4):
    """x (n, d) whose features differ in mean and scale, gamma and beta (d,), and dy (n, d) that is not centered."""
    x = torch.randn(n, d) * torch.linspace(0.5, 3.0, d) + torch.linspace(-3.0, 5.0, d)
    gamma = torch.linspace(-1.5, 2.0, d)
    beta = torch.randn(d)
    dy = torch.randn(n, d) + torch.linspace(2.0, -1.0, d)
    return [value.to(device, dtype) for value in (x, gamma, beta, dy)]


def right(x, gamma, beta, dy, eps=1e-5):
    """(dx, dgamma, dbeta) by autograd, computed in float64 whatever the dtype of x."""
    leaves = [value.detach().double().cpu().requires_grad_() for value in (x, gamma, beta)]
    y = F.batch_norm(leaves[0], None, None, leaves[1], leaves[2], True, 0.1, eps)
    # The gradient of a sum: torch imports half a second of symbolic algebra to be handed a dy.
    return [value.to(x) for value in torch.autograd.grad((y * dy.double().cpu()).sum(), leaves)]


def forward(student, x, gamma, beta, **settings):
    """The cache of the student's forward pass in training."""
    running_mean, running_var = torch.zeros_like(gamma), torch.ones_like(gamma)
    inputs = (x, gamma, beta, running_mean, running_var, True)
    # Whether it changes arguments is the other exercise's matter.
    _, cache, _, _ = student.batchnorm_forward.may_mutate(*inputs, **settings)
    return cache


def backward(student, dy, cache):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.batchnorm_backward.may_mutate(dy, cache)


def normalized(x):
    """x with mean 0 and mean square 1 for each feature, for building a dy that needs only one of the paths."""
    centered = x - x.mean(dim=0)
    return centered / centered.square().mean(dim=0).sqrt()


@pytest.mark.exercise("batchnorm_backward", weight=2)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_gradient_of_the_input(student, device, dtype):
    """dx is the whole gradient: each y depends on all samples, through the batch mean and variance."""
    x, gamma, beta, dy = example(device, dtype)
    dx, _, _ = backward(student, dy, forward(student, x, gamma, beta))
    assert_matches(dx, right(x, gamma, beta, dy)[0], what="dx")


def test_path_through_the_mean(student, device):
    """The gradient flows through the batch mean (here dy is such that nothing flows through the variance)."""
    x, gamma, beta, dy = example(device)
    x_hat = normalized(x)
    dy = dy - x_hat * (dy * x_hat).mean(dim=0)
    dx, _, _ = backward(student, dy, forward(student, x, gamma, beta))
    assert_matches(dx, right(x, gamma, beta, dy)[0], what="dx")


def test_path_through_the_variance(student, device):
    """The gradient flows through the batch variance (here dy is centered, so that nothing flows through the mean)."""
    x, gamma, beta, dy = example(device)
    dy = dy - dy.mean(dim=0)
    dx, _, _ = backward(student, dy, forward(student, x, gamma, beta))
    assert_matches(dx, right(x, gamma, beta, dy)[0], what="dx")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_gradients_of_the_parameters(student, device, dtype):
    """dgamma and dbeta have shape (d,) and sum over the batch."""
    x, gamma, beta, dy = example(device, dtype, n=3, d=5)
    _, dgamma, dbeta = backward(student, dy, forward(student, x, gamma, beta))
    _, right_dgamma, right_dbeta = right(x, gamma, beta, dy)
    assert_matches(dgamma, right_dgamma, what="dgamma")
    assert_matches(dbeta, right_dbeta, what="dbeta")


def test_nearly_constant_feature(student, device):
    """With a feature that hardly varies, or not at all, the gradient is finite and right: eps is in the divisor."""
    x, gamma, beta, dy = example(device)
    x[:, 0] = 0.3 + 1e-3 * torch.randn(len(x))
    x[:, 1] = 2.0
    dx, dgamma, _ = backward(student, dy, forward(student, x, gamma, beta))
    right_dx, right_dgamma, _ = right(x, gamma, beta, dy)
    dx = as_tensor(dx, what="dx", shape=x.shape)
    for feature, kind in enumerate(("nearly constant", "constant")):
        assert_matches(dx[:, feature], right_dx[:, feature], what=f"dx of a {kind} feature", rtol=EPS_RTOL)
    assert_matches(dgamma, right_dgamma, what="dgamma", rtol=EPS_RTOL)


def test_eps_of_the_forward_pass(student, device):
    """The backward pass uses the eps that the forward pass was given."""
    x, gamma, beta, dy = example(device)
    dx, dgamma, _ = backward(student, dy, forward(student, x, gamma, beta, eps=0.25))
    right_dx, right_dgamma, _ = right(x, gamma, beta, dy, eps=0.25)
    assert_matches(dx, right_dx, what="dx")
    assert_matches(dgamma, right_dgamma, what="dgamma")


def test_features_far_from_zero(student, device):
    """Features with a mean far from zero have the same gradient as centered ones."""
    x, gamma, beta, dy = example(device)
    x = x + 100 * torch.tensor([1.0, -1.0, 2.0, 0.0]).to(x)
    largest = 1 + float((x.mean(dim=0).square() / x.var(dim=0)).max())
    dx, dgamma, _ = backward(student, dy, forward(student, x, gamma, beta))
    right_dx, right_dgamma, _ = right(x, gamma, beta, dy)
    assert_matches(dx, right_dx, what="dx", condition=largest)
    assert_matches(dgamma, right_dgamma, what="dgamma", condition=largest)


def test_cache_belongs_to_its_forward_pass(student, device):
    """Two forward passes may come before two backward passes: all that a backward pass needs is in its cache."""
    first, second = example(device), example(device, n=5, d=3)
    caches = [forward(student, *inputs[:3]) for inputs in (first, second)]
    for inputs, cache in zip((first, second), caches, strict=True):
        dx, dgamma, _ = backward(student, inputs[3], cache)
        right_dx, right_dgamma, _ = right(*inputs)
        assert_matches(dx, right_dx, what="dx")
        assert_matches(dgamma, right_dgamma, what="dgamma")


@pytest.mark.exercise("batchnorm_backward", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, device):
    """Neither dy nor what is in the cache is changed: a second call with the same arguments gives the same."""
    x, gamma, beta, dy = example(device)
    cache = forward(student, x, gamma, beta)
    first, second = (student.batchnorm_backward(dy, cache) for _ in range(2))
    as_tensor(first[0], what="dx", shape=x.shape, dtype=x.dtype, finite=True)
    same = all(a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert_all(same, "should be the same in a second call", what="the gradient")
