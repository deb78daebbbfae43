"""What is wrong with a suite, judged by what everything earned on it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.audit.jobs import Earned
from autograder.audit.margins import ROOM, Accepted, Margin, Tight, accepts, tight
from autograder.audit.mutants import Listed, Mutant
from autograder.suite.assignment import Assignment
from autograder.suite.variants import Variant

LEAST = 3  # misconceptions, and equivalents, of each exercise


@dataclass(frozen=True)
class Finding:
    """One thing to mend: in which exercise, and what."""

    exercise: str
    text: str


def findings(
    assignment: Assignment,
    variants: Sequence[Variant],
    earned: Sequence[Earned],
    mutants: Sequence[Mutant],
    listed: Sequence[Listed],
) -> list[Finding]:
    """All that contradicts the proof of a suite; an empty list is the proof."""
    sentences = {(v.exercise, v.name): v.sentence for v in variants if v.kind == "misconception"}
    found: list[Finding] = []
    for solution in earned:
        found += _of_solution(assignment, solution, sentences, {entry.key for entry in listed})
    found += _of_list(listed, mutants, earned)
    counts = Counter((variant.exercise, variant.kind) for variant in variants)
    for exercise in assignment.exercises:
        for kind in ("misconception", "equivalent"):
            if counts[exercise, kind] < LEAST:
                found.append(Finding(exercise, f"{counts[exercise, kind]} {kind}s; at least {LEAST} are needed"))
    return found


def _of_solution(
    assignment: Assignment,
    solution: Earned,
    sentences: dict[tuple[str, str], str],
    listed: set[tuple[str, str, str]],
) -> Iterator[Finding]:
    name = f"{solution.kind} {solution.name}"
    for reason in solution.not_judged:
        yield Finding(solution.exercise, f"{name} could not be judged: {reason}")
    if solution.kind in ("reference", "equivalent") and solution.failed:
        yield Finding(solution.exercise, f"{name} loses points: {'; '.join(solution.failed[:3])}")
    if solution.kind == "stub" and solution.passed:
        yield Finding(solution.exercise, f"the stub earns {solution.passed:g} of {solution.total:g}")
    if solution.kind == "empty" and solution.passed:
        yield Finding(
            solution.exercise,
            f"an empty answer ({solution.name}) earns {solution.passed:g} of {solution.total:g} by "
            f"{', '.join(solution.held)}: what holds for it should be a supporting check",
        )
    if solution.kind == "misconception":
        yield from _of_misconception(assignment, solution, sentences.get((solution.exercise, solution.name), ""))
    survived = solution.kind == "mutant" and not solution.failed and not solution.not_judged
    if survived and solution.mutant not in listed:
        yield Finding(solution.exercise, f"a mutant keeps all points: {solution.name.partition(': ')[2]}")


def _of_misconception(assignment: Assignment, solution: Earned, sentence: str) -> Iterator[Finding]:
    name = f"misconception {solution.name}"
    if not solution.failed:
        yield Finding(solution.exercise, f"{name} keeps all points")
    elif solution.named != sentence:
        found = f'"{solution.named}"' if solution.named else "nothing"
        yield Finding(solution.exercise, f"{name} is met with {found} in place of its own sentence")
    for other in solution.elsewhere:
        if not assignment.shares_cache(other, solution.exercise):
            yield Finding(solution.exercise, f"{name} costs points of {other} too")


def of_margins(
    found: Sequence[Margin], earned: Sequence[Earned], exceptions: Sequence[Accepted], *, whole: bool
) -> Iterator[Finding]:
    """Solutions too near to a tolerance without a stated reason; reasons without such a solution, if all were run."""
    near = list(tight(found, earned))
    unexplained = [one for one in near if not any(accepts(entry, one) for entry in exceptions)]
    nearest: dict[tuple[str, str, bool], Tight] = {}  # of each solution: one finding is enough
    for one in sorted(unexplained, key=lambda one: abs(math.log(one.share))):
        nearest.setdefault((one.exercise, one.solution, one.right), one)
    for one in nearest.values():
        yield Finding(one.exercise, _too_near(one))
    for entry in exceptions:
        if whole and not any(accepts(entry, one) for one in near):
            text = f"margins.toml excepts {entry.solution!r} ({entry.check}), which comes near no tolerance"
            yield Finding(entry.exercise, text)


def _too_near(one: Tight) -> str:
    where = f"{one.label} in {one.check}"
    if one.right:
        return (
            f"the right solution {one.solution} takes {one.share:.2g} of the tolerance of {where}; at most {1 / ROOM:g}"
        )
    return f"the wrong solution {one.solution} is found out by {one.share:.2g} tolerances ({where}); at least {ROOM:g}"


def _of_list(listed: Sequence[Listed], mutants: Sequence[Mutant], earned: Sequence[Earned]) -> Iterator[Finding]:
    known = {mutant.key for mutant in mutants}
    killed = {solution.mutant for solution in earned if solution.kind == "mutant" and solution.failed}
    for entry in listed:
        if entry.key not in known:
            yield Finding(entry.exercise, f"listed as right, but there is no such mutant: `{entry.line}`")
        elif entry.key in killed and not entry.either:
            yield Finding(entry.exercise, f"listed as right, but it loses points: `{entry.becomes}`")
