"""Checked values for suites that go on computing with what a submission returned.

Runs in the judge's process. A refusal is logged as an observation and raised as ``Mismatch``, with a message for the
student; whatever comes back is of the stated kind and safe to compute with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
import torch

from autograder.compare.observations import Observation, record
from autograder.compare.values import (
    AnyArray,
    FloatArray,
    Wanted,
    as_float64,
    described,
    device_fault,
    dtype_fault,
    fits_shape,
    is_array,
    is_scalar,
    is_tensor,
    plain_array,
    refuse_unusual,
    same_device,
    shape_fault,
)
from autograder.errors import Mismatch


def refuse(what: str, message: str) -> NoReturn:
    """Log the fault (the sentence is all the evidence there is) and raise Mismatch."""
    record(Observation(what, "event", message, passed=False, defect="kind"))
    raise Mismatch(message)


def as_tensor(
    value: Any,
    *,
    what: str,
    shape: Sequence[int] | None = None,
    dtype: torch.dtype | None = None,
    device: str | torch.device | None = None,
    finite: bool = False,
) -> torch.Tensor:
    """The value, detached, if it is a dense tensor of this shape, dtype and device; what is None is not checked.

    (m, 1) where (m,) is asked for comes back as (m,). ``finite=True`` refuses NaN and infinities too.
    Raises Mismatch.
    """
    if not is_tensor(value):
        refuse(what, f"{what} is {described(value)}; expected a torch tensor")
    if shape is not None and not fits_shape(tuple(value.shape), tuple(shape)):
        refuse(what, shape_fault(what, tuple(value.shape), tuple(shape)))
    if dtype is not None and value.dtype != dtype:
        refuse(what, dtype_fault(what, value.dtype, dtype))
    if device is not None and not same_device(value.device, torch.device(device)):
        refuse(what, device_fault(what, value.device, torch.device(device)))
    try:
        refuse_unusual(value, what)
    except Mismatch as mismatch:
        refuse(what, str(mismatch))
    tensor = value.detach()
    if finite and not bool(torch.isfinite(tensor).all()):
        refuse(what, f"{what} holds NaN or infinite values")
    return tensor if shape is None else tensor.reshape(tuple(shape))


def as_array(value: Any, *, what: str, shape: Sequence[int] | None = None, finite: bool = False) -> FloatArray:
    """A float64 copy of an array, a CPU tensor, or a rectangular nested list or tuple of numbers, of this shape.

    (m, 1) where (m,) is asked for comes back as (m,). ``finite=True`` refuses NaN and infinities too.
    Raises Mismatch.
    """
    array = as_float64(entries_of(value, what, "numbers"))
    if shape is not None and not fits_shape(array.shape, tuple(shape)):
        refuse(what, shape_fault(what, array.shape, tuple(shape)))
    if finite and not np.isfinite(array).all():
        refuse(what, f"{what} holds NaN or infinite values")
    return np.array(array if shape is None else array.reshape(tuple(shape)))


def as_number(value: Any, *, what: str) -> float:
    """A float from a Python or NumPy number or a 0-d array or tensor on any device; it may be NaN or infinite.

    Raises Mismatch for everything else, also for one-element arrays of shape (1,): the contract asks for a scalar.
    """
    if is_tensor(value) or is_array(value):
        if value.ndim > 0:
            refuse(what, shape_fault(what, tuple(value.shape), ()))
    elif not is_scalar(value):
        refuse(what, f"{what} is {described(value)}; expected a number")
    return float(as_float64(entries_of(value, what, "numbers")))


def entries_of(value: Any, what: str, wanted: Wanted) -> AnyArray:
    """``plain_array``, with its refusal logged."""
    try:
        return plain_array(value, what, wanted)
    except Mismatch as mismatch:
        refuse(what, str(mismatch))
