"""Checks of ``dropconnect_linear``: for x = 1 (the identity matrix) the output shows the masked weights."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from autograder.compare import as_tensor, assert_all, assert_independent, assert_matches, assert_rate

pytestmark = pytest.mark.exercise("dropconnect")

FALSE_ALARM = 1e-9


def factors(out, weight, bias):
    """What each weight (c, d) was multiplied by, from the output for the identity; rounding is removed."""
    d, c = weight.shape[::-1]
    out = as_tensor(out, what="out", shape=(d, c), dtype=weight.dtype, device=weight.device)
    factor = ((out - bias) / weight.T).T
    return torch.where(factor.abs() < 1e-5, torch.zeros_like(factor), factor)


@pytest.mark.exercise("dropconnect", weight=2)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_weights_are_dropped_or_scaled(student, on_its_own, away_from_zero, assert_inverted, device, dtype):
    """Every weight is dropped, or kept and multiplied by 1/(1 - p); the bias is neither dropped nor scaled."""
    weight, bias = (away_from_zero(*shape, dtype=dtype, device=device) for shape in ((17, 24), (17,)))
    x = torch.eye(24, dtype=dtype, device=device)

    def check():
        out = student.dropconnect_linear(x, weight, bias, 0.3)
        assert_inverted(factors(out, weight, bias), 0.3, what="the weights")

    on_its_own(student, check)


@pytest.mark.parametrize("p", [0.2, 0.7])
def test_share_of_dropped_weights(student, on_its_own, away_from_zero, device, p):
    """p is the probability of dropping a weight."""
    weight, bias = away_from_zero(3000, 1, device=device), away_from_zero(3000, device=device)
    x = torch.ones(1, 1, dtype=torch.float64, device=device)

    def check():
        dropped = factors(student.dropconnect_linear(x, weight, bias, p), weight, bias) == 0
        share = "the share of dropped weights"
        assert_rate(int(dropped.sum()), dropped.numel(), p, what=share, false_alarm=FALSE_ALARM)

    on_its_own(student, check)


@pytest.mark.exercise("dropconnect", weight=2)
def test_single_weights_are_dropped(student, on_its_own, away_from_zero, device):
    """Single weights are dropped, each on its own: not the inputs (a column of W) and not the outputs (a row)."""
    weight, bias = away_from_zero(90, 70, device=device), away_from_zero(90, device=device)
    x = torch.eye(70, dtype=torch.float64, device=device)

    def check():
        kept = factors(student.dropconnect_linear(x, weight, bias, 0.4), weight, bias) != 0
        lines = {"neighbors in a column of the mask": kept, "neighbors in a row of the mask": kept.T}
        for name, line in lines.items():
            alike = torch.equal(line[::2], line[1::2])
            assert_all(not alike, "should not all be dropped and kept together", what=name)
        for name, line in lines.items():
            assert_independent(line[::2], line[1::2], 0.6, what=name, false_alarm=FALSE_ALARM / 2)

    on_its_own(student, check)


@pytest.mark.exercise("dropconnect", weight=2)
def test_one_mask_for_all_rows(student, on_its_own, away_from_zero, device):
    """One call has one mask: every row of x meets the same weights."""
    weight, bias = away_from_zero(8, 40, device=device), away_from_zero(8, device=device)
    x = torch.cat([torch.eye(40, dtype=torch.float64, device=device), away_from_zero(20, 40, device=device)])

    def check():
        out = student.dropconnect_linear(x, weight, bias, 0.4)
        out = as_tensor(out, what="out", shape=(60, 8), dtype=x.dtype, device=device)
        vanished = bool(((out[40:] - bias).abs() < 1e-9).any())  # all 40 weights of one: probability 1e-15
        assert_all(not vanished, "no output may be dropped as a whole", what="out")
        masked = (out[:40] - bias).T  # the weights that the first 40 rows met
        same = bool(((out[40:] - F.linear(x[40:], masked, bias)).abs() < 1e-6).all())
        assert_all(same, "every row of x must meet the same weights", what="out")

    on_its_own(student, check)


@pytest.mark.exercise("dropconnect", weight=2)
def test_each_call_draws_a_fresh_mask(student, on_its_own, away_from_zero, device):
    """Each call draws a new mask."""
    weight, bias = away_from_zero(90, 70, device=device), away_from_zero(90, device=device)
    x = torch.eye(70, dtype=torch.float64, device=device)

    def check():
        outs = [student.dropconnect_linear(x, weight, bias, 0.4) for _ in range(2)]
        first, second = (factors(out, weight, bias) != 0 for out in outs)
        assert_independent(first, second, 0.6, what="the masks of two calls", false_alarm=FALSE_ALARM)

    on_its_own(student, check)


def test_zero_input_gives_the_bias(student, on_its_own, away_from_zero, device):
    """The bias is always there in full: for x = 0 every output is the bias."""
    weight, bias = away_from_zero(9, 5, device=device), away_from_zero(9, device=device)
    x = torch.zeros(6, 5, dtype=torch.float64, device=device)

    def check():
        out = student.dropconnect_linear(x, weight, bias, 0.4)
        assert_matches(out, bias.expand(6, 9), what="out for x = 0")

    on_its_own(student, check)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_drop_probability_zero(student, on_its_own, away_from_zero, device, dtype):
    """At p = 0 it is the ordinary linear layer."""
    weight, bias, x = (away_from_zero(*s, dtype=dtype, device=device) for s in ((9, 5), (9,), (7, 5)))

    def check():
        out = student.dropconnect_linear(x, weight, bias, 0.0)
        assert_matches(out, F.linear(x, weight, bias), what="out at p = 0")

    on_its_own(student, check)


def test_drop_probability_one(student, on_its_own, away_from_zero, device):
    """At p = 1 no weight is left: every output is the bias, and not NaN."""
    weight, bias, x = (away_from_zero(*shape, device=device) for shape in ((9, 5), (9,), (7, 5)))

    def check():
        out = student.dropconnect_linear(x, weight, bias, 1.0)
        assert_matches(out, bias.expand(7, 9), what="out at p = 1")

    on_its_own(student, check)
