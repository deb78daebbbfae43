"""One pytest run of an audit, in a worker process: who is judged, and what the comparisons saw."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch

import autograder.suite.plugin as plugin
from autograder.audit.jobs import Comparison, Earned, Job, subject_name, touched
from autograder.audit.mutants import Mutant
from autograder.judge.forkserver import Spawner
from autograder.judge.session import Cell
from autograder.suite.assignment import Assignment
from autograder.suite.records import Collector, counted
from autograder.suite.subjects import OwnSolution, Subject, Submission

ENDLESS = 8.0  # seconds of one call; the longest one of a reference takes a second


@dataclass(frozen=True)
class _Mutated(Submission):
    """A mutant: as it is our own code with a small change, what takes far longer than the reference is endless."""

    def open(self, assignment: Assignment) -> Any:
        """See Submission; with less time for a call."""
        limits = assignment.limits
        return super().open(replace(assignment, limits=replace(limits, call_seconds=min(limits.call_seconds, ENDLESS))))


class Run:
    """A pytest plugin object: gives the subjects of a job, and keeps the margins of their comparisons."""

    def __init__(self, job: Job, assignment: Assignment) -> None:
        torch.set_num_threads(1)
        self.collector = Collector()
        self._job = job
        self._assignment = assignment
        self._own = [OwnSolution(variant, touched(assignment, variant)) for variant in job.variants]
        self._mutants = {subject_name(mutant, n): mutant for n, mutant in enumerate(job.mutants)}
        self._taken: dict[str, dict[Comparison, float]] = defaultdict(dict)
        self._killed: set[str] = set()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand the subjects to the plugin."""
        mutated = [self._submission(name, mutant) for name, mutant in self._mutants.items()]
        subjects: list[Subject] = [*self._own, *mutated]
        config.stash[plugin.SUBJECTS] = lambda _: subjects
        config.option.tbstyle = "line"

    def _submission(self, name: str, mutant: Mutant) -> Submission:
        texts = dict(self._job.cells) | {mutant.exercise: mutant.cell}
        cells = [Cell(cell_id, text) for cell_id, text in texts.items()]
        return _Mutated(name, cells, {}, Spawner(self._job.forkserver, True), {}, (mutant.exercise,))

    def pytest_runtest_setup(self, item: Any) -> None:
        """A mutant that has failed once is killed: its other checks show nothing more."""
        subject = getattr(item, "callspec", None) and item.callspec.params.get("subject")
        if subject is not None and subject.id in self._killed:
            pytest.skip("killed")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: Any) -> None:
        """Keep what the check's comparisons saw, before the subject is ended."""
        state = getattr(item, "funcargs", {}).get("subject")
        if state is None or not state.ran:
            return
        ran = state.ran[-1]
        if not ran.passed and state.id in self._mutants:
            self._killed.add(state.id)
        taken = self._taken[state.id]
        for observation in ran.log:
            tried = ran.passed and observation.passed is False  # something else fitted: the check accepts more than one
            if observation.taken is not None and not tried:
                key = (ran.id, observation.label, observation.kind)
                taken[key] = max(taken.get(key, 0.0), observation.taken)

    def earned(self) -> list[Earned]:
        """What each subject earned."""
        own = [
            self._earned(subject.id, subject.variant.kind, subject.variant.exercise, subject.variant.name)
            for subject in self._own
        ]
        mutated = [self._earned(name, "mutant", m.exercise, str(m)) for name, m in self._mutants.items()]
        keyed = [replace(e, mutant=m.key) for e, m in zip(mutated, self._mutants.values(), strict=True)]
        return own + keyed

    def _earned(self, subject: str, kind: str, exercise: str, name: str) -> Earned:
        checks = self.collector.checks[subject]
        mine = [check for check in checks if exercise in ("", check["exercise"])]
        counting = counted(mine) if exercise else mine
        others = [check for check in checks if exercise not in ("", check["exercise"])]
        mistakes = self.collector.whole.get(subject, {}).get("mistakes", {})
        return Earned(
            kind,
            exercise,
            name,
            passed=math.fsum(check["weight"] for check in counting if check["outcome"] == "passed"),
            total=math.fsum(check["weight"] for check in mine),
            failed=_of(mine, "failed"),
            held=tuple(c["check"] for c in mine if c["outcome"] == "passed" and not c["supporting"]),
            elsewhere=tuple(dict.fromkeys(c["exercise"] for c in others if c["outcome"] == "failed")),
            not_judged=_of(checks, "not judged"),
            named=mistakes.get(exercise, ""),
            taken=dict(self._taken[subject]),
            checks={check["check"]: check["exercise"] for check in checks},
        )


def _of(checks: list[dict[str, Any]], outcome: str) -> tuple[str, ...]:
    return tuple(f"{check['check']}: {check['message']}" for check in checks if check["outcome"] == outcome)
