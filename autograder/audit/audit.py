"""The audit of one assignment, from its files to its result."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.audit.findings import Finding, findings, of_margins
from autograder.audit.jobs import (
    Earned,
    Job,
    mutant_jobs,
    run_jobs,
    solution_cells,
    start_forkserver,
    stub_cells,
    variant_jobs,
)
from autograder.audit.margins import Margin, accepted, margins
from autograder.audit.mutants import Listed, Mutant, listed, mutants
from autograder.course.layout import Course
from autograder.errors import SuiteFault
from autograder.suite.assignment import Assignment, load_assignment
from autograder.suite.variants import load_variants


@dataclass(frozen=True)
class Options:
    """How to audit: worker processes (0: one a processor), and the device.

    ``mutants`` of each exercise, and ``variants`` of each exercise and kind, at most; None: all.
    """

    workers: int = 0
    mutants: int | None = None
    variants: int | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class Audit:
    """All that an audit found out about one assignment."""

    assignment: Assignment
    earned: tuple[Earned, ...]
    listed: tuple[Listed, ...]
    findings: tuple[Finding, ...]
    margins: tuple[Margin, ...]

    @property
    def proved(self) -> bool:
        """Whether nothing contradicts the suite."""
        return not self.findings

    def counts(self, exercise: str) -> Counter[str]:
        """How many of each kind were run on an exercise, and how many mutants are "listed" as right."""
        found = Counter(solution.kind for solution in self.earned if solution.exercise == exercise)
        found["listed"] = sum(entry.exercise == exercise for entry in self.listed)
        found["killed"] = sum(s.kind == "mutant" and bool(s.failed) for s in self.earned if s.exercise == exercise)
        return found


def audit(
    course: Course, name: str, options: Options, begun: Callable[[int], None], done: Callable[[int], None]
) -> Audit:
    """Audit one assignment. ``begun`` hears how many solutions will run, ``done`` how many have. Raises SuiteFault."""
    assignment = load_assignment(course.hidden_suite(name))
    source = course.source_notebook(name)
    chosen = _mutants(assignment, solution_cells(source), options.mutants)
    right = listed(assignment.suite)
    with start_forkserver(assignment) as forkserver:
        stubs = stub_cells(course.release_notebook(name), source)
        jobs = variant_jobs(assignment, stubs, options.variants, options.device)
        jobs += mutant_jobs(assignment, source, chosen, forkserver.address, options.device)
        begun(sum(job.size for job in jobs))

        def tell(job: Job) -> None:
            done(job.size)

        earned = run_jobs(jobs, options.workers, tell)
    everything = chosen if options.mutants is None else _mutants(assignment, solution_cells(source), None)
    found = findings(assignment, load_variants(assignment.suite), earned, everything, right)
    checks = {check: exercise for solution in earned for check, exercise in solution.checks.items()}
    measured = margins(earned, checks)
    found += of_margins(measured, earned, accepted(assignment.suite), whole=options.variants is None)
    return Audit(assignment, tuple(earned), tuple(right), tuple(found), tuple(measured))


def _mutants(assignment: Assignment, cells: dict[str, str], most: int | None) -> list[Mutant]:
    """The mutants of each exercise; of more than ``most`` always the same ones."""
    chosen: list[Mutant] = []
    for exercise in assignment.exercises:
        if exercise not in cells:
            raise SuiteFault(f"{assignment.name}: the source notebook has no solution cell {exercise!r}")
        found = mutants(exercise, cells[exercise])
        chosen += found if most is None else sorted(found, key=_draw)[:most]
    return chosen


def _draw(mutant: Mutant) -> str:
    return hashlib.sha256(repr(mutant.key).encode()).hexdigest()


def as_json(audits: Sequence[Audit]) -> list[dict[str, Any]]:
    """Everything, as plain data; an infinite share is None."""
    return [
        {
            "assignment": one.assignment.name,
            "proved": one.proved,
            "findings": [{"exercise": f.exercise, "text": f.text} for f in one.findings],
            "solutions": [
                {
                    "kind": e.kind,
                    "exercise": e.exercise,
                    "name": e.name,
                    "passed": e.passed,
                    "total": e.total,
                    "failed": list(e.failed),
                    "elsewhere": list(e.elsewhere),
                    "not_judged": list(e.not_judged),
                    "named": e.named,
                }
                for e in one.earned
            ],
            "margins": [
                {
                    "exercise": m.exercise,
                    "check": m.check,
                    "what": m.label,
                    "kind": m.kind,
                    "nearest_right": _plain(m.nearest_right),
                    "nearest_wrong": _plain(m.nearest_wrong),
                }
                for m in one.margins
            ],
        }
        for one in audits
    ]


def _plain(nearest: tuple[str, float]) -> dict[str, Any]:
    name, share = nearest
    return {"solution": name, "share": share if share < float("inf") else None}
