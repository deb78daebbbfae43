"""The log of what a test saw, and when two logs show the same mistake."""

from __future__ import annotations

import contextvars
import dataclasses
import math
import pickle
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.compare import Observation, agree, assert_all, assert_matches, assert_rate, observe, recording
from autograder.compare.observations import MAX_ENTRIES, is_recording
from autograder.errors import Mismatch

RIGHT = torch.randn(30, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def log_of(test: Callable[[], object]) -> list[Observation]:
    with recording() as log, suppress(Mismatch):
        test()
    return log


def values(actual: Any, expected: Any = RIGHT, **options: Any) -> list[Observation]:
    return log_of(lambda: assert_matches(actual, expected, what="dx", **options))


def rate(count: int, n: int = 10_000, p: float = 0.3) -> list[Observation]:
    return log_of(lambda: assert_rate(count, n, p, what="the share"))


class TestRecording:
    def test_outside_nothing_is_kept(self) -> None:
        assert not is_recording()
        observe("x", 1.0)
        with recording() as log:
            assert is_recording()
        assert log == []

    def test_an_inner_log_wins(self) -> None:
        with recording() as outer:
            observe("a", "1")
            with recording() as inner:
                observe("b", "2")
            observe("c", "3")
        assert [seen.label for seen in outer] == ["a", "c"]
        assert [seen.label for seen in inner] == ["b"]

    def test_ends_with_an_exception(self) -> None:
        with pytest.raises(RuntimeError), recording():
            raise RuntimeError
        assert not is_recording()

    def test_contexts_are_apart(self) -> None:
        with recording() as log:
            contextvars.Context().run(observe, "elsewhere", 1.0)
        assert log == []

    def test_a_comparison_is_logged_before_it_fails(self) -> None:
        (seen,) = values(RIGHT + 1)
        assert (seen.label, seen.kind, seen.passed, seen.defect) == ("dx", "value", False, "value")
        assert (seen.dtype, seen.shape) == ("float64", (30, 4))
        np.testing.assert_array_equal(seen.value, RIGHT.numpy() + 1)

    def test_the_log_is_a_copy(self) -> None:
        x = RIGHT.clone()
        (seen,) = values(x)
        x += 1
        np.testing.assert_array_equal(seen.value, RIGHT.numpy())

    def test_faults_in_kind(self) -> None:
        (shape,) = values(RIGHT.T)
        assert (shape.kind, shape.defect, shape.shape, shape.passed) == ("value", "shape", (4, 30), False)
        (dtype,) = values(RIGHT.float())
        assert (dtype.kind, dtype.defect, dtype.dtype) == ("value", "dtype", "float32")
        (nothing,) = values(None)
        assert (nothing.kind, nothing.defect) == ("event", "type")

    def test_long_arrays_are_thinned(self) -> None:
        n = 3 * MAX_ENTRIES - 7
        x = torch.arange(float(n), dtype=torch.float64)
        (seen,) = values(x, x)
        assert isinstance(seen.value, np.ndarray)
        assert isinstance(seen.expected, np.ndarray)
        assert MAX_ENTRIES / 2 < seen.value.size <= MAX_ENTRIES
        assert seen.shape == (n,)
        assert agree(values(x + 1, x), values(x + 1, x))

    def test_can_be_sent_to_another_process(self) -> None:
        log = pickle.loads(pickle.dumps(values(RIGHT + 1)))
        assert agree(log, values(RIGHT + 1))


class TestObserve:
    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            ("ValueError", "event"),
            (None, "event"),
            (True, "event"),
            ({"a": 1}, "event"),
            (object(), "event"),
            (3, "value"),
            ([1.0, 2.0], "value"),
            (torch.ones(2, requires_grad=True), "value"),
        ],
    )
    def test_kinds(self, value: Any, kind: str) -> None:
        (seen,) = log_of(lambda: observe("x", value))
        assert seen.kind == kind
        assert seen.passed is None

    def test_statistic(self) -> None:
        (seen,) = log_of(lambda: observe("x", 0.5, 0.01, passed=False))
        assert (seen.kind, seen.value, seen.spread, seen.passed) == ("statistic", 0.5, 0.01, False)


