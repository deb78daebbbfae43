"""Statistical checks: false-alarm rates as stated, and mistakes found."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from autograder.compare import (
    assert_all,
    assert_independent,
    assert_mean,
    assert_rate,
    assert_variance,
    recording,
)
from autograder.errors import Mismatch, SuiteFault


def refuses(check: Any, *arguments: Any, **options: Any) -> bool:
    try:
        check(*arguments, what="it", **options)
    except Mismatch:
        return True
    return False


class TestRate:
    @pytest.mark.parametrize("n", [40, 1000])
    @pytest.mark.parametrize("p", [0.0, 0.001, 0.3, 0.5, 0.99, 1.0])
    def test_false_alarm_rate_is_at_most_as_stated(self, n: int, p: float) -> None:
        """Summed over every count that is refused; SciPy's distribution object is the independent oracle."""
        refused = [count for count in range(n + 1) if refuses(assert_rate, count, n, p, false_alarm=1e-7)]
        assert refused
        assert stats.binom.pmf(refused, n, p).sum() <= 1e-7

    def test_it_refuses_as_much_as_it_may(self) -> None:
        n, p = 1000, 0.3
        low, high = stats.binom.ppf(5e-10, n, p), stats.binom.isf(5e-10, n, p)
        assert refuses(assert_rate, int(low) - 1, n, p)
        assert not refuses(assert_rate, int(low) + 1, n, p)
        assert refuses(assert_rate, int(high) + 1, n, p)
        assert not refuses(assert_rate, int(high) - 1, n, p)

    @pytest.mark.parametrize(
        ("count", "p", "message"),
        [
            (4000, 0.3, "it should be about 30 %; yours is higher"),
            (7000, 0.3, "it should be about 30 %; yours is far higher"),
            (2000, 0.3, "it should be about 30 %; yours is lower"),
            (1000, 0.3, "it should be about 30 %; yours is far lower"),
            (0, 0.3, "it should be about 30 %; yours is 0 %"),
            (10_000, 0.3, "it should be about 30 %; yours is 100 %"),
            (10_000, 0.0, "it should be 0 %; yours is 100 %"),
            (9_900, 1.0, "it should be 100 %; yours is far lower"),
        ],
    )
    def test_message(self, count: int, p: float, message: str) -> None:
        with pytest.raises(Mismatch) as caught:
            assert_rate(count, 10_000, p, what="it")
        assert str(caught.value) == message

    @pytest.mark.parametrize("count", [300, 300.0, np.int64(300), torch.tensor(300), np.array(300.0)])
    def test_kinds_of_counts(self, count: Any) -> None:
        assert_rate(count, 1000, 0.3, what="it")

    @pytest.mark.parametrize(
        ("count", "n"), [(float("nan"), 100), (0.5, 100), (101, 100), (-1, 100), (0, 0), (None, 9), (float("inf"), 9)]
    )
    def test_nonsense_from_the_student_is_a_failed_check(self, count: Any, n: int) -> None:
        with recording() as log, pytest.raises(Mismatch):
            assert_rate(count, n, 0.5, what="it")
        assert [seen.passed for seen in log] == [False]

    def test_too_few_trials(self) -> None:
        with pytest.raises(SuiteFault, match="cannot show"):
            assert_rate(1, 30, 0.5, what="it")

    @pytest.mark.parametrize("options", [{"probability": 1.5}, {"probability": math.nan}, {"false_alarm": 0.01}])
    def test_settings(self, options: dict[str, float]) -> None:
        with pytest.raises(SuiteFault):
            assert_rate(50, 100, **{"probability": 0.5, **options}, what="it")

    def test_record(self) -> None:
        with recording() as log:
            assert_rate(300, 1000, 0.3, what="it")
            assert refuses(assert_rate, 1000, 1000, 0.3)
        assert [(seen.kind, seen.value, seen.passed, seen.expected) for seen in log] == [
            ("statistic", 0.3, True, 0.3),
            ("statistic", 1.0, False, 0.3),
        ]
        assert log[0].spread == pytest.approx(math.sqrt(0.3 * 0.7 / 1000), rel=0.01)
        assert isinstance(log[1].spread, float)
        assert log[1].spread > 0


class TestIndependent:
    @settings(deadline=None, max_examples=30)
    @given(st.integers(0, 2**32 - 1), st.sampled_from([0.3, 0.5, 0.8]))
    def test_independent_masks_pass(self, seed: int, p: float) -> None:
        a, b = np.random.default_rng(seed).random((2, 40, 25)) < p
        assert_independent(a, torch.tensor(b), p, what="masks")

    def test_the_same_mask_twice(self) -> None:
        a = np.random.default_rng(0).random(1000) < 0.3
        with pytest.raises(Mismatch, match="should be independent of each other, but they are identical"):
            assert_independent(a, a, 0.3, what="masks")

    def test_partly_the_same(self) -> None:
        rng = np.random.default_rng(0)
        a, b, copied = rng.random(4000) < 0.5, rng.random(4000) < 0.5, rng.random(4000) < 0.3
        with pytest.raises(Mismatch, match="agree more often"):
            assert_independent(a, np.where(copied, a, b), 0.5, what="masks")
        with pytest.raises(Mismatch, match="agree less often"):
            assert_independent(a, ~a, 0.5, what="masks")

    @pytest.mark.parametrize("mask", [None, [0, 1], np.ones(1000), np.ones(999, dtype=bool), "no"])
    def test_no_masks(self, mask: Any) -> None:
        with pytest.raises(Mismatch):
            assert_independent(np.ones(1000, dtype=bool), mask, 0.3, what="masks")

    def test_empty_masks(self) -> None:
        with pytest.raises(Mismatch, match="no values"):
            assert_independent(np.zeros(0, dtype=bool), np.zeros(0, dtype=bool), 0.3, what="masks")

    @pytest.mark.parametrize(("size", "p"), [(1000, 0.0), (1000, 1.0), (20, 0.5), (1000, 2.0)])
    def test_settings(self, size: int, p: float) -> None:
        with pytest.raises(SuiteFault):
            assert_independent(np.ones(size, dtype=bool), np.ones(size, dtype=bool), p, what="masks")


