"""Run the next submission's notebook while the checks of this one go on.

A judge waits for the student's process half of its time, and the other way round; with the next notebook started
ahead, a worker keeps a processor busy. Nothing else changes: each submission has its own processes and its own
record.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from autograder.suite.assignment import Assignment
from autograder.suite.subjects import Opened, Submission


class Ahead:
    """Opens submissions in their order, each while the one before it is judged. Use as a context manager."""

    def __init__(self, submissions: Sequence[Submission]) -> None:
        self._waiting = list(submissions)
        self._opening: dict[str, Future[Opened]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="notebook-ahead")
        self.subjects = [_OpenedAhead(submission.id, self) for submission in submissions]

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        """End what was opened and never judged: a run that was stopped."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        for future in self._opening.values():
            if not future.cancelled() and future.exception() is None:
                future.result().close()

    def open(self, student: str, assignment: Assignment) -> Opened:
        """Return this submission, opened, and have the next one opened. Raises what opening it raised."""
        while student not in self._opening:
            self._start(assignment)
        opened = self._opening.pop(student)
        result = opened.result()
        if self._waiting and not self._opening:
            self._start(assignment)
        return result

    def _start(self, assignment: Assignment) -> None:
        submission = self._waiting.pop(0)
        self._opening[submission.id] = self._thread.submit(submission.open, assignment)


@dataclass(frozen=True)
class _OpenedAhead:
    """A submission as the pytest plugin sees it (a ``Subject``)."""

    id: str
    ahead: Ahead

    def open(self, assignment: Assignment) -> Opened:
        return self.ahead.open(self.id, assignment)
