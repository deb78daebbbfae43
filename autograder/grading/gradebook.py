"""Write records into nbgrader's gradebook: one serial pass of nbgrader's own ``autograde``, whose preprocessor only
looks records up.

nbgrader writes one submission at a time and its SQLite gradebook takes one writer, so the judging, which is the
work, is done before and in parallel. A submission whose grades stand in the gradebook as its record says is left
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.course.layout import Course, load_config
from autograder.grading import serving
from autograder.record import Record


@dataclass(frozen=True)
class Written:
    """What became of one record in the gradebook: "written", "unchanged", or the reason why it is not there."""

    student: str
    state: str
    reason: str = ""


def write(
    course: Course, assignment: str, records: Sequence[Record], written: Callable[[Written], None] = lambda _: None
) -> list[Written]:
    """Bring the gradebook to what the records say; a record that was not graded leaves no grade."""
    api = open_api(course)
    standing = _standing(api, assignment)
    results = []
    with serving(records):
        for record in records:
            results.append(_write_one(api, assignment, record, standing))
            written(results[-1])
    return results


def _write_one(api: Any, assignment: str, record: Record, standing: dict[str, dict[str, float]]) -> Written:
    if record.outcome == "not judged":
        return Written(record.student, "left out", record.reason)
    if standing.get(record.student) == {f"test_{e.name}": e.score for e in record.exercises}:
        return Written(record.student, "unchanged")
    result = api.autograde(assignment, record.student, force=True, create=True)
    if result["success"]:
        return Written(record.student, "written")
    reason = result.get("error") or result.get("log")
    return Written(
        record.student, "failed", str(reason).strip().splitlines()[-1] if reason else "nbgrader gave no reason"
    )


def _standing(api: Any, assignment: str) -> dict[str, dict[str, float]]:
    """Student -> grade cell -> automatic score, of all that the gradebook holds for the assignment."""
    from nbgrader.api import MissingEntry

    standing: dict[str, dict[str, float]] = {}
    with api.gradebook as gradebook:
        try:
            submissions = gradebook.assignment_submissions(assignment)
        except MissingEntry:
            return {}
        for submission in submissions:
            grades = (grade for notebook in submission.notebooks for grade in notebook.grades)
            scores = {grade.name: grade.auto_score for grade in grades if grade.auto_score is not None}
            standing[submission.student.id] = {n: s for n, s in scores.items() if n.startswith("test_")}
    return standing


def open_api(course: Course) -> Any:
    """nbgrader's API for this course, with its configuration."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    config = load_config(course.root)
    return NbGraderAPI(CourseDirectory(config=config, root=str(course.root)), config=config)