class TestMean:
    def test_normal_limit(self) -> None:
        limit = stats.norm.isf(5e-10) / 10  # std 1, n = 100
        for sign in (-1, 1):
            assert not refuses(assert_mean, 3 + sign * 0.999 * limit, 100, 3, 1)
            assert refuses(assert_mean, 3 + sign * 1.001 * limit, 100, 3, 1)

    @pytest.mark.parametrize(("n", "p"), [(200, 0.5), (1000, 0.1), (1000, 0.01), (20_000, 0.3)])
    def test_bernstein_keeps_the_rate_for_skewed_values(self, n: int, p: float) -> None:
        """Dropout's factors 0 or 1/p: the mean is binomial, so the false-alarm rate can be summed up."""
        std, bound = math.sqrt((1 - p) / p), (1 - p) / p if p < 0.5 else 1.0
        counts = np.arange(n + 1)[:: max(1, n // 2000)]
        refused = [k for k in counts if refuses(assert_mean, k / (n * p), n, 1, std, bound=bound)]
        low = max((k for k in refused if k < n * p), default=-1)
        high = min((k for k in refused if k > n * p), default=n + 1)
        assert stats.binom.cdf(low, n, p) + stats.binom.sf(high - 1, n, p) <= 1e-9
        assert high <= n

    @pytest.mark.parametrize(
        ("mean", "message"),
        [
            (1.5, "it is too large, more than chance explains"),
            (-100, "it is far too small, more than chance explains"),
            (math.nan, "it is NaN"),
            (math.inf, "it is far too large, more than chance explains"),
        ],
    )
    def test_message(self, mean: float, message: str) -> None:
        with recording() as log, pytest.raises(Mismatch) as caught:
            assert_mean(mean, 1000, 1, 1, what="it")
        assert str(caught.value) == message
        assert log[0].passed is False

    @pytest.mark.parametrize("mean", [None, [1.0], True, "1"])
    def test_no_number(self, mean: Any) -> None:
        with pytest.raises(Mismatch):
            assert_mean(mean, 1000, 1, 1, what="it")

    @pytest.mark.parametrize(
        "options",
        [
            {"std": 0},
            {"std": math.nan},
            {"expected": math.inf},
            {"n": 0},
            {"bound": 0.0},
            {"bound": 1.0},
            {"false_alarm": 0.1},
        ],
    )
    def test_settings(self, options: dict[str, Any]) -> None:
        with pytest.raises(SuiteFault):
            assert_mean(1.0, **{"n": 10, "expected": 1.0, "std": 1.0, **options}, what="it")


class TestVariance:
    @pytest.mark.parametrize("n", [2, 50, 100_000])
    def test_limits(self, n: int) -> None:
        low, high = (4 * q / (n - 1) for q in (stats.chi2.ppf(5e-10, n - 1), stats.chi2.isf(5e-10, n - 1)))
        assert not refuses(assert_variance, low * (1 + 1e-6), n, 4)
        assert refuses(assert_variance, low * (1 - 1e-6), n, 4) or low < 1e-12  # n = 2: almost anything may happen
        assert not refuses(assert_variance, high * (1 - 1e-6), n, 4)
        assert refuses(assert_variance, high * (1 + 1e-6), n, 4)

    def test_samples(self) -> None:
        x = np.random.default_rng(0).normal(0, 3, (20, 500))
        for sample in x:
            assert_variance(sample.var(ddof=1), 500, 9, what="it")
        assert refuses(assert_variance, x[0].std(ddof=1), 500, 9)
        assert refuses(assert_variance, math.nan, 500, 9)

    @pytest.mark.parametrize(("n", "expected"), [(1, 1.0), (10, 0.0), (10, math.nan)])
    def test_settings(self, n: int, expected: float) -> None:
        with pytest.raises(SuiteFault):
            assert_variance(1.0, n, expected, what="it")


class TestAll:
    @pytest.mark.parametrize("condition", [True, np.True_, torch.tensor(True), torch.ones(3) > 0, np.ones((2, 2)) > 0])
    def test_holds(self, condition: Any) -> None:
        with recording() as log:
            assert_all(condition, "must be positive", what="y")
        assert log[0].passed

    @pytest.mark.parametrize(
        ("condition", "message"),
        [
            (False, "y: must be positive"),
            (torch.tensor(False), "y: must be positive"),
            (torch.tensor([1.0, -1.0]) > 0, "y: must be positive (it is not so in 1 of 2 entries)"),
        ],
    )
    def test_fails(self, condition: Any, message: str) -> None:
        with recording() as log, pytest.raises(Mismatch) as caught:
            assert_all(condition, "must be positive", what="y")
        assert str(caught.value) == message
        assert log[0].passed is False

    def test_nothing_to_check(self) -> None:
        with pytest.raises(Mismatch, match="nothing to check"):
            assert_all(torch.zeros(0) > 0, "must be positive", what="y")

    @pytest.mark.parametrize("condition", [1, None, torch.ones(2), "yes", [True]])
    def test_no_condition(self, condition: Any) -> None:
        with pytest.raises(SuiteFault):
            assert_all(condition, "must be positive", what="y")
