"""Statistical checks of random results, and checks of properties.

Runs in the judge's process. A random result is never compared with the numbers of one seed: a correct submission may
draw in any order. Each check states its false-alarm rate, the probability that it refuses a correct submission; a test
that makes k such checks refuses one with at most k times that probability.

``what`` names the quantity in the student's words: "the share of dropped values", "the mean of the outputs".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special  # type: ignore[import-untyped]  # SciPy carries no type information

from autograder.compare.checked import as_number, entries_of, refuse
from autograder.compare.observations import Observation, record
from autograder.compare.values import AnyArray, described, is_array, is_tensor, plain_array
from autograder.errors import Mismatch, SuiteFault

FALSE_ALARM = 1e-9
LARGEST_FALSE_ALARM = 1e-6


def assert_rate(
    successes: Any, trials: Any, probability: float, *, what: str, false_alarm: float = FALSE_ALARM
) -> None:
    """Raise Mismatch unless a count fits ``trials`` independent events of this probability (in [0, 1]).

    False-alarm rate: at most ``false_alarm`` for every number of trials and every probability. The count is binomial,
    and the check fails only where P(X <= count) or P(X >= count), from the binomial distribution itself and no
    approximation to it, is below ``false_alarm / 2``.

    Raises SuiteFault if there are too few trials for any count to fail.
    """
    _check(false_alarm, probability)
    count, n = _count_of(successes, trials, what)
    if min(probability, 1 - probability) ** n >= false_alarm / 2:  # the probability of the rarer extreme count
        raise SuiteFault(f"{what}: {n} trials cannot show a wrong rate at a false-alarm rate of {false_alarm:g}")
    rate = count / n
    tail = _binomial_tail(count, n, probability)
    passed = tail >= false_alarm / 2
    _record_rate(what, rate, n, passed, probability, (tail, false_alarm / 2))
    if not passed:
        raise Mismatch(f"{what} should be {_percent(probability)}; yours is {_compared(rate, probability)}")


def assert_independent(
    mask_a: Any, mask_b: Any, probability: float, *, what: str, false_alarm: float = FALSE_ALARM
) -> None:
    """Raise Mismatch unless two boolean masks agree as often as independent draws with this probability of True.

    mask_a, mask_b    boolean tensors (any device), arrays or lists of one shape, each of independent entries
    probability       of True, strictly between 0 and 1
    what              the masks, in the plural: "the masks of two calls"

    False-alarm rate: at most ``false_alarm``. Two independent entries agree with probability p^2 + (1 - p)^2, so the
    number of agreements is binomial; see ``assert_rate``. Masks with a wrong rate fail too: check the rate first.
    """
    _check(false_alarm, probability)
    if probability in (0.0, 1.0):
        raise SuiteFault(f"{what}: masks that are constant by right cannot show whether they are independent")
    a, b = (entries_of(mask.detach().cpu() if is_tensor(mask) else mask, what, "booleans") for mask in (mask_a, mask_b))
    if a.shape != b.shape:
        refuse(what, f"{what} differ in shape: {a.shape} and {b.shape}")
    chance = probability**2 + (1 - probability) ** 2
    agreements, n = _count_of(int((a == b).sum()), a.size, what)
    if min(chance, 1 - chance) ** n >= false_alarm / 2:
        raise SuiteFault(f"{what}: {n} entries cannot show a dependence at a false-alarm rate of {false_alarm:g}")
    tail = _binomial_tail(agreements, n, chance)
    passed = tail >= false_alarm / 2
    _record_rate(what, agreements / n, n, passed, chance, (tail, false_alarm / 2))
    if not passed:
        often = "more often" if agreements > chance * n else "less often"
        found = "are identical" if agreements == n else f"agree {often} than chance allows"
        raise Mismatch(f"{what} should be independent of each other, but they {found}")


def assert_mean(
    sample_mean: Any,
    n: int,
    expected: float,
    std: float,
    *,
    what: str,
    false_alarm: float = FALSE_ALARM,
    bound: float | None = None,
) -> None:
    """Raise Mismatch unless the mean of ``n`` independent values fits their expectation and standard deviation ``std``.

    False-alarm rate with ``bound``, which the distance of a value from its expectation never exceeds: at most
    ``false_alarm`` for every distribution and n, by Bernstein's inequality
    P(|mean - expected| >= t) <= 2 exp(-n t^2 / (2 (std^2 + bound t / 3))),
    see Boucheron, Lugosi, Massart, Concentration Inequalities (2013), section 2.8.

    Without ``bound``: exactly ``false_alarm`` for normal values, whose mean is normal. For other values it would rest
    on the central limit theorem, which is no good so far out in the tails (the mean of 1000 dropout factors with
    p = 0.9 exceeds the stated rate eightfold): give the bound.

    Raises SuiteFault if n is so small that no mean within the bound could fail.
    """
    _check(false_alarm)
    if not (std > 0 and math.isfinite(std) and math.isfinite(expected) and n >= 1):
        raise SuiteFault(f"{what}: a finite expectation, a positive standard deviation and n >= 1 are needed")
    mean = as_number(sample_mean, what=what)
    error = std / math.sqrt(n)
    normal = -float(special.ndtri(false_alarm / 2)) * error
    allowed = normal if bound is None else _bernstein(n, std, bound, false_alarm)
    _judge_estimate(what, mean, error, (expected - allowed, expected, expected + allowed))


def assert_variance(
    sample_variance: Any, n: int, expected: float, *, what: str, false_alarm: float = FALSE_ALARM
) -> None:
    """Raise Mismatch unless the unbiased variance of ``n`` independent normal values fits their variance ``expected``.

    False-alarm rate: exactly ``false_alarm`` for normal values, since (n - 1) s^2 / variance has a chi-square
    distribution with n - 1 degrees of freedom, and the check fails in the outer ``false_alarm / 2`` of each tail. For
    values that are not normal nothing is promised: do not use it there.
    """
    _check(false_alarm)
    if not (expected > 0 and math.isfinite(expected) and n >= 2):
        raise SuiteFault(f"{what}: a positive, finite variance and n >= 2 are needed")
    variance = as_number(sample_variance, what=what)
    half = (n - 1) / 2  # a chi-square variable of 2a degrees of freedom is twice a gamma variable of shape a
    low = float(special.gammaincinv(half, false_alarm / 2)) / half * expected
    high = float(special.gammainccinv(half, false_alarm / 2)) / half * expected
    error = (abs(variance) if math.isfinite(variance) else expected) / math.sqrt(half)
    _judge_estimate(what, variance, error, (low, expected, high))


def assert_all(condition: Any, message: str, *, what: str) -> None:
    """Raise Mismatch with ``message`` unless a property holds everywhere.

    condition    a bool, or a boolean tensor (any device) or array; an empty one is a Mismatch: nothing was checked
    message      the property, for the student: "must be zero where the value was dropped"
    what         what should have it: "dx"
    """
    if not (is_tensor(condition) or is_array(condition) or type(condition) in (bool, np.bool_)):
        raise SuiteFault(f"{what}: the condition is {described(condition)}; expected booleans")
    try:
        holds = plain_array(condition.detach().cpu() if is_tensor(condition) else condition, what, "booleans")
    except Mismatch as error:
        raise SuiteFault(f"the condition cannot be used: {error}") from error
    if holds.size == 0:
        refuse(what, f"{what} is empty: there is nothing to check")
    _record_property(what, message, holds)
    if not holds.all():
        where = f" (it is not so in {int((~holds).sum())} of {holds.size} entries)" if holds.ndim else ""
        raise Mismatch(f"{what}: {message}{where}")


def _check(false_alarm: float, probability: float = 0.5) -> None:
    if not 0 < false_alarm <= LARGEST_FALSE_ALARM:
        raise SuiteFault(f"a false-alarm rate lies in (0, {LARGEST_FALSE_ALARM:g}]; found {false_alarm}")
    if not 0 <= probability <= 1:
        raise SuiteFault(f"a probability lies in [0, 1]; found {probability}")


def _count_of(successes: Any, trials: Any, what: str) -> tuple[int, int]:
    """Both as ints. They come from the student's output, so nonsense in them is the student's failed check."""
    count, n = as_number(successes, what=what), as_number(trials, what=what)
    if n == 0:
        refuse(what, f"{what} cannot be counted: there are no values")
    if not (count.is_integer() and n.is_integer() and 0 <= count <= n):
        refuse(what, f"{what} cannot be counted: the values are not what they should be")
    return int(count), int(n)


def _binomial_tail(count: int, n: int, probability: float) -> float:
    """The smaller of P(X <= count) and P(X >= count) for a binomial X."""
    at_most = 1.0 if count >= n else float(special.bdtr(count, n, probability))
    at_least = 1.0 if count <= 0 else float(special.bdtrc(count - 1, n, probability))
    return min(at_most, at_least)


def _bernstein(n: int, std: float, bound: float, false_alarm: float) -> float:
    """The t at which Bernstein's bound is ``false_alarm``: the positive root of a quadratic equation."""
    if not (math.isfinite(bound) and bound > 0):
        raise SuiteFault(f"a bound is positive and finite; found {bound}")
    log = math.log(2 / false_alarm)
    linear = bound * log / (3 * n)
    allowed = linear + math.sqrt(linear**2 + 2 * std**2 * log / n)
    if allowed >= bound:
        raise SuiteFault(f"the mean of {n} values cannot show anything at a false-alarm rate of {false_alarm:g}")
    return allowed


