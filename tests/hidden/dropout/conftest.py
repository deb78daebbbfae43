"""What the checks of ``dropout`` share: reading a mask from an output, and stand-ins for the other exercises.

Reading a mask: entries of x are never zero, so ``out / x`` is the mask, in whatever form the student keeps it.
The observed numbers (extremes of the factor, shares) do not depend on which entries were dropped, so that a
mistake looks the same in every style of drawing the mask.

Inputs come from NumPy's generator: torch's is left to the student's code, which thus draws the same numbers in
a process of its own as in this one, where misconceptions run.

Stand-ins: an exercise that builds on another one is judged with the student's own functions and, where that
fails, once more with ours, so that a wrong ``dropout_forward`` or ``Dropout`` costs no points here. Our code on
the student's side holds no solution: it asks the judge for its masks. It hands in a number from torch's
generator to draw them from, so that a seed set by the student shows. The fixtures are functions that take
``student``; none is bound to one, because checks run again on misconceptions.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from autograder.compare import as_tensor, assert_all, assert_matches, assert_rate, recording
from autograder.errors import (
    ArgumentChanged,
    BadReturn,
    BannedOperation,
    Mismatch,
    MissingName,
    StudentError,
    StudentFault,
)

# Failures after which the student's process still answers, so that a second try is possible.
REPEATABLE = (ArgumentChanged, BadReturn, BannedOperation, Mismatch, MissingName, StudentError)

LARGEST_MASK = 2**20

MASKS_FROM_THE_JUDGE = """
import torch as _torch

def _take_masks_from(dealer):
    global _deal_mask
    _deal_mask = dealer

def _mask_for(x, p):
    return _deal_mask(tuple(x.shape), p, int(_torch.randint(2**31, ()))).to(x)
"""

STAND_IN_FORWARD = (
    MASKS_FROM_THE_JUDGE
    + """
if "_own_dropout_forward" not in globals():
    _own_dropout_forward = globals().get("dropout_forward")

def dropout_forward(x, p):
    mask = _mask_for(x, p)
    return x * mask, mask
"""
)

OWN_FORWARD = """
if "_own_dropout_forward" in globals():
    dropout_forward = _own_dropout_forward
"""

STAND_IN_MODULE = (
    MASKS_FROM_THE_JUDGE
    + """
if "_own_Dropout" not in globals():
    _own_Dropout = globals().get("Dropout")

