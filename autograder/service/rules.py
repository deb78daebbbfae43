"""What a policy makes of a student's attempts: which are refused, when one may be graded, which one counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from autograder.service.attempts import Attempt
from autograder.service.policy import Policy


@dataclass(frozen=True)
class Verdict:
    """What the policy says of one attempt.

    ``uses_one``: it is one of the limited number of graded attempts, so neither refused nor the same bytes again.
    ``not_before``: it waits until then.
    """

    late: bool
    refused: str
    uses_one: bool
    not_before: datetime


def verdicts(policy: Policy, attempts: Sequence[Attempt]) -> list[Verdict]:
    """One verdict for each of a student's attempts, which come in order of arrival. What is graded stays graded."""
    found: list[Verdict] = []
    used, free_from, last = 0, None, None  # last: the bytes of the latest attempt that is not refused
    for attempt in attempts:
        late = policy.is_late(attempt.student, attempt.arrived)
        same = attempt.submission_sha256 == last
        refused = attempt.unreadable
        if not refused and attempt.result is None:
            if late and policy.late == "refuse":
                refused = f"it came after the due date {policy.due_for(attempt.student)}"
            elif policy.attempts and used >= policy.attempts and not same:
                refused = f"all {policy.attempts} attempts are used up"
        uses_one = not refused and not same
        not_before = attempt.arrived
        if uses_one:
            used += 1
            if free_from is not None:
                not_before = max(not_before, free_from)
            free_from = not_before + timedelta(minutes=policy.wait_minutes)
        if not refused:
            last = attempt.submission_sha256
        found.append(Verdict(late, refused, uses_one, not_before))
    return found


def attempts_used(policy: Policy, attempts: Sequence[Attempt]) -> int:
    """How many of the limited number of graded attempts a student has used."""
    return sum(verdict.uses_one for verdict in verdicts(policy, attempts))


def counting(policy: Policy, attempts: Sequence[Attempt]) -> Attempt | None:
    """The graded attempt that counts, None where none is graded.

    The best is the one with most points after its late penalty, of equal ones the last.
    """
    graded = [attempt for attempt in attempts if attempt.result is not None]
    if policy.counts == "last" or not graded:
        return graded[-1] if graded else None
    return max(graded, key=lambda attempt: (points_after_penalty(policy, attempt), attempt.number))


def points_after_penalty(policy: Policy, attempt: Attempt) -> float:
    """The score of a graded attempt, less its late penalty; 0 where it is not graded."""
    if attempt.result is None:
        return 0.0
    return attempt.result.score * (1 - policy.penalty(attempt.student, attempt.arrived))
