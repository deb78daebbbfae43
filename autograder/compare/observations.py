"""What a test saw: the log by which a wrong submission is recognized as a known misconception.

Runs in the judge's process. Inside ``recording()`` every assertion of this package logs an ``Observation`` before it
can fail. The same test (same seeds) on a submission and on a known misconception gives two logs, and ``agree`` says
whether they show the same wrong result. It must not name a misconception that does not fit: whatever is no evidence
for agreement is disagreement.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from autograder.compare.tolerances import TOLERANCES
from autograder.compare.values import AnyArray, FloatArray, as_float64, described, plain_array
from autograder.errors import Mismatch

MAX_ENTRIES = 100_000  # of one logged array; of a larger one every k-th entry is kept
VALUE_GAP_SHARE = 0.05  # wrong values are the same if they differ by at most this share of their error
SAME_ERRORS = 4.0  # two estimates of one number are rarely (6e-5) more combined standard errors apart
FAR_ERRORS = 8.0  # an estimate this many standard errors from the right number is certainly wrong
ESTIMATE_GAP_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class Observation:
    """One thing that a test saw.

    label      what was looked at, e.g. "dx" or "the share of dropped values"
    kind       "value": deterministic numbers; "statistic": an estimate; "event": a text, e.g. an exception's class
    value      float64 array, float, or text
    spread     the standard error of an estimate; for values the allowed error of each entry, where it is known
    passed     the verdict; None for evidence that carries no verdict
    expected   the right value, where it is known (it never reaches a message)
    dtype      name of the values' dtype before their conversion to float64
    shape      of the values before long arrays were thinned out
    defect     in what respect it is wrong: "value", or in kind ("type", "dtype", "device", "shape", ...); "" if right
    taken      the share of what is allowed that the error takes (above 1 it is wrong), where there is such a limit
    """

    label: str
    kind: Literal["value", "statistic", "event"]
    value: FloatArray | float | str | None
    spread: FloatArray | float | None = None
    passed: bool | None = None
    expected: FloatArray | float | None = None
    dtype: str = ""
    shape: tuple[int, ...] = ()
    defect: str = ""
    taken: float | None = None


_log: ContextVar[list[Observation] | None] = ContextVar("observations", default=None)


@contextmanager
def recording() -> Iterator[list[Observation]]:
    """Collect the observations made inside the ``with`` block in the list that it yields; an inner block wins."""
    observations: list[Observation] = []
    token = _log.set(observations)
    try:
        yield observations
    finally:
        _log.reset(token)


def is_recording() -> bool:
    """Whether somebody collects observations: spares assertions the copies that nobody reads."""
    return _log.get() is not None


def record(observation: Observation) -> None:
    """Append to the current log; outside ``recording()`` there is none."""
    log = _log.get()
    if log is not None:
        log.append(observation)


def observe(what: str, value: Any, spread: float | None = None, *, passed: bool | None = None) -> None:
    """Log something that no assertion looks at, e.g. the class of the exception that was raised.

    A text is an event, a number with a standard error ``spread`` a statistic, numbers without one are values, and
    anything else is an event in kind ("a dict"). Without a verdict (``passed=None``) it is evidence that two logs must
    share in order to agree.
    """
    if type(value) is str:
        record(Observation(what, "event", value, passed=passed))
        return
    try:
        array = plain_array(value, what)
    except Mismatch:
        # Not numbers: the kind is all that can be compared. A bool is told by its value.
        text = str(value) if type(value) in (bool, np.bool_) else described(value)
        record(Observation(what, "event", text, passed=passed))
        return
    if spread is not None and array.ndim == 0:
        record(Observation(what, "statistic", float(as_float64(array)), float(spread), passed))
    else:
        record(Observation(what, "value", thinned(array), None, passed, dtype=array.dtype.name, shape=array.shape))


def thinned(array: AnyArray) -> FloatArray:
    """A float64 copy; of more than ``MAX_ENTRIES`` entries every k-th of the flattened array, always the same ones."""
    step = math.ceil(array.size / MAX_ENTRIES)
    return np.array(as_float64(array if step <= 1 else array.ravel()[::step]))


def agree(student_log: list[Observation], variant_log: list[Observation]) -> bool:
    """Whether a submission and a known misconception gave the same wrong results in one test.

    They did if both logs hold the same labels with the same verdicts, at least one of them a failure, and every failed
    observation (and every one without a verdict) is the same in both: values within rounding and within 5 % of their
    error; estimates within four combined standard errors and within a quarter of their error, which is at least eight
    standard errors; events, and faults in kind, identical.
    """
    if len(student_log) != len(variant_log):
        return False
    pairs = list(zip(student_log, variant_log, strict=True))
    if any(
        (mine.label, mine.kind, mine.passed) != (theirs.label, theirs.kind, theirs.passed) for mine, theirs in pairs
    ):
        return False
    if all(mine.passed is not False for mine, _ in pairs):
        return False
    return all(_same(mine, theirs) for mine, theirs in pairs if not mine.passed)


def _same(mine: Observation, theirs: Observation) -> bool:
    if mine.defect != theirs.defect:
        return False
    if mine.kind == "event":
        return mine.value == theirs.value
    if mine.kind == "statistic":
        return _same_estimate(mine, theirs)
    if not (isinstance(mine.value, np.ndarray) and isinstance(theirs.value, np.ndarray)):
        return False
    if (mine.dtype, mine.shape) != (theirs.dtype, theirs.shape):
        return False
    finite = np.isfinite(theirs.value)
    if not np.array_equal(mine.value[~finite], theirs.value[~finite], equal_nan=True):
        return False
    with np.errstate(over="ignore"):
        distance = np.abs(mine.value[finite] - theirs.value[finite])
    return bool((distance <= _allowed(theirs, theirs.value)[finite]).all())  # NaN in mine alone is never <=


def _allowed(wrong: Observation, values: FloatArray) -> FloatArray:
    """How far another submission's entries may lie from these wrong ones to be the same mistake."""
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    rtol = TOLERANCES[wrong.dtype].rtol if wrong.dtype in TOLERANCES else 0.0
    rounding: FloatArray = np.full(values.shape, rtol * largest)
    if isinstance(wrong.spread, np.ndarray):
        rounding = np.maximum(rounding, wrong.spread)
    if not isinstance(wrong.expected, np.ndarray):
        return rounding
    with np.errstate(all="ignore"):
        errors = np.abs(values - wrong.expected)
    limit = VALUE_GAP_SHARE * float(errors[np.isfinite(errors)].max(initial=0.0))
    return np.asarray(np.minimum(rounding, limit))


def _same_estimate(mine: Observation, theirs: Observation) -> bool:
    estimates, errors, right = (
        [x for x in pair if isinstance(x, float)]
        for pair in ((mine.value, theirs.value), (mine.spread, theirs.spread), (mine.expected, theirs.expected))
    )
    if len(estimates) < 2 or len(errors) < 2:
        return False
    distance = abs(estimates[0] - estimates[1])
    if not distance <= SAME_ERRORS * math.hypot(*errors):
        return False
    if len(right) < 2:
        return True
    gaps = [estimate - number for estimate, number in zip(estimates, right, strict=True)]
    far = all(abs(gap) >= FAR_ERRORS * error for gap, error in zip(gaps, errors, strict=True))
    return far and distance <= ESTIMATE_GAP_SHARE * min(map(abs, gaps))
