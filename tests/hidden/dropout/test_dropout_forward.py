"""Checks of ``dropout_forward``: random results by exact statistics, with a false alarm of at most 1e-9 a test.

Tensors have at most 10,000 entries, so that a solution that loops over them is in time too.
"""

from __future__ import annotations

import pytest
import torch

from autograder.compare import as_tensor, assert_all, assert_independent, assert_matches, assert_rate
from autograder.suite import raises

pytestmark = pytest.mark.exercise("dropout_forward")

FALSE_ALARM = 1e-9

# Where only the independence is looked at. At this P neighbors agree as often where keep and drop are swapped, and
# nearly so where normal numbers are compared with P or uniform ones with 0.5: those mistakes show in the shares alone.
P = 0.39


def kept(student, p, *shape, device):
    """The mask of a fresh call, True where kept: for x = 1 the output is the mask."""
    out, _ = student.dropout_forward(torch.ones(shape, device=device), p)
    return as_tensor(out, what="out", shape=shape) != 0


@pytest.mark.exercise("dropout_forward", weight=2)
@pytest.mark.parametrize(
    ("dtype", "shape"), [(torch.float32, (500,)), (torch.float64, (40, 13)), (torch.float64, (4, 3, 8, 5))], ids=str
)
def test_values_are_dropped_or_scaled(student, away_from_zero, assert_inverted, device, dtype, shape):
    """Every value is either dropped, and then 0, or kept, and then multiplied by 1/(1 - p); shape, dtype and
    device of x stay."""
    x = away_from_zero(*shape, dtype=dtype, device=device)
    out, _ = student.dropout_forward(x, 0.3)
    out = as_tensor(out, what="out", shape=shape, dtype=dtype, device=device)
    assert_inverted(out / x, 0.3, what="out")


@pytest.mark.exercise("dropout_forward", weight=2)
@pytest.mark.parametrize("p", [0.2, 0.65])  # of the latter a mask drawn in tenths or quarters is 10 deviations away
def test_share_of_dropped_values(student, device, p):
    """p is the probability of DROPPING a value: in a large tensor a share of about p is zero."""
    mask = kept(student, p, 10_000, device=device)
    assert_rate(int((~mask).sum()), mask.numel(), p, what="the share of dropped values", false_alarm=FALSE_ALARM)


@pytest.mark.exercise("dropout_forward", weight=2)
@pytest.mark.parametrize("shape", [(100, 100), (8, 10, 6, 20)], ids=["rows and columns", "images"])
def test_values_are_dropped_one_by_one(student, device, shape):
    """Every single value is dropped or kept on its own, independent of its neighbors: no shared rows, columns or
    channels."""
    mask = kept(student, P, *shape, device=device)
    names = [f"neighbors along axis {axis} of the mask" for axis in range(len(shape))]
    # Disjoint pairs of neighbors, so that their agreements are independent events.
    lines = [mask.movedim(axis, 0) for axis in range(len(shape))]
    pairs = [(line[::2], line[1::2]) for line in lines]
    for name, (even, odd) in zip(names, pairs, strict=True):
        assert_all(not torch.equal(even, odd), "should not all be dropped and kept together", what=name)
    pairs.append(tuple(mask.chunk(2)))  # and pairs that are far from each other
    names.append("the first and the second half of the mask")
    for name, (one, other) in zip(names, pairs, strict=True):
        assert_independent(one, other, 1 - P, what=name, false_alarm=FALSE_ALARM / len(pairs))


@pytest.mark.exercise("dropout_forward", weight=2)
def test_each_call_draws_a_fresh_mask(student, device):
    """Each call draws a new mask, independent of the one before: nothing is remembered, and no seed is set inside."""
    short, first, second = (kept(student, P, size, device=device) for size in (5000, 6000, 6000))
    names = "the masks of two calls with different shapes"  # alike where a seed is set, not where a mask is stored
    assert_independent(short, first[:5000], 1 - P, what=names, false_alarm=FALSE_ALARM / 2)
    assert_independent(first, second, 1 - P, what="the masks of two calls", false_alarm=FALSE_ALARM / 2)


@pytest.mark.exercise("dropout_forward", supporting=True)
def test_number_of_dropped_values_varies(student, device):
    """How many values are dropped is random too, because each is dropped on its own: of 100 values at p = 0.3
    not always 30."""
    counts = [int(kept(student, 0.3, 100, device=device).sum()) for _ in range(14)]
    # 70 is the most probable count; its binomial probability is 0.0868, so 14 of 14 have probability 1e-15.
    exact = sum(count == 70 for count in counts)
    share = "the share of calls that drop exactly 30 % of the values"
    assert_rate(exact, len(counts), 0.0867838649, what=share, false_alarm=FALSE_ALARM)


def test_mask_does_not_depend_on_the_values(student, device):
    """Which values are dropped has nothing to do with what they are: large, small and negative ones have the
    same chance."""
    size = torch.tensor([1e-3, 1.0, 1e3, -1e-3, -1.0, -1e3], device=device)
    out, _ = student.dropout_forward(size.repeat(1000), 0.3)
    dropped = (as_tensor(out, what="out", shape=(6000,)) == 0).reshape(1000, 6)
    names = ["tiny", "ordinary", "large", "tiny negative", "negative", "large negative"]
    for name, column in zip(names, dropped.T, strict=True):
        share = f"the share of dropped values among {name} ones"
        assert_rate(int(column.sum()), 1000, 0.3, what=share, false_alarm=FALSE_ALARM / 6)


@pytest.mark.exercise("dropout_forward", supporting=True)
def test_randomness_comes_from_torchs_global_generator(student, device):
    """The mask comes from torch's global generator: after torch.manual_seed with the same seed it is the same."""
    masks = []
    for _ in range(2):
        student.library("torch.manual_seed")(20)
        masks.append(kept(student, 0.4, 500, device=device))
    same = bool((masks[0] == masks[1]).all())
    assert_all(same, "after the same torch.manual_seed it must be the same", what="the mask")


@pytest.mark.exercise("dropout_forward", supporting=True)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_drop_probability_zero(student, away_from_zero, device, dtype):
    """At p = 0 nothing is dropped and nothing is scaled: out is x."""
    x = away_from_zero(30, 7, dtype=dtype, device=device)
    out, _ = student.dropout_forward(x, 0.0)
    assert_matches(out, x, what="out at p = 0")


@pytest.mark.exercise("dropout_forward", supporting=True)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_drop_probability_one(student, away_from_zero, device, dtype):
    """At p = 1 everything is dropped: out is zero, and not NaN from a division by zero."""
    x = away_from_zero(30, 7, dtype=dtype, device=device)
    out, _ = student.dropout_forward(x, 1.0)
    assert_matches(out, torch.zeros_like(x), what="out at p = 1")


@pytest.mark.exercise("dropout_forward", supporting=True)
@pytest.mark.parametrize("p", [-0.1, 1.1], ids=["below zero", "above one"])
def test_impossible_drop_probability(student, device, p):
    """A drop probability outside [0, 1] raises ValueError."""
    with raises("ValueError"):
        student.dropout_forward(torch.ones(4, 3, device=device), p)
