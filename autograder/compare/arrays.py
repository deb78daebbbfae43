"""Comparison of a submission's numbers with the reference's.

Runs in the judge's process. The measure of error: an entry is right if

    |actual - expected| <= atol + rtol * max(|expected|, rms(expected))

with rms the root mean square of all finite expected entries. That is the elementwise relative error for entries of
typical size and above, and the normwise one for entries much smaller than the rest. Those come out of a cancellation,
and no method computes them to a small relative error: a backward stable algorithm bounds their error by the size of
what was subtracted (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sections 1.7 and 3.1). It is the
rms and not the maximum, so that one large entry among many does not excuse the others. An error of 8e-5 relative (eps
outside the square root) is 80,000 times the float64 tolerance in every entry of typical size, so nothing is lost by
it; quantities of different units or very different sizes should be compared one by one.

Nothing is ever broadcast. NaN never passes, unless ``nan_ok`` and the expected entry is NaN; an infinity equals only
itself. Messages never hold an expected or an actual value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from autograder.compare.differences import Difference, compare_entries
from autograder.compare.observations import Observation, is_recording, record, thinned
from autograder.compare.tolerances import TOLERANCES, Dtype, dtype_name, tolerance
from autograder.compare.values import (
    SEQUENCES,
    AnyArray,
    Wanted,
    described,
    device_fault,
    dtype_fault,
    fits_shape,
    is_array,
    is_scalar,
    is_tensor,
    plain_array,
    same_device,
    shape_fault,
)
from autograder.errors import Mismatch, SuiteFault

EXACT = (str, bytes, torch.dtype, torch.device, type(None))


def assert_matches(
    actual: Any,
    expected: Any,
    *,
    what: str = "the result",
    condition: float = 1.0,
    rtol: float | None = None,
    atol: float | None = None,
    nan_ok: bool = False,
) -> None:
    """Raise Mismatch unless ``actual`` is ``expected`` up to rounding, in the measure of the module's docstring.

    actual      anything that crosses the wire, or any other object
    expected    tensor, array, number, bool, None, text, dtype, device, or a list, tuple or dict of those, which is
                compared item by item (``what`` becomes "dx[0]", "params['W1']"); a list or tuple of plain numbers is
                an array
    condition   the problem's condition number; widens the table's tolerance, see ``tolerance``
    rtol, atol  replace the table's tolerances

    A tensor with axes asks for a tensor of the same dtype and device. An array with axes accepts an array, a CPU
    tensor or a rectangular nested list; equal integers may stand for floats, booleans and complex numbers may not. A
    scalar accepts a Python or NumPy number or a 0-d array or tensor of any dtype, but no array of shape (1,). Shapes
    are equal, or (m, 1) where (m,) is expected. Integers and booleans are compared exactly.

    All items are compared and logged before the first wrong one is reported. Raises SuiteFault for settings and
    expected values that cannot be used.
    """
    comparison = _Comparison(condition, rtol, atol, nan_ok, [])
    comparison.match(actual, expected, what)
    if comparison.faults:
        raise Mismatch(comparison.faults[0])


class _Fault(Exception):
    """Something is wrong in kind: in which respect, and the sentence for the student."""

    def __init__(self, defect: str, message: str) -> None:
        super().__init__(message)
        self.defect = defect


@dataclass(frozen=True)
class _Pair:
    """Two arrays of equal shape, and the precision and device whose tolerance applies."""

    actual: AnyArray
    expected: AnyArray
    dtype: Dtype
    device: str

    @property
    def exact(self) -> bool:
        """Booleans, and integers on both sides; a float that stands for an integer is compared as a float."""
        return self.expected.dtype.kind == "b" or {self.actual.dtype.kind, self.expected.dtype.kind} <= set("iu")


@dataclass(frozen=True)
class _Comparison:
    """One call of ``assert_matches``: its settings, and the faults found so far."""

    condition: float
    rtol: float | None
    atol: float | None
    nan_ok: bool
    faults: list[str]

    def __post_init__(self) -> None:
        if self.rtol is not None and not 0 <= self.rtol < 1:
            raise SuiteFault(f"rtol lies in [0, 1), since from 1 on zero passes for everything; found {self.rtol}")
        if self.atol is not None and not (math.isfinite(self.atol) and self.atol >= 0):
            raise SuiteFault(f"atol is finite and not negative; found {self.atol}")

    def match(self, actual: Any, expected: Any, what: str) -> None:
        if type(expected) in SEQUENCES and not _is_plain_numbers(expected):
            self._match_items(actual, list(expected), what)
        elif type(expected) is dict:
            self._match_dict(actual, expected, what)
        elif type(expected) in EXACT:
            self._match_exactly(actual, expected, what)
        elif is_scalar(expected):
            self._match_entries(_scalar_pair, actual, expected, what)
        elif is_tensor(expected):
            self._match_entries(_tensor_pair, actual, expected, what)
        elif is_array(expected) or type(expected) in SEQUENCES:
            self._match_entries(_array_pair, actual, expected, what)
        else:
            raise SuiteFault(f"{what}: a value of type {type(expected).__name__} cannot be the expected one")

    def _match_items(self, actual: Any, expected: list[Any], what: str) -> None:
        count = _count_items(actual)
        if count is None:
            self._refuse("type", f"{what} is {described(actual)}; expected {len(expected)} values", what)
        elif count != len(expected):
            self._refuse("length", f"{what} has {count} items; expected {len(expected)}", what)
        else:
            for index, (mine, right) in enumerate(zip(actual, expected, strict=True)):
                self.match(mine, right, f"{what}[{index}]")

    def _match_dict(self, actual: Any, expected: dict[Any, Any], what: str) -> None:
        if type(actual) is not dict:
            self._refuse("type", f"{what} is {described(actual)}; expected a dict", what)
            return
        missing = [key for key in expected if key not in actual]
        extra = [key for key in actual if key not in expected]
        if missing:
            self._refuse("keys", f"{what} lacks the key {missing[0]!r}", what)
        elif extra:
            named = f" {extra[0][:40]!r}" if type(extra[0]) is str else ""
            self._refuse("keys", f"{what} has a key{named} that should not be there", what)
        else:
            for key, right in expected.items():
                self.match(actual[key], right, f"{what}[{key!r}]")

    def _match_exactly(self, actual: Any, expected: Any, what: str) -> None:
        if type(actual) is not type(expected):
            wanted = {str: "a text", bytes: "bytes", type(None): "None"}.get(type(expected), described(expected))
            self._refuse("type", f"{what} is {described(actual)}; expected {wanted}", what)
        elif not (same_device(actual, expected) if type(expected) is torch.device else actual == expected):
            self._refuse("value", f"{what} is {described(actual)}, but not the right one", what, str(actual)[:1000])
        else:
            record(Observation(what, "event", str(actual)[:1000], passed=True))

    def _refuse(self, defect: str, message: str, what: str, evidence: str | None = None) -> None:
        """There are no numbers to log: the text, or else the sentence itself, is the evidence."""
        record(Observation(what, "event", evidence or message, passed=False, defect=defect))
        self.faults.append(message)

    def _match_entries(self, pairing: Callable[[Any, Any, str], _Pair], actual: Any, expected: Any, what: str) -> None:
        try:
            pair = pairing(actual, expected, what)
        except _Fault as fault:
            _record_fault(fault, actual, what)
            self.faults.append(str(fault))
            return
        difference = compare_entries(pair.actual, pair.expected, *self._tolerance(pair), self.nan_ok)
        _record_pair(pair, difference, what)
        if not difference.passed:
            self.faults.append(difference.message(what) + _precision_hint(pair, difference))

    def _tolerance(self, pair: _Pair) -> tuple[float, float]:
        if pair.exact:
            rtol = atol = 0.0
        else:
            name = dtype_name(pair.dtype)  # an integer or longdouble that floats are compared with counts as float64
            rtol, atol = tolerance(name if name in TOLERANCES else "float64", pair.device, self.condition)
        return (rtol if self.rtol is None else self.rtol), (atol if self.atol is None else self.atol)


def _is_plain_numbers(items: Any) -> bool:
    numbers = (int, float, np.integer, np.floating)
    return len(items) > 0 and all(type(item) is not bool and issubclass(type(item), numbers) for item in items)


def _count_items(value: Any) -> int | None:
    """How many items a list or tuple, or a dense tensor or array along its first axis, has; else None."""
    if type(value) in SEQUENCES:
        return len(value)
    dense = is_tensor(value) and value.layout is torch.strided and not value.is_quantized
    if (dense or is_array(value)) and value.ndim > 0:
        return int(value.shape[0])
    return None


def _tensor_pair(actual: Any, expected: torch.Tensor, what: str) -> _Pair:
    right = _right_entries(expected, what)
    if not is_tensor(actual):
        raise _Fault("type", f"{what} is {described(actual)}; expected a torch tensor")
    if not fits_shape(tuple(actual.shape), tuple(expected.shape)):
        raise _Fault("shape", shape_fault(what, tuple(actual.shape), tuple(expected.shape)))
    if actual.dtype != expected.dtype:
        raise _Fault("dtype", dtype_fault(what, actual.dtype, expected.dtype))
    if not same_device(actual.device, expected.device):
        raise _Fault("device", device_fault(what, actual.device, expected.device))
    mine = _entries(actual.detach().cpu(), right, what)
    return _Pair(mine.reshape(right.shape), right, expected.dtype, expected.device.type)


def _array_pair(actual: Any, expected: Any, what: str) -> _Pair:
    right = _right_entries(expected, what)
    mine = _entries(actual, right, what)
    if not fits_shape(mine.shape, right.shape):
        raise _Fault("shape", shape_fault(what, mine.shape, right.shape))
    return _Pair(mine.reshape(right.shape), right, right.dtype, "cpu")


def _scalar_pair(actual: Any, expected: Any, what: str) -> _Pair:
    right = _right_entries(expected, what)
    if not is_scalar(actual):
        if is_tensor(actual) or is_array(actual):
            raise _Fault("shape", shape_fault(what, tuple(actual.shape), ()))
        wanted = "a boolean" if right.dtype.kind == "b" else "a number"
        raise _Fault("type", f"{what} is {described(actual)}; expected {wanted}")
    mine = _entries(actual, right, what)
    places = {value.device.type for value in (actual, expected) if is_tensor(value)}
    dtype = expected.dtype if is_tensor(expected) else right.dtype
    return _Pair(mine, right, dtype, "cuda" if "cuda" in places else "cpu")


def _right_entries(expected: Any, what: str) -> AnyArray:
    """The reference's entries; what cannot be used is the suite's fault, never the student's."""
    kind = expected.dtype if is_tensor(expected) or is_array(expected) else type(expected)
    wanted: Wanted = "booleans" if kind in (bool, np.bool_, np.dtype(bool), torch.bool) else "numbers"
    try:
        return plain_array(expected.detach().cpu() if is_tensor(expected) else expected, what, wanted)
    except Mismatch as error:
        raise SuiteFault(f"the expected value cannot be compared: {error}") from error


