"""Where two arrays of equal shape differ, by how much, and in what pattern.

Runs in the judge's process. The measure of error is explained in ``autograder.compare.arrays``. Messages tell number,
size and pattern of the differences, never an entry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autograder.compare.values import AnyArray, FloatArray, as_float64

BoolArray = npt.NDArray[np.bool_]

MIN_PATTERN = 3  # fewer entries than this fit every pattern
TELLING = 100  # an entry tells something about a pattern if it is this many times its tolerance


@dataclass(frozen=True, eq=False)
class Difference:
    """Result of a comparison; arrays have the shape of the compared ones.

    actual, expected    the entries as float64
    wrong               which entries are wrong
    allowed             the allowed absolute error of each entry
    rtol                its relative part; 0 for an exact comparison
    worst               largest error of a wrong entry relative to its scale; None if no wrong entry has one
    """

    actual: FloatArray
    expected: FloatArray
    wrong: BoolArray
    allowed: FloatArray
    rtol: float
    worst: float | None

    @property
    def passed(self) -> bool:
        return not self.wrong.any()

    @property
    def taken(self) -> float:
        """The share of its tolerance that the worst entry takes: above 1 it is wrong; infinite for NaN and its like."""
        if self.wrong.size == 0:
            return 0.0
        with np.errstate(all="ignore"):
            shares = np.abs(self.actual - self.expected) / self.allowed
        settled = np.where(self.wrong, np.inf, 0.0)  # entries equal or not, whatever the tolerance
        shares = np.where(np.isfinite(shares), shares, settled)
        return float(np.max(shares))

    def message(self, what: str) -> str:
        """One sentence for the student, with a hint where the difference shows a pattern."""
        total, count = self.wrong.size, int(self.wrong.sum())
        bad = self.wrong & ~np.isfinite(self.actual)
        if bad.any():
            return _not_finite(what, self.actual[bad], total)
        where = "" if self.wrong.ndim == 0 else f"s in {count} of {total} {'entry' if total == 1 else 'entries'}"
        return f"{what} differs from the correct value{where}{self._size()}{self._hint()}"

    def _size(self) -> str:
        if self.worst is None or self.rtol == 0.0:
            return ""
        if self.wrong.size == 1:  # two digits of one number's error are two digits of the number
            return f" (error about {self.worst:.0e} relative, allowed {self.rtol:.0e})"
        return f" (largest error {self.worst:.1e} relative, allowed {self.rtol:.0e})"

    def _hint(self) -> str:
        """The first pattern that explains every entry, in kind."""
        mine, right, allowed = self.actual, self.expected, self.allowed
        if self.rtol == 0.0 or not (np.isfinite(mine).all() and np.isfinite(right).all()):
            return ""
        with np.errstate(all="ignore"):
            if not mine.any():
                return ". Every entry is zero" if mine.ndim else ". It is zero"
            if (np.abs(mine + right) <= allowed).all():
                return ". The sign is flipped"
            if mine.ndim == 2 and mine.shape[0] == mine.shape[1] and (np.abs(mine.T - right) <= allowed).all():
                return ". It is transposed"
            if _is_multiple(mine, right, allowed):
                return ". Every entry is the same multiple of the correct one"
            if _is_shifted(mine, right, allowed):
                return ". Every entry is off by the same constant"
        return ""


def scale_of(expected: FloatArray) -> FloatArray:
    """What the error of each entry is relative to: its own size, or the rms of all finite entries if that is larger."""
    sizes = np.abs(expected)
    finite = sizes[np.isfinite(sizes)]
    top = float(finite.max(initial=0.0))
    if top == 0.0:
        return sizes
    rms = top * float(np.sqrt(np.mean((finite / top) ** 2)))  # divided first: squares must not overflow
    return np.maximum(sizes, rms)


def compare_entries(actual: AnyArray, expected: AnyArray, rtol: float, atol: float, nan_ok: bool) -> Difference:
    """Compare two arrays of equal shape; ``rtol = atol = 0`` compares exactly, 64-bit integers too."""
    mine, right = as_float64(actual), as_float64(expected)
    same = np.asarray(actual == expected)  # before the conversion: float64 cannot tell large integers apart
    if nan_ok:
        same = same | (np.isnan(mine) & np.isnan(right))
    finite = np.isfinite(mine) & np.isfinite(right)
    with np.errstate(all="ignore"):
        scale = scale_of(right)
        allowed = np.asarray(atol + rtol * scale)
        error = np.abs(mine - right)
        near = same if rtol == atol == 0.0 else error <= allowed
        wrong = np.asarray(~np.where(finite, near, same))  # an infinity equals only itself, whatever the tolerance
        measured = wrong & finite & (scale > 0)
        worst = float((error[measured] / scale[measured]).max()) if measured.any() else None
    return Difference(mine, right, wrong, allowed, rtol, worst)


def _not_finite(what: str, entries: FloatArray, total: int) -> str:
    nan = np.isnan(entries)
    found, count = ("NaN", int(nan.sum())) if nan.any() else ("infinite", entries.size)
    return f"{what} is {found}" if total == 1 else f"{what} is {found} in {count} of {total} entries"


def _is_multiple(mine: FloatArray, right: FloatArray, allowed: FloatArray) -> bool:
    """One factor explains all entries, and at least three of them are large enough to say so."""
    telling = np.abs(right) > TELLING * allowed
    if int(telling.sum()) < MIN_PATTERN:
        return False
    factor = float(np.median(mine[telling] / right[telling]))
    return bool((np.abs(mine - factor * right) <= max(abs(factor), 1.0) * allowed).all())


def _is_shifted(mine: FloatArray, right: FloatArray, allowed: FloatArray) -> bool:
    """One constant explains all entries, and the correct ones differ enough among themselves to say so."""
    if mine.size < MIN_PATTERN or float(np.ptp(right)) <= TELLING * float(allowed.max()):
        return False
    shift = float(np.median(mine - right))
    growth = 1 + abs(shift) / float(np.abs(right).max())  # a large shift brings its own rounding
    return bool((np.abs(mine - right - shift) <= growth * allowed).all())