class Dropout(_torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        return x * _mask_for(x, self.p) if self.training else x
"""
)

OWN_MODULE = "Dropout = _own_Dropout"

Check = Callable[[], None]


def _away_from_zero(*shape: int, dtype: torch.dtype = torch.float64, device: str = "cpu") -> torch.Tensor:
    """Values of both signs, of size 1 to 2."""
    signs = np.where(np.random.rand(*shape) < 0.5, -1.0, 1.0)
    return torch.from_numpy(signs * (1 + np.random.rand(*shape))).to(device, dtype)


def _assert_inverted(factor: torch.Tensor, p: float, *, what: str) -> None:
    """``factor`` = out / x must be 0 or 1/(1 - p) everywhere, and both must occur: false alarm p^n + (1 - p)^n."""
    kept = factor != 0  # NaN counts as kept, and is refused below
    assert_all(bool(kept.any()), "some values must be kept", what=what)
    assert_all(bool((~kept).any()), "some values must be dropped, that is exactly zero", what=what)
    extremes = torch.stack([factor[kept].min(), factor[kept].max()])
    wanted = torch.full_like(extremes, 1 / (1 - p))
    assert_matches(extremes, wanted, what=f"the factor of what was kept in {what}", rtol=1e-5)


def _deal_mask(shape: Any, p: Any, seed: Any) -> torch.Tensor:
    """A correct mask, drawn by the judge for code on the student's side. Raises ValueError and TypeError."""
    sizes = [int(size) for size in shape]
    if min(sizes, default=0) < 0 or math.prod(sizes) > LARGEST_MASK:
        raise ValueError("a mask of this shape cannot be dealt")
    p = float(p)
    if not 0 <= p <= 1:
        raise ValueError("p is no probability")
    generator = torch.Generator().manual_seed(int(seed) % 2**63)
    kept = torch.rand(sizes, generator=generator, dtype=torch.float64) >= p
    return kept.to(torch.float64) * (1 / (1 - p) if p < 1 else 0.0)


def _on_its_own(student: Any, check: Check) -> None:
    """Run the check; if it fails, once more with a sound ``dropout_forward`` in place of the student's."""
    try:
        check()
    except REPEATABLE:
        with recording():  # what the second try sees is no evidence of the mistake
            passed = _passes_with_stand_in(student, check)
        if not passed:
            raise


def _passes_with_stand_in(student: Any, check: Check) -> bool:
    student.define(STAND_IN_FORWARD)
    try:
        student._take_masks_from(_deal_mask)
        check()
    except REPEATABLE:
        return False
    else:
        return True
    finally:
        with contextlib.suppress(StudentFault):  # where the code's process has ended, nothing is left to restore
            student.define(OWN_FORWARD)


def _with_a_sound_forward(student: Any, x: torch.Tensor, p: float, check: Check) -> None:
    """Run a check of the backward pass; if it fails and the forward pass is wrong, once more with a stand-in for that.

    A sound forward pass is never replaced: its mask is opaque, and the backward pass has to go with it.
    """
    try:
        check()
    except REPEATABLE:
        with recording():
            passed = not _is_sound_forward(student, x, p) and _passes_with_stand_in(student, check)
        if not passed:
            raise


def _is_sound_forward(student: Any, x: torch.Tensor, p: float) -> bool:
    try:
        out, _ = student.dropout_forward(x, p)
        if p in (0.0, 1.0):
            assert_matches(out, x * (1 - p), what="out")
        else:
            factor = as_tensor(out, what="out", shape=x.shape, dtype=x.dtype, device=x.device) / x
            _assert_inverted(factor, p, what="out")
    except REPEATABLE:
        return False
    return True


def _with_either_dropout(student: Any, check: Check) -> None:
    """Run the check with a stand-in for ``Dropout``; if it fails, once more with the student's, if that one is sound.

    The second try is for a prediction that works hand in hand with the student's own class (by a flag of its own, say).
    """
    student.define(STAND_IN_MODULE)
    student._take_masks_from(_deal_mask)
    try:
        check()
    except REPEATABLE as with_stand_in:
        with recording():
            try:
                student.define(OWN_MODULE)
                _assert_sound(student.Dropout(0.5))
                check()
            except REPEATABLE:
                raise with_stand_in from None


def _assert_sound(dropout: Any) -> None:
    """The student's layer does nothing in eval mode, and drops half in train mode."""
    x = torch.ones(40, 50)
    dropout.eval()
    assert_matches(dropout(x), x, what="the output in eval mode")
    dropout.train()
    out = dropout(x)
    assert_matches(out, 2.0 * (out != 0), what="the output in train mode")
    assert_rate(int((out == 0).sum()), out.numel(), 0.5, what="the share of dropped values")


@pytest.fixture(scope="session")
def away_from_zero() -> Callable[..., torch.Tensor]:
    """See ``_away_from_zero``."""
    return _away_from_zero


@pytest.fixture(scope="session")
def assert_inverted() -> Callable[..., None]:
    """See ``_assert_inverted``."""
    return _assert_inverted


@pytest.fixture(scope="session")
def on_its_own() -> Callable[[Any, Check], None]:
    """See ``_on_its_own``."""
    return _on_its_own


@pytest.fixture(scope="session")
def with_a_sound_forward() -> Callable[[Any, torch.Tensor, float, Check], None]:
    """See ``_with_a_sound_forward``."""
    return _with_a_sound_forward


@pytest.fixture(scope="session")
def with_either_dropout() -> Callable[[Any, Check], None]:
    """See ``_with_either_dropout``."""
    return _with_either_dropout
