"""Who is graded next: those who have nothing running and had least graded of late, then in order of arrival."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from autograder.service.attempts import Attempt

OF_LATE = timedelta(hours=1)


@dataclass(frozen=True)
class Waiting:
    """An attempt that is to be graded, not before that time."""

    attempt: Attempt
    not_before: datetime


def in_order(
    waiting: Iterable[Waiting], running: Mapping[str, int], graded: Mapping[str, int], now: datetime
) -> list[Waiting]:
    """The queue. ``running`` and ``graded`` say how many attempts of a student are judged now, and were of late.

    Several attempts of one student stand as far apart as if each before them had been graded. What may not be graded
    yet comes last.
    """
    before: Counter[str] = Counter()
    keyed = []
    for one in sorted(waiting, key=lambda one: (one.attempt.arrived, one.attempt.number)):
        student = one.attempt.student
        turn = graded.get(student, 0) + running.get(student, 0) + before[student]
        wait = max(one.not_before, now)
        keyed.append(((wait, running.get(student, 0) > 0, turn, one.attempt.arrived, student), one))
        before[student] += 1
    return [one for _, one in sorted(keyed, key=lambda pair: pair[0])]


def graded_of_late(attempts: Iterable[Attempt], now: datetime) -> Counter[str]:
    """How many attempts of each student were graded in the last hour."""
    return Counter(one.student for one in attempts if one.result is not None and now - one.result.at < OF_LATE)