def _entries(value: Any, right: AnyArray, what: str) -> AnyArray:
    try:
        return plain_array(value, what, "booleans" if right.dtype.kind == "b" else "numbers")
    except Mismatch as error:
        raise _Fault("type", str(error)) from error


def _record_fault(fault: _Fault, actual: Any, what: str) -> None:
    """A wrong shape, dtype or device is evidence together with the numbers, where there are any."""
    if not is_recording():
        return
    try:
        dense = is_tensor(actual) and actual.device.type != "meta"
        entries = plain_array(actual.detach().cpu() if dense else actual, what)
    except Mismatch:
        record(Observation(what, "event", str(fault), passed=False, defect=fault.defect))
        return
    dtype = dtype_name(actual.dtype) if is_tensor(actual) else entries.dtype.name
    shape = entries.shape
    record(Observation(what, "value", thinned(entries), None, False, None, dtype, shape, fault.defect))


def _record_pair(pair: _Pair, difference: Difference, what: str) -> None:
    if not is_recording():
        return
    record(
        Observation(
            label=what,
            kind="value",
            value=thinned(pair.actual),
            spread=thinned(difference.allowed),
            passed=difference.passed,
            expected=thinned(pair.expected),
            dtype=dtype_name(pair.dtype),
            shape=pair.actual.shape,
            defect="" if difference.passed else "value",
            taken=difference.taken,
        )
    )


def _precision_hint(pair: _Pair, difference: Difference) -> str:
    """A result that is right to the digits of a lower precision was computed in that precision."""
    found = pair.actual.dtype.name
    if difference.worst is None or found not in ("float16", "float32") or pair.expected.dtype != np.float64:
        return ""
    return f". Was it computed in {found}?" if difference.worst <= 100 * TOLERANCES[found].unit_roundoff else ""
