"""Find the misconception that explains a submission's failed checks.

The same checks are run on each known misconception of the exercise, with the same seeds, and what the assertions
saw is compared (``autograder.compare.observations``). A misconception is named only if it agrees in every check:
the same wrong results where the submission failed, and no failure where it passed. If several agree, none is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.compare import observe, recording
from autograder.compare.observations import Observation, agree
from autograder.errors import BadReturn, JudgeFault, Mismatch, StudentError, StudentFault
from autograder.judge.proxies import Conversation, StudentProxy
from autograder.suite.assignment import Assignment
from autograder.suite.subjects import OpenedOwnSolution, OwnSolution
from autograder.suite.variants import Variant


@dataclass(frozen=True)
class Ran:
    """One test as it ran on a submission: how to run it again on something else, and what it saw."""

    id: str
    exercise: str
    rerun: Callable[[StudentProxy], Any]
    seed: int
    log: list[Observation]
    passed: bool


@dataclass
class Namer:
    """Names mistakes for the submissions of one assignment; what a misconception does in a test is computed once."""

    assignment: Assignment
    variants: Sequence[Variant]
    seed_all: Callable[[int], None]
    _seen: dict[tuple[str, str], tuple[list[Observation], bool] | None] = field(default_factory=dict)
    _opened: dict[str, OpenedOwnSolution] = field(default_factory=dict)

    def mistakes(self, tests: Sequence[Ran]) -> dict[str, str]:
        """Return exercise -> sentence for each exercise with a failed test that exactly one misconception explains."""
        found = {}
        for exercise in dict.fromkeys(test.exercise for test in tests if not test.passed):
            mine = [test for test in tests if test.exercise == exercise]
            fitting = [v for v in self.variants if v.exercise == exercise and self._explains(v, mine)]
            if len(fitting) == 1:
                found[exercise] = fitting[0].sentence
        return found

    def _explains(self, variant: Variant, tests: Sequence[Ran]) -> bool:
        # Failed tests first: they tell most misconceptions apart at once.
        for test in sorted(tests, key=lambda test: test.passed):
            seen = self._on_variant(variant, test)
            if seen is None:
                return False
            log, passed = seen
            if passed != test.passed or (not passed and not agree(test.log, log)):
                return False
        return True

    def _on_variant(self, variant: Variant, test: Ran) -> tuple[list[Observation], bool] | None:
        key = (f"{variant.exercise}:{variant.name}", test.id)
        if key not in self._seen:
            self._seen[key] = self._run(variant, test)
        return self._seen[key]

    def _run(self, variant: Variant, test: Ran) -> tuple[list[Observation], bool] | None:
        # One for all tests, as a submission has one process for an exercise: what a suite computes once, it shares.
        key = f"{variant.exercise}:{variant.name}"
        opened = self._opened.setdefault(key, OwnSolution(variant).open(self.assignment))
        with recording() as log:
            try:
                student = StudentProxy(Conversation(opened.channel(test.exercise), self.assignment.contract))
                begin(student, test.seed, self.seed_all)
                test.rerun(student)
            except (StudentFault, AssertionError) as error:
                note_fault(error)
                return log, False
            except JudgeFault:
                return None  # this misconception cannot be run on this test: then it is not named
        return log, True


def begin(student: StudentProxy, seed: int, seed_all: Callable[[int], None]) -> None:
    """Seed both sides: a test's inputs and a student's draws are the same in every run."""
    student._conversation.seed(seed)
    seed_all(seed)


def note_fault(error: BaseException) -> None:
    """Log a failure that no assertion logged: an exception of the student's code, a missing name, a plain assert."""
    if isinstance(error, Mismatch):
        return
    if isinstance(error, StudentError) and error.kinds:
        fault = error.kinds[0]
    else:  # what was returned in place of what: another return value of a wrong kind is another mistake
        fault = str(error) if isinstance(error, BadReturn) else type(error).__name__
    observe("fault", fault, passed=False)
