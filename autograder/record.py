"""The record of one judged submission: what every report, grade and page is made from.

A record is a function of the submission, the suite and the device alone, so judging again gives the same bytes.
Durations and dates are kept in a file of their own beside it (see ``autograder.grading``).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from autograder.errors import CourseFault

FORMAT = 1

# The message of a check that holds, and that would hold for an answer that computes nothing.
NOT_ALONE = "this holds, and counts as soon as one of the checks of the results passes"

CheckOutcome = Literal["passed", "failed", "not judged"]
RecordOutcome = Literal["graded", "unreadable", "not judged"]


@dataclass(frozen=True)
class Check:
    """One test of a hidden suite: ``sentence`` is its docstring, ``message`` says what went wrong ("" if passed)."""

    id: str
    sentence: str
    weight: float
    outcome: CheckOutcome
    message: str = ""


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise.

    ``score`` of ``points``; ``mistake`` is the sentence of the misconception that fits, if one does.
    """

    name: str
    points: float
    score: float
    checks: tuple[Check, ...]
    mistake: str | None = None

    @property
    def trouble(self) -> str:
        """What the first check that found something wrong says; "" where none did."""
        said = [check.message for check in self.checks if check.outcome != "passed"]
        return next((message for message in said if message != NOT_ALONE), said[0] if said else "")


@dataclass(frozen=True)
class CellResult:
    """What one code cell printed and displayed while grading (nbformat outputs), and a note if it was cut short."""

    cell_id: str
    outputs: tuple[dict[str, Any], ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Record:
    """The judged submission. ``score`` is over the automatically graded exercises only; ``points`` their maximum."""

    assignment: str
    student: str
    submission_sha256: str
    suite_sha256: str
    device: str
    confined: bool
    outcome: RecordOutcome
    reason: str = ""
    score: float = 0.0
    points: float = 0.0
    exercises: tuple[ExerciseResult, ...] = ()
    cells: tuple[CellResult, ...] = ()
    alterations: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    format: int = field(default=FORMAT)

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, one trailing newline, so equal records are equal bytes."""
        return json.dumps(asdict(self), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Read a record, every field of the type that is written above. Raises CourseFault if it is not one."""
        try:
            data = json.loads(text)
            found = data.get("format") if isinstance(data, dict) else None
            if type(found) is int and found != FORMAT:
                raise CourseFault(
                    f"record of format {found}; this version reads format {FORMAT}: grade again with --force"
                )
            record: Record = _typed(cls, data, "record")
            record.to_json().encode()
        except (ValueError, RecursionError) as error:  # a lone surrogate, infinity, or a nest can be read, not written
            reason = str(error)[:200].encode("utf-8", "replace").decode()
            raise CourseFault(f"not a record of this version ({reason}): delete it and grade again") from error
        return record


def _typed(kind: Any, value: Any, where: str) -> Any:
    """``value``, as JSON has it, as what the annotation ``kind`` says. Raises ValueError if it is something else."""
    origin, arguments = get_origin(kind) or kind, get_args(kind)
    if origin in (Record, ExerciseResult, Check, CellResult):
        fields = _fields(origin)
        if isinstance(value, dict) and value.keys() == fields.keys():
            return origin(**{name: _typed(fields[name], value[name], f"{where}.{name}") for name in fields})
    elif origin is tuple:
        if isinstance(value, list):
            return tuple(_typed(arguments[0], item, f"{where}[{number}]") for number, item in enumerate(value))
    elif origin is Literal:
        if isinstance(value, str) and value in arguments:
            return value
    elif origin is float:
        if type(value) in (int, float) and abs(value) <= sys.float_info.max:
            return value
    elif type(value) in (arguments if origin is UnionType else (origin,)):
        return value
    raise ValueError(f"{where} is {_shown(value)}; expected {_EXPECTED.get(origin, 'what this version writes')}")


_EXPECTED: Mapping[Any, str] = {
    tuple: "a list", dict: "an object", str: "text", float: "a number", bool: "true or false",
    UnionType: "text or null",
}  # fmt: skip


@cache
def _fields(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    shown = json.dumps(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"
