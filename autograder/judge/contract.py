"""What an assignment promises about its functions: kinds and number of returned values, and what is banned.

A declaration is text in ``assignment.toml``: ``returns = ["out: tensor", "mask: opaque"]`` for a tuple of two,
``returns = "dx: tensor"`` for one value. Checking it here, before a suite sees the value, means that a suite may unpack
and compute without meeting a None, a string or a tuple of the wrong length.
"""

from __future__ import annotations

import fnmatch
import functools
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from autograder.errors import BadReturn, BannedOperation, SuiteFault

Kind = Literal["tensor", "array", "number", "any", "opaque"]
KINDS: tuple[Kind, ...] = ("tensor", "array", "number", "any", "opaque")


@dataclass(frozen=True)
class Returned:
    """One returned value: its name in messages, and its kind."""

    name: str
    kind: Kind

    @classmethod
    def parse(cls, text: object, where: str) -> Returned:
        """Read ``"name: kind"``. Raises SuiteFault."""
        if not isinstance(text, str) or text.count(":") != 1 or not text.partition(":")[0].strip():
            raise SuiteFault(f'{where}: returns {text!r}; expected "name: kind", with a kind of {", ".join(KINDS)}')
        name, kind = (part.strip() for part in text.split(":"))
        for known in KINDS:
            if kind == known:
                return cls(name, known)
        raise SuiteFault(f"{where}: unknown kind {kind!r}; expected one of {', '.join(KINDS)}")


@dataclass(frozen=True)
class Function:
    """A function or class of an exercise. ``returns`` is a tuple for several values, None for anything.

    ``cache_from`` names the function whose opaque result is handed to this one: a wrong one may cost this one's points.
    """

    name: str
    exercise: str
    returns: Returned | tuple[Returned, ...] | None = None
    cache_from: str = ""

    @property
    def declared(self) -> tuple[Returned, ...]:
        """The returned values one by one; none where anything may be returned."""
        if self.returns is None:
            return ()
        return (self.returns,) if isinstance(self.returns, Returned) else self.returns

    def on_the_wire(self) -> Any:
        """What the student's side is told: what to keep as a handle, and how many values there must be."""
        if self.returns is None:
            return None
        if isinstance(self.returns, Returned):
            return "keep" if self.returns.kind == "opaque" else None
        return ["keep" if item.kind == "opaque" else "value" for item in self.returns]

    def misfit(self, found: str) -> BadReturn:
        """The error for a result that is not a tuple of the declared length."""
        assert isinstance(self.returns, tuple)
        names = ", ".join(item.name for item in self.returns)
        return BadReturn(f"{self.name} should return a tuple ({names}), found {_article(found)}")

    def checked(self, value: Any) -> Any:
        """Return the value, its items checked and converted. Raises BadReturn."""
        if self.returns is None:
            return value
        if isinstance(self.returns, Returned):
            return _checked(value, self.returns, self.name)
        pairs = zip(value, self.returns, strict=True)
        return tuple(_checked(item, declared, self.name) for item, declared in pairs)


@dataclass(frozen=True)
class Banned:
    """Patterns of function and operator names, and whether autograd is among them."""

    functions: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    autograd: bool = False

    @property
    def anything(self) -> bool:
        """Tell whether calls need the operator trace at all."""
        return bool(self.functions or self.operators or self.autograd)

    def for_student_side(self) -> dict[str, list[str]]:
        """The patterns of what is to be shut there. A package as a whole (``torch.*``) is left to the trace."""
        functions = [pattern for pattern in self.functions if pattern.count(".") > 1 or not pattern.endswith(".*")]
        return {"functions": functions, "operators": list(self.operators)}

    def check(self, used: Iterable[str], function: str) -> None:
        """Raise BannedOperation for the first banned name among those that a call used."""
        for name in sorted(used):
            if name == "autograd" and self.autograd:
                raise BannedOperation(
                    f"{function} calls autograd (backward or grad), which this assignment bans: "
                    "derive the gradient yourself"
                )
            if _matches(name, (*self.functions, *self.operators)):
                raise BannedOperation(f"{function} uses {name}, which this assignment bans: write it yourself")


@functools.lru_cache(maxsize=10_000)
def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns fits; a class uses the same few operators over and over."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


@dataclass(frozen=True)
class Contract:
    """All functions of an assignment by name, and its bans."""

    functions: dict[str, Function] = field(default_factory=dict)
    banned: Banned = field(default_factory=Banned)

    def function(self, name: str) -> Function:
        """The declaration of a function; an undeclared one may return anything."""
        return self.functions.get(name) or Function(name, exercise="")


def _article(noun: str) -> str:
    return "None" if noun == "NoneType" else f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _checked(value: Any, declared: Returned, function: str) -> Any:
    what = f"{declared.name}, returned by {function},"
    if declared.kind == "tensor":
        torch = sys.modules["torch"]
        if type(value) is not torch.Tensor:
            raise BadReturn(f"{what} should be a torch tensor, found {_article(_kind_name(value))}")
        return value
    if declared.kind == "array":
        return _array(value, what)
    if declared.kind == "number":
        return _number(value, what)
    return value


def _array(value: Any, what: str) -> np.ndarray[Any, Any]:
    """An array of numbers from what may stand for one: an array, or a rectangular (nested) list or tuple."""
    if not isinstance(value, np.ndarray | list | tuple | int | float | np.generic) or isinstance(value, np.str_):
        raise BadReturn(f"{what} should be an array, found {_article(_kind_name(value))}")
    # Looked at first: of text, numpy would make a table as wide as the longest entry, however much memory that takes.
    if not _numbers_only(value):
        raise BadReturn(f"{what} should hold numbers, found {_article(_kind_name(value))} of other things")
    try:
        array = np.asarray(value)
    except ValueError:
        raise BadReturn(f"{what} should be an array, found a ragged {_kind_name(value)}") from None
    if array.dtype.kind not in "biufc":
        found = f"{_article(_kind_name(value))} of numbers" if isinstance(value, list | tuple) else "a number"
        raise BadReturn(f"{what} should hold numbers, found {found} too large")
    return array


def _numbers_only(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_numbers_only(item) for item in value)
    return isinstance(value, int | float | complex | np.number | np.bool_ | np.ndarray)


def _number(value: Any, what: str) -> Any:
    if isinstance(value, int | float | np.integer | np.floating | np.bool_):
        return value
    torch = sys.modules.get("torch")
    found = _kind_name(value)
    if isinstance(value, np.ndarray) or (torch is not None and type(value) is torch.Tensor):
        # One entry in brackets is a matter of style: ``y_mean - x_mean @ coef`` with a column of coefficients, say.
        single = value.ndim <= 2 and math.prod(value.shape) == 1
        if single and "complex" not in str(value.dtype):
            scalar = value.reshape(()) if value.ndim else value
            return scalar[()] if isinstance(value, np.ndarray) else scalar
        found = "complex number" if single else f"{found} of shape {tuple(value.shape)}"
    raise BadReturn(f"{what} should be a single number, found {_article(found)}")


def _kind_name(value: Any) -> str:
    return getattr(value, "wire_kind", None) or type(value).__name__
