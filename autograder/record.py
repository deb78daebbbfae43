"""The record of one judged submission: what every report, grade and page is made from.

A record is a function of the submission, the suite and the device alone, so judging again gives the same bytes.
Durations and dates are kept in a file of their own beside it (see ``autograder.grading``).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from autograder.errors import CourseFault

FORMAT = 1

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
        """Read a record. Raises CourseFault if it is not one of this format."""
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise CourseFault(
                    f"record of format {data['format']!r}; this version reads format {FORMAT}: grade again with --force"
                )
            exercises = tuple(
                ExerciseResult(**{**e, "checks": tuple(Check(**c) for c in e["checks"])}) for e in data["exercises"]
            )
            cells = tuple(CellResult(**{**c, "outputs": tuple(c["outputs"])}) for c in data["cells"])
            lists = {key: tuple(data[key]) for key in ("alterations", "flags")}
            return cls(**{**data, **lists, "exercises": exercises, "cells": cells})
        except (KeyError, TypeError, ValueError) as error:
            raise CourseFault(f"not a record of this version ({error}): delete it and grade again") from error
