"""What the engine knows of a course: all attempts, and what the policies say of each. It lies on disk as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.errors import CourseFault
from autograder.service import attempts, rules
from autograder.service.attempts import Attempt, Result
from autograder.service.policy import Policies
from autograder.service.waiting import Waiting

Key = tuple[str, str]  # assignment, student


class State:
    """The attempts of a course. ``damaged`` says of directories of attempts why they cannot be read."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._history: dict[Key, list[Attempt]] = {}
        self._waiting: dict[Key, list[Waiting]] = {}
        self.damaged: dict[Path, str] = {}
        for directory in attempts.directories(root):
            try:
                attempt = attempts.read_attempt(directory)
            except CourseFault as fault:
                self.damaged[directory] = str(fault)
            else:
                self._history.setdefault((attempt.assignment, attempt.student), []).append(attempt)

    def inbound(self) -> set[str]:
        """The names of the inbound directories that have become attempts."""
        return {attempt.inbound for attempt in self.attempts()}

    def everybody(self) -> list[Key]:
        """Everybody who has submitted something, with each assignment."""
        return list(self._history)

    def attempts(self) -> Iterator[Attempt]:
        """All attempts."""
        for history in self._history.values():
            yield from history

    def history(self, key: Key) -> Sequence[Attempt]:
        """A student's attempts, the first first."""
        return self._history.get(key, ())

    def of_assignment(self, assignment: str) -> dict[str, Sequence[Attempt]]:
        """Student -> attempts."""
        return {student: history for (name, student), history in self._history.items() if name == assignment}

    def waiting(self) -> list[Waiting]:
        """The attempts that are to be graded, those that run included."""
        return [one for some in self._waiting.values() for one in some]

    def add(self, attempt: Attempt) -> None:
        """A new attempt; ``judge_by`` the policies afterwards."""
        self._history.setdefault((attempt.assignment, attempt.student), []).append(attempt)

    def replace(self, attempt: Attempt) -> None:
        """An attempt with a new result."""
        history = self._history[attempt.assignment, attempt.student]
        history[[one.number for one in history].index(attempt.number)] = attempt

    def set_result(self, attempt: Attempt, result: Result) -> None:
        """Store what became of an attempt. Raises JudgeFault."""
        self.replace(attempts.write_result(attempt, result))

    def forget_result(self, attempt: Attempt) -> None:
        """Have an attempt judged again, whose record is damaged; ``judge_by`` afterwards. Raises OSError."""
        (attempt.directory / "result.json").unlink(missing_ok=True)
        self.replace(replace(attempt, result=None))

    def judge_by(self, policies: Policies, key: Key) -> None:
        """Find out anew which of a student's attempts are late, refused, or wait, and store that. Raises JudgeFault."""
        history = self._history[key]
        found = rules.verdicts(policies.of(key[0]), history)
        for number, verdict in enumerate(found):
            history[number] = attempts.rewrite(history[number], late=verdict.late, refused=verdict.refused)
        pairs = zip(history, found, strict=True)
        left = [Waiting(one, verdict.not_before) for one, verdict in pairs if not verdict.refused and not one.result]
        if left:
            self._waiting[key] = left
        else:
            self._waiting.pop(key, None)
