"""Make records from the properties that the plugin attaches to reports.

Works on the reports alone, so it is the same in one process and behind pytest-xdist.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autograder.record import NOT_ALONE, CellResult, Check, CheckOutcome, ExerciseResult
from autograder.suite.plugin import PROPERTY

MAX_FLAGS = 10  # of one submission

CleanOutputs = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


class Collector:
    """A pytest plugin object: collects the properties of one run by subject."""

    def __init__(self, on_finished: Callable[[str], None] = lambda _: None) -> None:
        self.checks: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.whole: dict[str, dict[str, Any]] = {}
        self.broken: list[str] = []
        self._on_finished = on_finished

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep what the plugin attached."""
        for name, value in report.user_properties:
            if name != PROPERTY:
                continue
            if "check" in value:
                self.checks[value["subject"]].append(value)
            else:
                self.whole[value["subject"]] = value
                self._on_finished(value["subject"])

    def pytest_collectreport(self, report: Any) -> None:
        """A suite that cannot even be collected judges nobody."""
        if report.failed:
            self.broken.append(f"{report.nodeid}: {report.longreprtext.strip().splitlines()[-1]}")

    def exercises(self, subject: str, points: Mapping[str, float]) -> tuple[ExerciseResult, ...]:
        """The results of one subject, for the exercises that carry points, in the notebook's order."""
        mistakes = self.whole.get(subject, {}).get("mistakes", {})
        results = []
        for exercise, maximum in points.items():
            checks = tuple(_check(p) for p in counted(p for p in self.checks[subject] if p["exercise"] == exercise))
            score = _score(checks, maximum)
            results.append(ExerciseResult(exercise, maximum, score, checks, mistakes.get(exercise)))
        return tuple(results)

    def cells(self, subject: str, clean: CleanOutputs) -> tuple[CellResult, ...]:
        """What the subject's cells did, their outputs cleaned."""
        runs = self.whole.get(subject, {}).get("cells", [])
        return tuple(CellResult(run["cell_id"], tuple(clean(run["outputs"])), run["note"]) for run in runs)

    def flags(self, subject: str) -> tuple[str, ...]:
        """What an instructor may want to look at: refused system calls, banned functions, answers that are none.

        They cost nothing by themselves: the checks have said what they say.
        """
        asked = self.whole.get(subject, {}).get("flags", [])
        suspect = dict.fromkeys(f"{c['exercise']}: {c['message']}" for c in self.checks[subject] if c["suspect"])
        told = [*asked, *suspect]
        return (*told[:MAX_FLAGS], *([f"and {len(told) - MAX_FLAGS} more"] if len(told) > MAX_FLAGS else []))


def counted(checks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The checks of one exercise as they count: a supporting one has failed where no other one has passed.

    What holds for an answer that computes nothing (arguments left alone, an error raised) earns nothing by itself.
    """
    checks = list(checks)
    if any(check["outcome"] == "passed" and not check["supporting"] for check in checks):
        return checks
    return [
        check | {"outcome": "failed", "message": NOT_ALONE}
        if check["outcome"] == "passed"
        else check
        for check in checks
    ]  # fmt: skip


def not_judged(exercises: tuple[ExerciseResult, ...]) -> str:
    """The reason why these exercises cannot be scored, or "": no checks, or one that could not be judged."""
    for exercise in exercises:
        if not exercise.checks:
            return f"the suite has no check for {exercise.name}"
        for check in exercise.checks:
            if check.outcome == "not judged":
                return f"{check.id}: {check.message}"
    return ""


def _check(value: Mapping[str, Any]) -> Check:
    outcome: CheckOutcome = value["outcome"]
    return Check(value["check"], value["sentence"], value["weight"], outcome, value["message"])


def _score(checks: tuple[Check, ...], maximum: float) -> float:
    total = sum(check.weight for check in checks)
    passed = sum(check.weight for check in checks if check.outcome == "passed")
    # Rounded so that a sum of weights in another order cannot change a record's bytes.
    return round(maximum * passed / total, 6) if total else 0.0