class TestAgreeOnValues:
    def test_the_same_mistake(self) -> None:
        assert agree(values(2 * RIGHT), values(2 * RIGHT * (1 + 1e-12)))

    def test_nothing_failed(self) -> None:
        assert not agree(values(RIGHT), values(RIGHT))
        assert not agree([], [])

    def test_only_one_failed(self) -> None:
        assert not agree(values(2 * RIGHT), values(RIGHT))
        assert not agree(values(RIGHT), values(2 * RIGHT))

    @pytest.mark.parametrize("factor", [1.9, 2.0001, 2 + 1e-6, 3.0, 0.5])
    def test_a_mistake_in_the_same_direction(self, factor: float) -> None:
        assert not agree(values(factor * RIGHT), values(2 * RIGHT))

    def test_one_entry_more_is_wrong(self) -> None:
        wrong = 2 * RIGHT
        worse = wrong.clone()
        worse[3, 1] += 1e-4
        assert not agree(values(worse), values(wrong))

    def test_small_mistakes_close_to_the_tolerance(self) -> None:
        """Two different mistakes that both are barely wrong are told apart by the size of their error."""
        right = RIGHT.float()
        assert not agree(values(right * 1.010, right), values(right * 1.009, right))
        assert agree(values(right * 1.010, right), values(right * (1.010 + 1e-6), right))

    def test_lengths_and_labels(self) -> None:
        one = values(2 * RIGHT)
        assert not agree(one, one + one)
        assert agree(one + one, one + one)
        assert not agree(one, [dataclasses.replace(one[0], label="dgamma")])

    def test_every_failed_value_must_agree(self) -> None:
        a, b = values(2 * RIGHT), values(3 * RIGHT)
        assert not agree(a + b, a + a)

    def test_passed_values_need_not(self) -> None:
        a = values(2 * RIGHT)
        assert agree(values(RIGHT) + a, values(RIGHT * (1 + 5e-10)) + a)

    def test_nan(self) -> None:
        wrong = RIGHT.clone()
        wrong[0] = float("nan")
        other = RIGHT.clone()
        other[1] = float("nan")
        assert agree(values(wrong), values(wrong))
        assert not agree(values(other), values(wrong))
        assert not agree(values(wrong), values(2 * RIGHT))
        assert agree(values(RIGHT * math.nan), values(RIGHT * math.nan))
        assert not agree(values(RIGHT * math.inf), values(RIGHT * -math.inf))

    def test_shapes_and_dtypes(self) -> None:
        assert agree(values(RIGHT.T), values(RIGHT.T))
        assert not agree(values(RIGHT.T), values(2 * RIGHT.T))
        assert not agree(values(RIGHT.T), values(RIGHT.ravel()))
        assert agree(values(RIGHT.float()), values(RIGHT.float()))
        assert not agree(values(RIGHT.float()), values(RIGHT.half()))
        assert not agree(values(RIGHT.float()), values(RIGHT.T))
        assert not agree(values(RIGHT.float()), values(2 * RIGHT))

    def test_the_kind_of_fault_counts(self) -> None:
        (log,) = values(RIGHT.float())
        assert not agree([log], [dataclasses.replace(log, defect="device")])

    def test_a_wider_tolerance_of_the_caller_counts_as_rounding(self) -> None:
        assert agree(values(2 * RIGHT, rtol=1e-3), values(2.0001 * RIGHT, rtol=1e-3))
        assert not agree(values(2 * RIGHT, rtol=1e-3), values(2.01 * RIGHT, rtol=1e-3))

    def test_faults_in_kind(self) -> None:
        assert agree(values(None), values(None))
        assert not agree(values(None), values("no"))
        assert not agree(values(None), values(RIGHT.T))
        assert not agree(values((1.0,), (1.0, RIGHT)), values((1.0, 2.0, 3.0), (1.0, RIGHT)))

    def test_exact_values(self) -> None:
        right, wrong = np.array([1, 2, 3]), np.array([1, 2, 4])
        assert agree(values(wrong, right), values(wrong, right))
        assert not agree(values(wrong, right), values(np.array([1, 2, 5]), right))
        assert agree(values(False, True), values(False, True))

    def test_a_text(self) -> None:
        assert agree(values("sgd", "adam"), values("sgd", "adam"))
        assert not agree(values("rms", "adam"), values("sgd", "adam"))

    @settings(deadline=None, max_examples=60)
    @given(st.floats(1e-6, 10), st.floats(-0.5, 0.5))
    def test_property(self, error: float, deviation: float) -> None:
        """The same relative mistake agrees if and only if its size is the same to within rounding."""
        mine, theirs = values(RIGHT * (1 + error * (1 + deviation))), values(RIGHT * (1 + error))
        if abs(deviation) > 0.06 or error * abs(deviation) > 1e-7:
            assert not agree(mine, theirs)
        elif error * abs(deviation) < 1e-11:
            assert agree(mine, theirs)


