"""Hidden checks of ``groupnorm_forward``, against ``torch.nn.functional.group_norm``."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from autograder.compare import as_tensor, assert_matches
from autograder.suite import raises

pytestmark = pytest.mark.exercise("groupnorm")

# Where eps decides the result, it may have been rounded to float32 on its way (2.5e-8); the nearest known mistake, eps
# outside the root, is off by a factor of 3 there.
EPS_RTOL = 1e-6


def example(device, dtype=torch.float64, n=3, c=6, h=2, w=5):
    """x (n, c, h, w) whose samples and channels differ in mean and scale, and gamma and beta (c,)."""
    scale = torch.linspace(0.5, 3.0, c)[:, None, None]
    offset = torch.linspace(-3.0, 5.0, c)[:, None, None] + torch.linspace(0.0, 4.0, n)[:, None, None, None]
    x = torch.randn(n, c, h, w) * scale + offset
    gamma = torch.linspace(-1.5, 2.0, c)
    beta = torch.randn(c)
    return [value.to(device, dtype) for value in (x, gamma, beta)]


def right(x, gamma, beta, num_groups, eps=1e-5):
    """y, computed in float64 whatever the dtype of x."""
    wide = [value.double().cpu() for value in (x, gamma, beta)]
    return F.group_norm(wide[0], num_groups, *wide[1:], eps).to(x)


def forward(student, *args, **kwargs):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.groupnorm_forward.may_mutate(*args, **kwargs)


@pytest.mark.parametrize("num_groups", [2, 3])
def test_groups_of_channels(student, device, num_groups):
    """The neighboring channels of a group, at all positions, share a mean and biased variance: each sample its own."""
    x, gamma, beta = example(device)
    y = forward(student, x, gamma, beta, num_groups)
    assert_matches(y, right(x, gamma, beta, num_groups), what="y")


def test_one_group(student, device):
    """With one group all channels and positions of a sample share a mean and a variance."""
    x, gamma, beta = example(device)
    y = forward(student, x, gamma, beta, 1)
    assert_matches(y, right(x, gamma, beta, 1), what="y")


def test_instance_norm(student, device):
    """With as many groups as channels each channel is normalized by itself: instance norm."""
    x, gamma, beta = example(device, c=4)
    y = forward(student, x, gamma, beta, 4)
    assert_matches(y, right(x, gamma, beta, 4), what="y")


def test_single_precision(student, device):
    """A float32 input gives a float32 output, right to its precision."""
    x, gamma, beta = example(device, torch.float32)
    y = forward(student, x, gamma, beta, 2)
    assert_matches(y, right(x, gamma, beta, 2), what="y")


def test_eps(student, device):
    """eps is inside the root (a group that hardly varies shows it), and the argument eps is used."""
    x, gamma, beta = example(device)
    x[:, :2] = 0.3 + 1e-3 * torch.randn(3, 2, 2, 5)
    x[:, 2:4] = 2.0
    y = forward(student, x, gamma, beta, 3)
    y, expected = as_tensor(y, what="y", shape=x.shape), right(x, gamma, beta, 3)
    assert_matches(y[:, :2], expected[:, :2], what="y of a nearly constant group", rtol=EPS_RTOL)
    assert_matches(y[:, 2:4], expected[:, 2:4], what="y of a constant group", rtol=EPS_RTOL)
    y = forward(student, x, gamma, beta, 3, eps=0.25)
    assert_matches(y, right(x, gamma, beta, 3, eps=0.25), what="y with eps=0.25")


@pytest.mark.exercise("groupnorm", weight=0.5, supporting=True)
def test_unequal_groups(student, device):
    """Channels that cannot be divided into num_groups groups of the same size are a ValueError."""
    x, gamma, beta = example(device)
    with raises("ValueError"):
        forward(student, x, gamma, beta, 4)


@pytest.mark.exercise("groupnorm", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, device):
    """No argument is changed in place."""
    x, gamma, beta = example(device)
    y = student.groupnorm_forward(x, gamma, beta, 2)
    as_tensor(y, what="y", shape=x.shape, dtype=x.dtype, finite=True)
