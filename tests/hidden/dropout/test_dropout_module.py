"""Checks of the class ``Dropout``, with the student's own ``dropout_forward`` or, where that fails, a stand-in."""

from __future__ import annotations

import pytest
import torch

from autograder.compare import as_tensor, assert_all, assert_independent, assert_matches, assert_rate

pytestmark = pytest.mark.exercise("dropout_module")

# Autograd started by the judge: it has to run where the module is. The gradient of a sum, because torch imports half a
# second of symbolic algebra to be handed a dout.
BACKWARD = """
def _backward_through_a_module():
    def backward(module, x, dout):
        x = x.clone().requires_grad_()
        out = module(x)
        (out * dout).sum().backward()
        return out.detach(), x.grad
    return backward
"""

FALSE_ALARM = 1e-9


@pytest.mark.exercise("dropout_module", weight=2)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_train_mode_drops_and_scales(student, on_its_own, away_from_zero, assert_inverted, device, dtype):
    """In train mode values are dropped, and those that are kept are multiplied by 1/(1 - p)."""
    x = away_from_zero(40, 13, dtype=dtype, device=device)

    def check():
        module = student.Dropout(p=0.3)
        module.train()
        out = as_tensor(module(x), what="out", shape=x.shape, dtype=dtype, device=device)
        assert_inverted(out / x, 0.3, what="the output in train mode")

    on_its_own(student, check)


@pytest.mark.parametrize("arguments", [(), (0.2,)], ids=["default", "0.2"])
def test_share_of_dropped_values(student, on_its_own, device, arguments):
    """p is the probability of dropping a value; Dropout() has p = 0.5."""
    p = arguments[0] if arguments else 0.5
    x = torch.ones(1, 10_000, device=device)

    def check():
        dropped = as_tensor(student.Dropout(*arguments)(x), what="out", shape=x.shape) == 0
        share = "the share of dropped values"
        assert_rate(int(dropped.sum()), x.numel(), p, what=share, false_alarm=FALSE_ALARM)

    on_its_own(student, check)


@pytest.mark.exercise("dropout_module", weight=2)
def test_values_are_dropped_one_by_one(student, on_its_own, device):
    """Every value is dropped or kept on its own: no row of the batch shares its mask with another, and no column."""
    x = torch.ones(80, 100, device=device)

    def check():
        mask = as_tensor(student.Dropout(0.4)(x), what="out", shape=x.shape) != 0
        lines = {"neighbors in a column of the mask": mask, "neighbors in a row of the mask": mask.T}
        for name, line in lines.items():
            alike = torch.equal(line[::2], line[1::2])
            assert_all(not alike, "should not all be dropped and kept together", what=name)
        for name, line in lines.items():
            assert_independent(line[::2], line[1::2], 0.6, what=name, false_alarm=FALSE_ALARM / 2)

    on_its_own(student, check)


@pytest.mark.exercise("dropout_module", weight=2, supporting=True)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_eval_mode_is_the_identity(student, on_its_own, away_from_zero, device, dtype):
    """In eval mode nothing is dropped and nothing is scaled."""
    x = away_from_zero(20, 30, dtype=dtype, device=device)

    def check():
        module = student.Dropout(0.4)
        module.eval()
        assert_matches(module(x), x, what="the output in eval mode")

    on_its_own(student, check)


@pytest.mark.exercise("dropout_module", weight=2)
def test_works_in_a_sequential(student, on_its_own, away_from_zero, assert_inverted, device):
    """It works as a layer of nn.Sequential, whose train() and eval() reach it, in any order."""
    x = away_from_zero(30, 6, dtype=torch.float32, device=device)

    def check():
        linear = student.library("torch.nn.Linear")(6, 40).to(device)
        model = student.library("torch.nn.Sequential")(linear, student.Dropout(0.3))
        like = {"shape": (30, 40), "dtype": x.dtype, "device": device}
        plain = as_tensor(linear(x), what="the output of the linear layer", **like)
        model.eval()
        assert_matches(model(x), plain, what="the output in eval mode")
        model.train()
        out = as_tensor(model(x), what="the output", **like)
        assert_inverted(out / plain, 0.3, what="the output in train mode")
        model.eval()
        assert_matches(model(x), plain, what="the output back in eval mode")

    on_its_own(student, check)


@pytest.mark.exercise("dropout_module", weight=2)
def test_gradient_passes_through_the_mask(student, on_its_own, away_from_zero, assert_inverted, device):
    """Autograd finds the gradient: zero where the value was dropped, times 1/(1 - p) where it was kept."""
    x, dout = (away_from_zero(25, 16, device=device) for _ in range(2))

    def check():
        student.define(BACKWARD)
        backward = student._backward_through_a_module()
        out, dx = backward(student.Dropout(0.3), x, dout)
        like = {"shape": x.shape, "dtype": x.dtype, "device": device}
        out, dx = (as_tensor(value, what=name, **like) for value, name in ((out, "out"), (dx, "the gradient")))
        assert_inverted(out / x, 0.3, what="the output in train mode")
        assert_inverted(dx / dout, 0.3, what="the gradient")
        same = (dx == 0) == (out == 0)
        assert_all(same, "must be zero where the value was dropped, and only there", what="the gradient")

    on_its_own(student, check)


@pytest.mark.exercise("dropout_module", weight=2)
def test_each_call_draws_a_fresh_mask(student, on_its_own, device):
    """Each forward pass draws a new mask."""
    x = torch.ones(1, 5000, device=device)

    def check():
        module = student.Dropout(0.4)
        first, second = (as_tensor(module(x), what="out", shape=x.shape) != 0 for _ in range(2))
        assert_independent(first, second, 0.6, what="the masks of two passes", false_alarm=FALSE_ALARM)

    on_its_own(student, check)


@pytest.mark.exercise("dropout_module", supporting=True)
@pytest.mark.parametrize("p", [0.0, 1.0], ids=["zero", "one"])
def test_ends_of_the_range(student, on_its_own, away_from_zero, device, p):
    """In train mode p = 0 changes nothing, and p = 1 gives zeros without NaN."""
    x = away_from_zero(9, 11, device=device)

    def check():
        assert_matches(student.Dropout(p)(x), x * (1 - p), what=f"the output at p = {p:g}")

    on_its_own(student, check)


@pytest.mark.exercise("dropout_module", supporting=True)
def test_is_a_module(student):
    """Dropout is an nn.Module that starts in train mode, as every module does."""
    module = student.Dropout(0.3)
    assert_all(student.isinstance(module, "torch.nn.Module"), "should be an nn.Module", what="Dropout")
    assert_all(module.training is True, "should be in train mode at first", what="Dropout")
