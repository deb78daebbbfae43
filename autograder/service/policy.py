"""``policies.toml``: due dates, late rules, numbers of attempts, what a student sees; for each assignment.

[default] holds for all assignments, a table of an assignment's name replaces single keys of it, and
[<assignment>.extensions] gives single students their own due date. Without the file nothing is ever due, every attempt
is graded, and students see everything.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any, Literal, get_args

from autograder.errors import CourseFault

FILE = "policies.toml"
DAY = timedelta(days=1)

Late = Literal["accept", "refuse", "penalty"]
Counts = Literal["last", "best"]
Visibility = Literal["visible", "scores", "mistakes"]


@dataclass(frozen=True)
class Policy:
    """What holds for one assignment. All dates have a zone; ``due`` None: never due; ``attempts`` 0: without limit."""

    due: datetime | None = None
    late: Late = "accept"
    late_penalty: float = 0.1  # share of the points, for each day begun after the due date
    attempts: int = 0
    wait_minutes: float = 0.0
    counts: Counts = "last"
    before_due: Visibility = "mistakes"
    after_due: Visibility = "mistakes"
    extensions: Mapping[str, datetime] = field(default_factory=dict)

    def due_for(self, student: str) -> datetime | None:
        """This student's due date, with an extension of his or her own; None where nothing is due."""
        return self.extensions.get(student, self.due)

    def is_late(self, student: str, arrived: datetime) -> bool:
        """Whether a submission that arrived then came after the student's due date."""
        due = self.due_for(student)
        return due is not None and arrived > due

    def penalty(self, student: str, arrived: datetime) -> float:
        """The share of the points, 0 to 1, that a submission loses for having arrived then."""
        due = self.due_for(student)
        if due is None or self.late != "penalty" or arrived <= due:
            return 0.0
        return min(1.0, round(self.late_penalty * ceil((arrived - due) / DAY), 9))

    def visibility(self, student: str, now: datetime) -> Visibility:
        """What the student sees of a graded submission at this time.

        "visible": that it was graded; "scores": also the score of each exercise; "mistakes": also the checks with
        their sentences, and named mistakes.
        """
        due = self.due_for(student)
        return self.before_due if due is None or now <= due else self.after_due


@dataclass(frozen=True)
class Policies:
    """The policies of a course."""

    default: Policy = Policy()
    assignments: Mapping[str, Policy] = field(default_factory=dict)

    def of(self, assignment: str) -> Policy:
        """The policy of an assignment."""
        return self.assignments.get(assignment, self.default)


def load_policies(root: Path) -> Policies:
    """Read the course's policies. Raises CourseFault, which names the table and key, if they are wrong."""
    path = root / FILE
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Policies()
    except (OSError, ValueError) as error:  # TOML's and UTF-8's errors are ValueErrors
        raise CourseFault(f"{path} cannot be read: {error}") from error
    try:
        default = _policy("default", _table("default", tables.pop("default", {})), Policy())
        return Policies(default, {name: _policy(name, _table(name, value), default) for name, value in tables.items()})
    except _Wrong as wrong:
        raise CourseFault(f"{path}: {wrong}") from wrong


class _Wrong(Exception):
    """What is wrong in the file."""


def _table(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{name} = {value!r} stands in no table; expected [default] or the table of an assignment")
    return value


def _policy(name: str, table: dict[str, Any], default: Policy) -> Policy:
    unknown = sorted(table.keys() - _READERS.keys())
    if unknown:
        raise _Wrong(f"[{name}] has an unknown key {unknown[0]!r}; known are: {', '.join(_READERS)}")
    try:
        given: dict[str, Any] = {key: _READERS[key](value) for key, value in table.items()}
        policy = replace(default, **given)
    except _Wrong:
        raise
    except ValueError as error:
        key, found, expected = error.args
        raise _Wrong(f"[{name}] {key or _key(table, found)} = {found!r}; expected {expected}") from error
    for student, date in policy.extensions.items():
        if policy.due is None:
            raise _Wrong(f"[{name}.extensions] {student}: there is no due date to extend; set due in [{name}]")
        if date < policy.due:
            raise _Wrong(f"[{name}.extensions] {student} = {date}; expected a date after the due date {policy.due}")
    return policy


def _key(table: dict[str, Any], value: object) -> str:
    return next(key for key, one in table.items() if one is value)


def _date(value: object, key: str = "") -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(key, value, "a date, time and zone, such as 2026-12-01T23:59:00+01:00")
    return value


def _extensions(value: object) -> dict[str, datetime]:
    if not isinstance(value, dict):
        raise ValueError("", value, "a table: student = own due date")
    return {student: _date(date, f"extensions.{student}") for student, date in value.items()}


def _one_of(kind: Any) -> Callable[[object], object]:
    def read(value: object) -> object:
        if value not in get_args(kind):
            raise ValueError("", value, "one of " + ", ".join(f'"{word}"' for word in get_args(kind)))
        return value

    return read


def _number(low: float, high: float, whole: bool = False) -> Callable[[object], object]:
    def read(value: object) -> object:
        right = type(value) is int or (type(value) is float and not whole)
        if not right or not low <= value <= high:  # type: ignore[operator]  # a number, as tested before
            raise ValueError("", value, f"a {'whole ' if whole else ''}number from {low:g} to {high:g}")
        return value

    return read


_READERS: dict[str, Callable[[object], object]] = {
    "due": _date,
    "late": _one_of(Late),
    "late_penalty": _number(0, 1),
    "attempts": _number(0, 10_000, whole=True),
    "wait_minutes": _number(0, 60 * 24 * 366),
    "counts": _one_of(Counts),
    "before_due": _one_of(Visibility),
    "after_due": _one_of(Visibility),
    "extensions": _extensions,
}
assert _READERS.keys() == {one.name for one in fields(Policy)}
