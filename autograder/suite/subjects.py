"""What a suite is run against: a submission in its confined process, or a solution of our own in this one."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from autograder.errors import BannedOperation, LimitReached, SuiteFault
from autograder.judge.channel import Channel, MemoryChannel, SocketChannel
from autograder.judge.forkserver import Spawner
from autograder.judge.seccomp import described
from autograder.judge.session import Cell, CellRun, Session
from autograder.suite.assignment import Assignment
from autograder.suite.variants import Variant

AFTER_A_HANG = 0.25  # of the time that a call may take


class Opened(Protocol):
    """A subject whose code has run: it gives the channel for an exercise's tests."""

    def channel(self, exercise: str) -> Channel:
        """The channel of this exercise.

        A fresh one after another exercise, a crash or a time-out. Raises StudentFault.
        """

    def cells(self) -> list[dict[str, Any]]:
        """What the notebook's cells did, as plain data (empty for our own solutions)."""

    def flags(self) -> list[str]:
        """What an instructor may want to look at; known once it is closed."""

    def close(self) -> None:
        """End it."""


class Subject(Protocol):
    """Something that a suite can be run against."""

    @property
    def id(self) -> str:
        """Its name in test ids: the student, or the variant."""

    def open(self, assignment: Assignment) -> Opened:
        """Run its code. Raises JudgeFault."""


@dataclass(frozen=True)
class Submission:
    """A student's notebook.

    Its code cells in order, the files beside it, and what the static check found per exercise.
    """

    id: str
    cells: Sequence[Cell]
    files: Mapping[str, bytes]
    spawner: Spawner
    banned: Mapping[str, str] = field(default_factory=dict)
    exercises: tuple[str, ...] = ()  # whose checks it runs; with none named, all

    def open(self, assignment: Assignment) -> _OpenedSubmission:
        """Run the notebook in a confined process."""
        return _OpenedSubmission(self, assignment)


class _OpenedSubmission:
    def __init__(self, submission: Submission, assignment: Assignment) -> None:
        self._submission = submission
        self._limits = assignment.limits
        banned = assignment.contract.banned
        self._session = Session(submission.spawner, assignment.limits, submission.files, banned)
        try:
            self._runs: list[CellRun] = self._session.run_notebook(submission.cells)
        except BaseException:
            self._session.close()
            raise
        self._exercise = ""
        self._channel: SocketChannel | None = None
        self._spent = 0.0
        self._hangs = 0

    def channel(self, exercise: str) -> Channel:
        if exercise in self._submission.banned:
            raise BannedOperation(self._submission.banned[exercise])
        if self._channel is not None and (exercise != self._exercise or self._channel.broken):
            self._spent += self._channel.spent
            self._hangs += self._channel.hung
            self._channel.close()
            self._channel = None
        if exercise != self._exercise:
            self._exercise, self._spent, self._hangs = exercise, 0.0, 0
        spent = self._spent + (self._channel.spent if self._channel else 0.0)
        if spent > self._limits.exercise_seconds:
            raise LimitReached(f"not run: this exercise's {self._limits.exercise_seconds:g} s were used up")
        if self._hangs >= self._limits.hangs:
            raise LimitReached(f"not run: {self._hangs} calls of this exercise had no answer")
        if self._channel is None:
            # A right answer never hangs; what hung once mostly hangs again, and a class has many of these.
            seconds = self._limits.call_seconds
            self._channel = self._session.exercise(seconds * AFTER_A_HANG if self._hangs else seconds)
        return self._channel

    def cells(self) -> list[dict[str, Any]]:
        pairs = zip(self._submission.cells, self._runs, strict=True)
        return [{"cell_id": cell.id, "outputs": run.outputs, "note": run.note} for cell, run in pairs]

    def flags(self) -> list[str]:
        calls = sorted(described(number, first) for number, first in self._session.refused)
        asked = [f"asked the kernel for what is refused here: {', '.join(calls)}"] if calls else []
        return asked + ([self._session.open_ban] if self._session.open_ban else [])

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
        self._session.close()


@dataclass(frozen=True)
class OwnSolution:
    """The reference solution, with one exercise's cell replaced by a variant's.

    ``exercises`` are those whose checks it runs; with none named, ``--variants`` decides. Each ``draw`` has other
    random numbers than a grading (draw 0) has. ``suite`` tells the references of two assignments in one run apart:
    pytest starts a subject anew only where it differs from the one before.
    """

    variant: Variant
    exercises: tuple[str, ...] = ()
    draw: int = 0
    suite: str = ""

    @property
    def id(self) -> str:
        """The variant's name, with its kind and exercise."""
        if self.variant.kind == "reference":
            return f"reference-{self.draw}" if self.draw else "reference"
        return f"{self.variant.kind}:{self.variant.exercise}:{self.variant.name}"

    def open(self, assignment: Assignment) -> OpenedOwnSolution:
        """Nothing runs yet: each exercise gets a namespace of its own."""
        return OpenedOwnSolution(assignment, self.variant.cell, self.draw)


REFERENCE = OwnSolution(Variant("reference", "", "reference", ""))


class OpenedOwnSolution:
    """Our own code, executed in this process."""

    def __init__(self, assignment: Assignment, cell: str, draw: int = 0) -> None:
        self._assignment = assignment
        self._cell = cell
        self._draw = draw
        self._exercise = ""
        self._channel: MemoryChannel | None = None

    def channel(self, exercise: str) -> Channel:
        """See Opened."""
        if self._channel is None or exercise != self._exercise:
            self._exercise = exercise
            self._channel = MemoryChannel(namespace_of(self._assignment, self._cell), self._draw)
        return self._channel

    def cells(self) -> list[dict[str, Any]]:
        """See Opened."""
        return []

    def flags(self) -> list[str]:
        """See Opened."""
        return []

    def close(self) -> None:
        """See Opened."""


def namespace_of(assignment: Assignment, cell: str = "") -> dict[str, Any]:
    """Execute the reference solutions and then ``cell`` in a fresh namespace. Raises SuiteFault."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    try:
        exec(_compiled(assignment.solutions, _text(assignment.solutions)), namespace)
        exec(compile(cell, "<variant>", "exec"), namespace)
    except Exception as error:
        raise SuiteFault(f"{assignment.solutions} or a variant of it: {type(error).__name__}: {error}") from error
    return namespace


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        raise SuiteFault(f"{path} does not exist: each assignment has its reference solutions there") from None


@functools.lru_cache(maxsize=16)
def _compiled(path: Path, text: str) -> Any:
    return compile(text, str(path), "exec")
