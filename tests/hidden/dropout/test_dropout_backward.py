"""Checks of ``dropout_backward``: the gradient through the mask that the student's own forward pass drew."""

from __future__ import annotations

import pytest
import torch

from autograder.compare import as_tensor, assert_all, assert_matches

pytestmark = pytest.mark.exercise("dropout_backward")


def forward(student, x, p):
    """The student's out and opaque mask; a forward pass that changes x has lost its points for that already."""
    out, mask = student.dropout_forward.may_mutate(x, p)
    return as_tensor(out, what="out of dropout_forward", shape=x.shape, dtype=x.dtype, device=x.device), mask


def assert_gradient(dx, dout, out, x, p):
    """dx must be dout times the factors out / x of the forward pass.

    A forward pass with a wrong scale costs nothing here: then the right scale 1/(1 - p) is as good as its own.
    """
    dx = as_tensor(dx, what="dx", shape=dout.shape, dtype=dout.dtype, device=dout.device)
    factor, kept = dx / dout, out != 0
    assert_all(bool(kept.any()), "must keep something, or its backward pass cannot be judged", what="dropout_forward")
    if not bool(kept.all()):
        leak = factor[~kept].abs()
        assert_matches([leak.min().item(), leak.max().item()], [0.0, 0.0], what="the gradient of the dropped values")
    scale = torch.full_like(factor[kept], 1 / (1 - p))
    own = (out / x)[kept]
    wanted = own if torch.allclose(factor[kept], own, rtol=1e-4) else scale
    extremes, limits = ([t.min().item(), t.max().item()] for t in (factor[kept] / scale, wanted / scale))
    assert_matches(extremes, limits, what="the gradient of the kept values", rtol=1e-4)


@pytest.mark.exercise("dropout_backward", weight=2)
@pytest.mark.parametrize("p", [0.25, 0.7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_gradient_passes_through_the_mask(student, with_a_sound_forward, away_from_zero, device, dtype, p):
    """The gradient passes where the forward pass kept the value, with the same factor, and is zero where it
    dropped it."""
    x, dout = (away_from_zero(12, 31, dtype=dtype, device=device) for _ in range(2))

    def check():
        out, mask = forward(student, x, p)
        assert_gradient(student.dropout_backward(dout, mask), dout, out, x, p)

    with_a_sound_forward(student, x, p, check)


@pytest.mark.parametrize("shape", [(300,), (3, 4, 5, 6)], ids=["vector", "images"])
def test_any_shape(student, with_a_sound_forward, away_from_zero, device, shape):
    """dx has the shape of dout, whatever the number of axes."""
    x, dout = (away_from_zero(*shape, device=device) for _ in range(2))

    def check():
        out, mask = forward(student, x, 0.4)
        assert_gradient(student.dropout_backward(dout, mask), dout, out, x, 0.4)

    with_a_sound_forward(student, x, 0.4, check)


def test_zeros_in_x(student, with_a_sound_forward, away_from_zero, device):
    """Where x is zero, as after a ReLU, out is zero in any case, and tells nothing of the mask: the gradient still
    passes where the value was kept."""
    n, p = 4000, 0.4
    x, dout = (away_from_zero(2 * n, device=device) for _ in range(2))
    with_zeros = torch.cat([torch.zeros(n).to(x), x[n:]])

    def check():
        out, mask = forward(student, with_zeros, p)
        dx = as_tensor(
            student.dropout_backward(dout, mask), what="dx", shape=dout.shape, dtype=dout.dtype, device=device
        )
        factor = (dx / dout)[:n]
        kept = factor[factor != 0]
        # How many are kept is the forward pass's matter; with 4000 it cannot be none or all.
        assert_all(
            0 < len(kept) < n, "should pass where the value was kept, and only there", what="the gradient of zeros"
        )
        own = (out / with_zeros)[n:].max()  # a forward pass with a wrong scale costs nothing here
        scale = own if torch.allclose(kept, own, rtol=1e-4) else torch.full_like(own, 1 / (1 - p))
        extremes = [(kept / scale).min().item(), (kept / scale).max().item()]
        assert_matches(extremes, [1.0, 1.0], what="the gradient of the kept zeros", rtol=1e-4)

    with_a_sound_forward(student, x, p, check)


def test_each_mask_belongs_to_its_own_call(student, with_a_sound_forward, away_from_zero, device):
    """A network calls dropout many times before it goes backward: each gradient goes with its own mask."""
    x, dout = (away_from_zero(20, 15, device=device) for _ in range(2))

    def check():
        for out, mask in [forward(student, x, 0.4) for _ in range(2)]:
            assert_gradient(student.dropout_backward(dout, mask), dout, out, x, 0.4)

    with_a_sound_forward(student, x, 0.4, check)


def test_mask_can_be_used_again(student, with_a_sound_forward, away_from_zero, device):
    """The backward pass leaves the mask as it is: a second gradient through it is right too."""
    x, first, second = (away_from_zero(20, 15, device=device) for _ in range(3))

    def check():
        out, mask = forward(student, x, 0.4)
        student.dropout_backward(first, mask)
        assert_gradient(student.dropout_backward(second, mask), second, out, x, 0.4)

    with_a_sound_forward(student, x, 0.4, check)


@pytest.mark.exercise("dropout_backward", supporting=True)
@pytest.mark.parametrize("p", [0.0, 1.0], ids=["zero", "one"])
def test_ends_of_the_range(student, with_a_sound_forward, away_from_zero, device, p):
    """At p = 0 nothing was dropped, and dx is dout; at p = 1 everything was, and dx is zero and not NaN."""
    x, dout = (away_from_zero(9, 11, device=device) for _ in range(2))

    def check():
        _, mask = forward(student, x, p)
        assert_matches(student.dropout_backward(dout, mask), dout * (1 - p), what=f"dx at p = {p:g}")

    with_a_sound_forward(student, x, p, check)
