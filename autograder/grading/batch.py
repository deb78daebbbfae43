"""What a worker is given and what it gives back; light to import, as the command line does before any worker runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.grading.prepare import Prepared
from autograder.record import ExerciseResult, Record


@dataclass(frozen=True)
class Batch:
    """Submissions of one assignment to be judged by one worker, and all that it needs to know."""

    suite: Path
    suite_sha256: str
    points: Mapping[str, float]
    device: str
    forkserver: str
    confined: bool
    submissions: tuple[Prepared, ...]


def judge_batch(batch: Batch) -> list[tuple[Record, float]]:
    """Judge a batch, in a worker process; torch and pytest are loaded there only."""
    from autograder.grading.worker import judge

    return judge(batch)


def common(batch: Batch, prepared: Prepared) -> dict[str, Any]:
    """The fields that every record of a submission has."""
    return {
        "assignment": batch.suite.name,
        "student": prepared.student,
        "submission_sha256": prepared.submission_sha256,
        "suite_sha256": batch.suite_sha256,
        "device": batch.device,
        "confined": batch.confined,
        "points": round(sum(batch.points.values()), 6),
    }


def not_judged_record(batch: Batch, prepared: Prepared, reason: str) -> Record:
    """The record of a submission that a fault of ours kept from being judged: no score, and why."""
    return Record(**common(batch, prepared), outcome="not judged", reason=reason, alterations=prepared.alterations)


def unreadable_record(batch: Batch, prepared: Prepared) -> Record:
    """The record of a submission that holds no readable notebook: nothing earned, and why."""
    exercises = tuple(ExerciseResult(name, points, 0.0, ()) for name, points in batch.points.items())
    return Record(**common(batch, prepared), outcome="unreadable", reason=prepared.unreadable, exercises=exercises)
