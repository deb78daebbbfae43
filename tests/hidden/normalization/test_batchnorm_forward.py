"""Hidden checks of ``batchnorm_forward``, against ``torch.nn.functional.batch_norm``."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from autograder.compare import as_tensor, assert_matches
from autograder.suite import raises

pytestmark = pytest.mark.exercise("batchnorm_forward")

# Where eps decides the result, it may have been rounded to float32 on its way (2.5e-8); the nearest known mistake, eps
# outside the root, is off by a factor of 3 there.
EPS_RTOL = 1e-6


def example(device, dtype=torch.float64, n=7, d=4):
    """x (n, d) whose features differ in mean and scale; gamma, beta, running mean and variance (d,), unlike 0 and 1."""
    x = torch.randn(n, d) * torch.linspace(0.5, 3.0, d) + torch.linspace(-3.0, 5.0, d)
    gamma = torch.linspace(-1.5, 2.0, d)
    beta = torch.randn(d)
    running_mean = torch.randn(d)
    running_var = torch.rand(d) + 0.5
    return [value.to(device, dtype) for value in (x, gamma, beta, running_mean, running_var)]


def right(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    """(y, new_running_mean, new_running_var), computed in float64 whatever the dtype of x."""
    mean, var = (value.double().cpu().clone() for value in (running_mean, running_var))
    wide = (value.double().cpu() for value in (gamma, beta))
    y = F.batch_norm(x.double().cpu(), mean, var, *wide, training, momentum, eps)
    return [value.to(x) for value in (y, mean, var)]


def forward(student, *args, **kwargs):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.batchnorm_forward.may_mutate(*args, **kwargs)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_normalizes_with_the_batch(student, device, dtype):
    """In training y is normalized with the batch's mean and biased variance, scaled and shifted, in the dtype of x."""
    inputs = example(device, dtype)
    y, _, _, _ = forward(student, *inputs, True)
    assert_matches(y, right(*inputs, True)[0], what="y")


def test_running_mean(student, device):
    """In training the running mean moves a step of momentum towards the mean of the batch."""
    inputs = example(device, n=3, d=5)
    _, _, new_mean, _ = forward(student, *inputs, True)
    assert_matches(new_mean, right(*inputs, True)[1], what="new_running_mean")


def test_running_variance(student, device):
    """In training the running variance moves a step of momentum towards the unbiased variance of the batch."""
    inputs = example(device, n=3, d=5)
    _, _, _, new_var = forward(student, *inputs, True)
    assert_matches(new_var, right(*inputs, True)[2], what="new_running_var")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_momentum_is_the_weight_of_the_batch(student, device, dtype):
    """The running values weigh the new batch with the argument momentum and keep the dtype of x."""
    inputs = example(device, dtype)
    _, _, new_mean, new_var = forward(student, *inputs, True, momentum=0.375)
    _, mean, var = right(*inputs, True, momentum=0.375)
    assert_matches(new_mean, mean, what="new_running_mean")
    assert_matches(new_var, var, what="new_running_var")


def test_eps_is_inside_the_root(student, device):
    """A feature that hardly varies, or not at all, is divided by the root of its variance plus eps."""
    x, gamma, *others = example(device)
    x[:, 0] = 0.3 + 1e-3 * torch.randn(len(x))
    x[:, 1] = 2.0
    y, _, _, _ = forward(student, x, gamma, *others, True)
    y, expected = as_tensor(y, what="y", shape=x.shape), right(x, gamma, *others, True)[0]
    for feature, kind in enumerate(("nearly constant", "constant")):
        assert_matches(y[:, feature], expected[:, feature], what=f"y of a {kind} feature", rtol=EPS_RTOL)


def test_eps_is_an_argument(student, device):
    """The argument eps is used, in training and in evaluation."""
    inputs = example(device)
    for training in (True, False):
        y, _, _, _ = forward(student, *inputs, training, eps=0.25)
        what = f"y with training={training}"
        assert_matches(y, right(*inputs, training, eps=0.25)[0], what=what)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_evaluation_uses_the_running_values(student, device, dtype):
    """In evaluation y is normalized with the running mean and variance (and eps), whatever the batch is."""
    inputs = example(device, dtype)
    inputs[4][1] = 1e-3  # small enough to show whether eps is there
    y, _, _, _ = forward(student, *inputs, False)
    assert_matches(y, right(*inputs, False)[0], what="y")


def test_evaluation_returns_the_running_values(student, device):
    """In evaluation the running values are returned unchanged."""
    inputs = example(device)
    _, _, new_mean, new_var = forward(student, *inputs, False)
    assert_matches(new_mean, inputs[3], what="new_running_mean")
    assert_matches(new_var, inputs[4], what="new_running_var")


@pytest.mark.exercise("batchnorm_forward", weight=0.5)
def test_two_samples_in_training(student, device):
    """Two samples are enough for a batch in training."""
    inputs = example(device, n=2)
    y, _, _, new_var = forward(student, *inputs, True)
    right_y, _, right_var = right(*inputs, True)
    assert_matches(y, right_y, what="y")
    assert_matches(new_var, right_var, what="new_running_var")


@pytest.mark.exercise("batchnorm_forward", weight=0.5, supporting=True)
def test_one_sample_in_training(student, device):
    """A batch of one sample is a ValueError in training."""
    inputs = example(device, n=1)
    with raises("ValueError"):
        forward(student, *inputs, True)


@pytest.mark.exercise("batchnorm_forward", weight=0.5)
def test_one_sample_in_evaluation(student, device):
    """In evaluation a batch of one sample is as good as any."""
    inputs = example(device, n=1)
    y, _, _, _ = forward(student, *inputs, False)
    assert_matches(y, right(*inputs, False)[0], what="y")


@pytest.mark.exercise("batchnorm_forward", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, device):
    """No argument is changed in place, neither x nor the running values: new tensors are returned."""
    inputs = example(device)
    for training in (True, False):
        y, _, _, _ = student.batchnorm_forward(*inputs, training)
        as_tensor(y, what="y", shape=inputs[0].shape, dtype=inputs[0].dtype, finite=True)