def _judge_estimate(what: str, value: float, error: float, limits: tuple[float, float, float]) -> None:
    low, expected, high = limits
    rounding = 1e-12 * abs(expected)  # of the estimate itself
    passed = low - rounding <= value <= high + rounding
    width = high - expected if value > expected else expected - low
    taken = abs(value - expected) / width if width > 0 and math.isfinite(value) else (0.0 if passed else math.inf)
    defect = "" if passed else "value"
    record(Observation(what, "statistic", value, error, passed, float(expected), defect=defect, taken=taken))
    if math.isnan(value):
        raise Mismatch(f"{what} is NaN")
    if not passed:
        far = "far " if abs(value - expected) > 10 * width else ""
        raise Mismatch(f"{what} is {far}too {'large' if value > expected else 'small'}, more than chance explains")


def _record_rate(what: str, rate: float, n: int, passed: bool, probability: float, chance: tuple[float, float]) -> None:
    """Log a rate. ``chance``: that of a tail as far out as this one, and the least that passes."""
    smoothed = (rate * n + 1) / (n + 2)  # so that a rate of 0 or 1 has a standard error too
    error = math.sqrt(smoothed * (1 - smoothed) / n)
    found, least = chance
    taken = math.log(found) / math.log(least) if found > 0 else math.inf
    defect = "" if passed else "value"
    record(Observation(what, "statistic", rate, error, passed, float(probability), defect=defect, taken=taken))


def _record_property(what: str, message: str, holds: AnyArray) -> None:
    """Where in random results it fails depends on the draw; that it fails everywhere or in places does not."""
    if holds.all():
        found = "holds"
    elif holds.any():
        found = "fails in places"
    else:
        found = "fails everywhere"
    record(Observation(what, "event", f"{message}: {found}", passed=found == "holds"))


def _percent(probability: float) -> str:
    return f"{100 * probability:g} %" if probability in (0.0, 1.0) else f"about {100 * probability:.3g} %"


def _compared(rate: float, probability: float) -> str:
    """Lower or higher, "far" where the odds differ by more than a factor of two."""
    if rate in (0.0, 1.0):
        return f"{100 * rate:g} %"
    odds = rate * (1 - probability), probability * (1 - rate)
    far = "far " if max(odds) > 2 * min(odds) else ""
    return far + ("higher" if rate > probability else "lower")