class TestAgreeOnStatistics:
    def test_the_same_rate(self) -> None:
        assert agree(rate(7000), rate(7060))
        assert agree(rate(0), rate(0))
        assert agree(rate(10_000), rate(10_000))

    @pytest.mark.parametrize(
        ("mine", "theirs"), [(6000, 7000), (10_000, 9900), (0, 7000), (1500, 4500), (3100, 7000)], ids=str
    )
    def test_another_rate(self, mine: int, theirs: int) -> None:
        assert not agree(rate(mine), rate(theirs))

    def test_not_far_enough_from_the_right_rate(self) -> None:
        """Barely refused (6.5 standard errors): that is evidence of a mistake, but not of which one."""
        n, p = 10_000, 0.5
        count = 5000 + round(6.5 * 50)
        assert rate(count, n, p)[0].passed is False
        assert not agree(rate(count, n, p), rate(count, n, p))

    def test_few_trials_do_not_blur_two_mistakes(self) -> None:
        """80 % and 90 % lie within four standard errors of each other, but a third of the error apart."""
        assert not agree(rate(160, 200, 0.5), rate(180, 200, 0.5))
        assert agree(rate(178, 200, 0.5), rate(180, 200, 0.5))

    def test_false_agreement_of_different_rates_is_rare(self) -> None:
        """70 % and 75 % dropped instead of 30 %, each estimated from 10,000 values: never the same mistake."""
        rng = np.random.default_rng(0)
        pairs = zip(rng.binomial(10_000, 0.70, 200), rng.binomial(10_000, 0.75, 200), strict=True)
        assert not any(agree(rate(int(a)), rate(int(b))) for a, b in pairs)

    def test_agreement_of_equal_rates_is_the_rule(self) -> None:
        rng = np.random.default_rng(0)
        pairs = rng.binomial(10_000, 0.70, (200, 2))
        assert all(agree(rate(int(a)), rate(int(b))) for a, b in pairs)

    def test_without_a_right_value(self) -> None:
        a, b, c = (log_of(lambda x=x: observe("x", x, 0.01, passed=False)) for x in (0.5, 0.52, 0.7))
        assert agree(a, b)
        assert not agree(a, c)

    def test_nan(self) -> None:
        nan = log_of(lambda: observe("x", math.nan, 0.01, passed=False))
        assert not agree(nan, nan)


class TestAgreeOnEvents:
    def test_errors(self) -> None:
        kind, other = (log_of(lambda k=k: observe("raises", k, passed=False)) for k in ("KeyError", "TypeError"))
        assert agree(kind, kind)
        assert not agree(kind, other)

    def test_evidence_without_a_verdict_must_be_shared(self) -> None:
        failed = values(2 * RIGHT)
        three, four = (log_of(lambda n=n: observe("number of calls", n)) for n in (3, 4))
        assert agree(three + failed, three + failed)
        assert not agree(three + failed, four + failed)
        assert not agree(three, three)

    def test_properties(self) -> None:
        places, everywhere = (
            log_of(lambda c=c: assert_all(c, "must be positive", what="y"))
            for c in (torch.tensor([True, False]), torch.tensor([False, False]))
        )
        assert agree(places, places)
        assert not agree(places, everywhere)
