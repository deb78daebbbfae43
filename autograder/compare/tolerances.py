"""How far two correct results may lie apart: the one table of tolerances.

Runs in the judge's process. Every row is justified by the spread measured among correct implementations, relative to a
float64 oracle on the scale of ``autograder.compare.arrays`` (the larger of an entry's own size and the root mean square
of all expected entries). The tolerance is at least ten times that spread; only for bfloat16, which has less than three
decimal digits, it is four times. The absolute part matters only where everything expected is zero or nearly so: it is
some rounding errors of numbers of size 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from autograder.errors import SuiteFault

Dtype = torch.dtype | np.dtype[Any] | str

# A GPU adds in another order, fuses multiply and add, and has its own exp and rsqrt: some units in the last place more.
DEVICE_FACTOR = {"cpu": 1.0, "cuda": 2.0}

# A backward stable method has a forward error of about condition * unit roundoff, times a modest constant of its size.
CONDITION_FACTOR = 100.0

# Beyond this a comparison of values says nothing: judge such a result by what it achieves (a residual, an objective).
LARGEST_RTOL = 0.25


@dataclass(frozen=True)
class Tolerance:
    """One row: relative and absolute tolerance for well-conditioned results on a CPU, and the spread they rest on."""

    rtol: float
    atol: float
    unit_roundoff: float
    measured: str


TOLERANCES: dict[str, Tolerance] = {
    "float64": Tolerance(
        rtol=1e-9,
        atol=1e-12,
        unit_roundoff=2.0**-53,
        measured="dropout 3e-15; normalization 1e-13, and 9e-13 with a one-pass variance of data 15 standard "
        "deviations off zero; ridge 4e-14; optimizers 4e-13. The smallest error of a wrong answer seen on ordinary "
        "data is 8e-5 (eps outside the square root).",
    ),
    "float32": Tolerance(
        rtol=4e-3,
        atol=1e-6,
        unit_roundoff=2.0**-24,
        measured="dropout 1e-7; ridge 1.3e-5; normalization 1e-5 in the median, at most 3.4e-4 (one-pass variance). "
        "Mistakes smaller than the tolerance are for the float64 checks to find.",
    ),
    "float16": Tolerance(
        rtol=5e-2,
        atol=1e-3,
        unit_roundoff=2.0**-11,
        measured="normalization 5e-3 with a two-pass variance; 4e-2 with a one-pass variance, which is no method here.",
    ),
    "bfloat16": Tolerance(
        rtol=2e-1,
        atol=1e-2,
        unit_roundoff=2.0**-8,
        measured="normalization 5e-2 with a two-pass variance; 5e-1 with a one-pass variance, which is no method here.",
    ),
}


def dtype_name(dtype: Dtype) -> str:
    """``torch.float32``, ``np.dtype("float32")`` and "float32" are all "float32"."""
    return (dtype.name if isinstance(dtype, np.dtype) else str(dtype)).removeprefix("torch.")


def tolerance(dtype: Dtype, device: str | torch.device = "cpu", condition: float = 1.0) -> tuple[float, float]:
    """Relative and absolute tolerance ``(rtol, atol)`` for results of this precision.

    ``condition`` (at least 1) is the problem's condition number: rtol grows by ``100 * unit roundoff`` for each unit of
    it above 1, and atol in proportion. Integers and booleans are compared exactly and have no row.

    Raises SuiteFault for a dtype or device without a row, for a condition that is NaN, infinite or below 1, and for one
    that leaves nothing to compare.
    """
    name, place = dtype_name(dtype), torch.device(device).type
    if name not in TOLERANCES:
        raise SuiteFault(f"there is no tolerance for dtype {name}; known are {', '.join(TOLERANCES)}")
    if place not in DEVICE_FACTOR:
        raise SuiteFault(f"there is no tolerance for device {place}; known are {', '.join(DEVICE_FACTOR)}")
    if not (math.isfinite(condition) and condition >= 1):
        raise SuiteFault(f"a condition number is finite and at least 1; found {condition}")
    row = TOLERANCES[name]
    growth = DEVICE_FACTOR[place] * (1 + CONDITION_FACTOR * row.unit_roundoff * (condition - 1) / row.rtol)
    rtol, atol = growth * row.rtol, growth * row.atol
    if condition > 1 and rtol > LARGEST_RTOL:
        raise SuiteFault(
            f"a condition number of {condition:.1e} leaves no digits to compare in {name} (rtol would be {rtol:.1g}): "
            "use a higher precision, or judge the result by its residual or objective"
        )
    return rtol, atol
