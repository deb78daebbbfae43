"""The forkservers of one grader: one for each environment, which all its workers share."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from autograder.course.layout import course_root
from autograder.errors import JudgeFault
from autograder.judge.forkserver import Forkserver
from autograder.judge.sandbox import Environment
from autograder.suite.assignment import SETTINGS, Assignment, load_assignment


class Forkservers:
    """Starts forkservers as they are wanted, and ends them. Use as a context manager."""

    def __init__(self, root: Path, *, confined: bool) -> None:
        self._confined = confined
        self._secrets = (root / "tests", root / "solutions", root / "records")
        self._running: dict[Environment, Forkserver] = {}

    def __enter__(self) -> Forkservers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all of them, with every process forked from them."""
        for forkserver in self._running.values():
            forkserver.close()
        self._running.clear()

    def start(self, assignment: Assignment) -> Forkserver:
        """The forkserver for an assignment, which may still import its libraries. Raises JudgeFault."""
        environment = replace(assignment.environment, confined=self._confined)
        known = self._running.get(environment)
        if known is not None and known.alive():
            return known
        if known is not None:
            known.close()
            del self._running[environment]
        try:
            return self._running.setdefault(environment, Forkserver(environment, self._secrets, wait=False))
        except OSError as error:  # it has a socket and a log in the temporary directory
            raise JudgeFault(f"a forkserver cannot be started: {error}") from error

    def ready(self, assignment: Assignment) -> Forkserver:
        """The forkserver for an assignment, ready to fork. Raises JudgeFault."""
        forkserver = self.start(assignment)
        forkserver.await_ready()
        return forkserver


def started_ahead(start: Path, assignments: Sequence[str], *, confined: bool) -> Forkservers:
    """Have what these assignments need started now, while the grader imports nbgrader and reads the course.

    What is wrong with the course or this machine is left for the grader to say.
    """
    root = course_root(start) or start.absolute()
    forkservers = Forkservers(root, confined=confined)
    for name in assignments:
        suite = root / "tests" / "hidden" / name
        with suppress(JudgeFault):
            if (suite / SETTINGS).is_file():
                forkservers.start(load_assignment(suite))
    return forkservers
