"""What the checks of ``gaussian_process`` share.

All fixtures are functions, and those that need ``student`` take it: none is bound to one, because checks run again on
misconceptions.

Tolerances. A jitter of up to 1e-6 on the diagonal of a covariance is good practice, so a right answer may be that of
the problem with a jitter. How much that changes depends on the conditioning. So each expected value is computed twice,
with and without a jitter of 1e-6, and three times the largest difference is allowed, beside 1e-8 of the largest entry
for rounding (an inverse of a matrix of condition 1e4 loses some 1e-11). The nearest mistakes change a result by a few
percent or more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from autograder.compare import as_array, as_tensor, assert_matches, recording
from autograder.errors import ArgumentChanged, BadReturn, BannedOperation, Mismatch, MissingName, StudentError

# Failures after which the student's process still answers, so that a second try is possible.
REPEATABLE = (ArgumentChanged, BadReturn, BannedOperation, Mismatch, MissingName, StudentError)

# GPyTorch is not allowed in the first five exercises, but the notebook imports it for the last two. In the process of
# an exercise every name that leads to it is replaced; in a submission's own process it cannot be imported again.
WITHOUT_GPYTORCH = """
class _AbsentHere:
    def __getattr__(self, name):
        raise ImportError("GPyTorch is for exercises 6 and 7 only: write this one yourself")

    def __call__(self, *args, **kwargs):
        raise ImportError("GPyTorch is for exercises 6 and 7 only: write this one yourself")

def _take_gpytorch_away(names):
    import sys
    import types

    def is_from_it(value):
        if isinstance(value, types.ModuleType):
            homes = [value.__name__]
        else:
            kind = value if isinstance(value, type) else type(value)
            homes = [part.__module__ for part in kind.__mro__]
            if isinstance(value, types.FunctionType):
                homes.append(value.__module__)
        return any(str(home).partition(".")[0] == "gpytorch" for home in homes)

    for name, value in list(names.items()):
        if is_from_it(value):
            names[name] = _AbsentHere()
    if "get_ipython" in names:  # a notebook's process; where suites are tested, the judge itself needs GPyTorch
        from autograder.student.ban import shut

        shut("gpytorch.*")  # what was put aside, in a list or a class, does not work either
        for name in [name for name in sys.modules if name.partition(".")[0] == "gpytorch"]:
            sys.modules[name] = None

_take_gpytorch_away(globals())
"""

Check = Callable[..., None]


def _without_gpytorch(student: Any) -> Any:
    """The student, for whose code there is no GPyTorch from here on, in this exercise's process."""
    student.define(WITHOUT_GPYTORCH)
    return student


def _with_either(check: Check, *forms: Any, after: tuple[type[Exception], ...] = REPEATABLE) -> None:
    """Run the check on the first form of an argument; if that fails (with ``after``), on the others, as right as it.

    The failure that counts is the first one.
    """
    try:
        check(forms[0])
    except after as first:
        for form in forms[1:]:
            try:
                with recording():  # what another try sees is no evidence of the mistake
                    check(form)
            except REPEATABLE:
                continue
            return
        raise first from None


def _with_either_y(check: Check, y: torch.Tensor) -> None:
    """Run the check with y (n,) and, where that fails, with y (n, 1)."""
    _with_either(check, y, y[:, None])


def _fit_with_either_y(check: Check, y: torch.Tensor) -> None:
    """The same for a model that takes its time to fit: only where the code raises is it run with y (n, 1).

    GPyTorch raises for targets of a shape that it does not expect, and so does ``y[:, 0]``: a poor prediction has other
    reasons.
    """
    _with_either(check, y, y[:, None], after=(StudentError,))


def _numbers(value: Any, *, what: str, shape: Sequence[int], device: str = "cpu") -> np.ndarray:
    """The entries of a float64 tensor on this device, or of an array or list."""
    if type(value) is torch.Tensor:
        return as_tensor(value, what=what, shape=shape, dtype=torch.float64, device=device).cpu().numpy()
    return as_array(value, what=what, shape=shape)


def _assert_close(
    value: Any, exact: np.ndarray, jittered: np.ndarray, *, what: str, device: str = "cpu", jitter: float = 0.0
) -> None:
    """Compare with ``exact``, where ``jittered`` is right too, and a further ``jitter`` on the result's diagonal."""
    actual = _numbers(value, what=what, shape=exact.shape, device=device)
    allowed = 3 * np.abs(jittered - exact).max() + 1e-8 * np.abs(exact).max() + 2 * jitter + 1e-10
    assert_matches(actual, exact, what=what, rtol=0.0, atol=float(allowed))


class _Covariance:
    """A kernel of scikit-learn's as a function of tensors, for student code to call and for the judge to know."""

    def __init__(self, kernel: Any) -> None:
        self.kernel = kernel

    def __call__(self, X1: Any, X2: Any) -> torch.Tensor:
        first, second = (self._rows(X) for X in (X1, X2))
        matrix = torch.from_numpy(np.array(self.kernel(first, second)))
        return matrix.to(X1.device) if isinstance(X1, torch.Tensor) else matrix

    @staticmethod
    def _rows(X: Any) -> np.ndarray:
        rows = X.detach().cpu().numpy() if isinstance(X, torch.Tensor) else np.asarray(X)
        if rows.ndim != 2:
            raise ValueError("a kernel takes inputs of shape (n, d)")
        return rows


@pytest.fixture(scope="session")
def without_gpytorch() -> Callable[[Any], Any]:
    """See ``_without_gpytorch``."""
    return _without_gpytorch


@pytest.fixture(scope="session")
def with_either() -> Callable[..., None]:
    """See ``_with_either``."""
    return _with_either


@pytest.fixture(scope="session")
def with_either_y() -> Callable[[Check, torch.Tensor], None]:
    """See ``_with_either_y``."""
    return _with_either_y


@pytest.fixture(scope="session")
def fit_with_either_y() -> Callable[[Check, torch.Tensor], None]:
    """See ``_fit_with_either_y``."""
    return _fit_with_either_y


@pytest.fixture(scope="session")
def numbers() -> Callable[..., np.ndarray]:
    """See ``_numbers``."""
    return _numbers


@pytest.fixture(scope="session")
def assert_close() -> Callable[..., None]:
    """See ``_assert_close``."""
    return _assert_close


@pytest.fixture(scope="session")
def covariance() -> type[_Covariance]:
    """See ``_Covariance``."""
    return _Covariance
