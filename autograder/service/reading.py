"""Reads the service's files for pages, and keeps what it read for as long as it is unchanged.

Pages ask every second or so: what lies on disk is looked at each time, what has not changed since is not read again.
A name that comes with a request never becomes a path before it is known to be a plain directory name.
"""

from __future__ import annotations

import os
import time
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path
from sys import intern
from typing import Any, TypeVar

from autograder.course.layout import Course, load_config
from autograder.errors import CourseFault
from autograder.record import Record
from autograder.service.attempts import (
    DIRECTORY,
    Attempt,
    attempts_of,
    record_of,
    submitted_assignments,
)
from autograder.service.orders import Order, directory_of, everything
from autograder.service.policy import FILE, Policies, load_policies
from autograder.service.status import Status, path_of, read_status

SETTLED = 0.1  # seconds after which another change of a file is sure to show in its time
MAX_RECORDS = 3000
MAX_ATTEMPTS = 20_000
Value = TypeVar("Value")


class Reader:
    """A course's state as it is now. Its methods raise CourseFault where a file is damaged; threads may share it."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._kept: OrderedDict[Hashable, tuple[object, object]] = OrderedDict()
        self._made: OrderedDict[Hashable, object] = OrderedDict()
        self._records: OrderedDict[tuple[str, str, str], Record] = OrderedDict()

    @property
    def root(self) -> Path:
        """The course's root."""
        return self.course.root

    def policies(self) -> Policies:
        """The course's policies."""
        return self._unchanged("policies", _marks(self.root / FILE), lambda: load_policies(self.root))

    def status(self) -> Status | None:
        """What the engine wrote last."""
        return self._unchanged("status", _marks(path_of(self.root)), lambda: read_status(self.root))

    def assignments(self) -> list[str]:
        """The course's assignments that somebody has submitted."""
        known = set(self.course.assignments())
        return [name for name in submitted_assignments(self.root) if name in known]

    def title(self, assignment: str) -> str:
        """The title of one of the course's assignments."""
        path = self.root / "tests" / "hidden" / assignment / "assignment.toml"
        return self._unchanged(("title", assignment), _marks(path), lambda: _title(path))

    def released(self) -> list[str]:
        """The assignments that lie in the exchange for students to fetch."""
        outbound = self._unchanged("exchange", _marks(self.root / "nbgrader_config.py"), self._outbound)
        try:
            there = {entry.name for entry in os.scandir(outbound)}
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise CourseFault(f"{outbound} cannot be read: {error.strerror}") from error
        return [name for name in self.course.assignments() if name in there]

    def submitters(self, assignment: str) -> list[str]:
        """Students who have submitted an assignment, sorted."""
        directory = self.root / DIRECTORY / assignment
        if not _is_plain(assignment) or not directory.is_dir():
            return []
        with os.scandir(directory) as entries:
            return sorted(entry.name for entry in entries if _is_plain(entry.name) and entry.is_dir())

    def attempts(self, assignment: str, student: str) -> list[Attempt]:
        """A student's attempts, the first first; none where there is no such student."""
        if not (_is_plain(assignment) and _is_plain(student)):
            return []
        directory = self.root / DIRECTORY / assignment / student
        marks = _marks(directory, inside=True)
        if not marks:
            return []
        key = ("attempts", assignment, student)
        return self._unchanged(key, marks, lambda: attempts_of(self.root, assignment, student))

    def record(self, attempt: Attempt) -> Record | None:
        """The record of a graded attempt without its cells; None where it is not graded."""
        if attempt.result is None:
            return None
        if not _is_plain(attempt.result.record):
            raise CourseFault(f"{attempt.directory}: {attempt.result.record!r} cannot be the name of a record")
        # The name holds the hashes of what the record is made from: what it holds does not change.
        key = (attempt.assignment, attempt.student, attempt.result.record)
        kept = self._records.get(key)  # another thread may forget it any time
        if kept is None:
            record = record_of(self.root, attempt)
            assert record is not None
            kept = self._records[key] = _slim(record)
            _forget(self._records, MAX_RECORDS)
        return kept

    def made_of(self, attempt: Attempt, kind: Hashable, make: Callable[[], Value]) -> Value:
        """What ``make`` makes of the record of a graded attempt, made once for each ``kind``."""
        key = (attempt.assignment, attempt.student, attempt.result and attempt.result.record, kind)
        value = self._made.get(key)  # another thread may forget it any time
        if value is None:
            value = self._made[key] = make()
            _forget(self._made, MAX_RECORDS)
        return value  # type: ignore[return-value]  # a kind stands for one kind of value

    def orders(self) -> list[Order]:
        """All orders to grade again, the first first."""
        marks = _marks(directory_of(self.root), inside=True)
        return self._unchanged("orders", marks, lambda: everything(self.root))

    def _unchanged(self, key: Hashable, marks: _Marks, read: Callable[[], Value]) -> Value:
        """What ``read`` gave when the files looked like this; read anew where they do not, or changed just now."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] == marks:
            return kept[1]  # type: ignore[return-value]  # a key stands for one kind of value
        value = read()
        newest = max((time_ns for _, time_ns, _ in marks), default=0)
        if time.time_ns() - newest > SETTLED * 1e9:
            self._kept[key] = (marks, value)
            _forget(self._kept, MAX_ATTEMPTS)
        return value

    def _outbound(self) -> Path:
        from nbgrader.exchange.default import Exchange

        return Path(Exchange(config=load_config(self.root)).root) / self.course.course_id / "outbound"


_Marks = tuple[tuple[str, int, int], ...]


def _marks(path: Path, inside: bool = False) -> _Marks:
    """Name, time and size of a file, or of all that lies in a directory; empty where it is not there."""
    try:
        if not inside:
            found = path.stat()
            return ((path.name, found.st_mtime_ns, found.st_size),)
        with os.scandir(path) as entries:
            stats = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
        own = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise CourseFault(f"{path} cannot be read: {error.strerror}") from error
    marks = ((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)
    return ((".", own.st_mtime_ns, 0), *sorted(marks))


def _is_plain(name: str) -> bool:
    """Whether a name can only be that of an entry of the directory that it is put behind."""
    return bool(name) and not name.startswith(".") and not set(name) & set("/\\\0") and len(name) <= 255


def _title(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8")).get("title", path.parent.name))
    except (OSError, ValueError) as error:
        raise CourseFault(f"{path} cannot be read: {error}") from error


def _slim(record: Record) -> Record:
    """Without what cells printed, and with the texts that a class has in common held once."""
    exercises = tuple(
        replace(
            exercise,
            checks=tuple(
                replace(check, id=intern(check.id), sentence=intern(check.sentence), message=intern(check.message))
                for check in exercise.checks
            ),
        )
        for exercise in record.exercises
    )
    return replace(record, cells=(), exercises=exercises)


def _forget(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        try:
            kept.popitem(last=False)
        except KeyError:  # another thread has been here
            return
