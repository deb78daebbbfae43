"""What became of one check, and what its student may read about it."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

from autograder.errors import JudgeFault, StudentError, StudentFault
from autograder.record import CheckOutcome

GENERIC = "this property does not hold"
MAX_SAID = 160  # characters of a student's exception


def classify(error: BaseException | None) -> tuple[CheckOutcome, str]:
    """Return the outcome and the message: the student's fault, ours, or none."""
    if error is None:
        return "passed", ""
    if isinstance(error, StudentError) and error.kinds[:1] == ("NotImplementedError",):
        return "failed", "not implemented yet"
    if isinstance(error, StudentError):
        return "failed", f"{_shortened(str(error))}{_where(error.detail)}"
    if isinstance(error, StudentFault):
        return "failed", str(error)
    if isinstance(error, AssertionError):
        return "failed", assertion_text(error)
    if isinstance(error, JudgeFault):
        return "not judged", str(error)
    return "not judged", f"the suite itself failed with {type(error).__name__}: {error}"


def _shortened(said: str) -> str:
    """The first line, not too long: an exception's text may quote a hidden check's inputs at length."""
    first, _, rest = said.partition("\n")
    return first if len(first) <= MAX_SAID and not rest else f"{first[:MAX_SAID]}…"


def assertion_text(error: AssertionError) -> str:
    """The author's sentence of a plain assert, without the values that pytest's rewriting appends."""
    first = str(error).partition("\n")[0].strip()
    return GENERIC if not first or first.startswith("assert ") else first


def _where(detail: str) -> str:
    """Name the innermost line of the student's own notebook in a traceback."""
    places = re.findall(r'File "[^"]*ipykernel[^"]*", line (\d+), in (\w+)|Cell In\[(\d+)\], line (\d+)', detail)
    lines = re.findall(r'File "<ipython-input-(\d+)-[^"]*>", line (\d+), in ([^\n]+)', detail)
    if lines:
        cell, line, function = lines[-1]
        return f" (in {function}, line {line} of code cell {cell})"
    return "" if not places else f" (line {places[-1][1] or places[-1][3]})"


@functools.lru_cache(maxsize=1024)
def sentence_of(function: Callable[..., Any]) -> str:
    """The first paragraph of a test's docstring, on one line; without one, its name in words."""
    doc = inspect.getdoc(function)
    if not doc:
        return function.__name__.removeprefix("test_").replace("_", " ")
    return " ".join(doc.split("\n\n")[0].split())
