"""Write records into nbgrader's gradebook: nbgrader's own ``autograde``, whose preprocessor only looks records up.

nbgrader writes one submission at a time and its SQLite gradebook takes one writer, so this is done by one process,
while the workers judge the next submissions. A submission whose grades stand in the gradebook as its record says is
left alone.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import InvalidEntry
from sqlalchemy.exc import DBAPIError, SAWarning

from autograder.course.gradebook import record_missing_notebook
from autograder.course.layout import Course, load_config
from autograder.errors import JudgeFault
from autograder.grading import disk, serving
from autograder.grading.database import kept_engine
from autograder.grading.stopping import whole
from autograder.record import Record


@dataclass(frozen=True)
class Written:
    """What became of one record in the gradebook: "written", "unchanged", "left out" or "failed", and why."""

    student: str
    state: str
    reason: str = ""


class Writer:
    """Brings the gradebook to what records say; a submission that was not judged leaves no grade.

    ``fault`` says what keeps the whole gradebook from being used, once that is known ("" until then): it is not tried
    again for each submission.
    """

    def __init__(self, course: Course, assignment: str) -> None:
        self._course = course
        self._assignment = assignment
        self._api = open_api(course)
        self._standing: dict[str, dict[str, float]] = {}
        self.fault = ""
        with kept_engine() as refused:
            try:
                self._standing = _standing(self._api, assignment)
            except DBAPIError:
                if not refused:
                    raise
                self.fault = refused[0]

    def write(self, record: Record) -> Written:
        """Write one record, where the gradebook does not hold it yet."""
        if record.outcome == "not judged":
            return Written(record.student, "left out", record.reason)
        if self._stands(record):
            return Written(record.student, "unchanged")
        if self.fault:
            return Written(record.student, "failed", self.fault)
        mark = self._mark(record.student)
        try:
            with whole():
                mark.unlink(missing_ok=True)  # a run that ends in the midst of writing leaves none
                written = self._write(record)
                if written.state == "written":
                    mark.write_text(record.submission_sha256)
        except OSError as error:
            return Written(record.student, "failed", str(disk.unwritable(mark, error)))
        return written

    def _stands(self, record: Record) -> bool:
        """Whether the gradebook holds these scores from this very submission: a new written answer must get there."""
        mark = self._mark(record.student)
        same = mark.exists() and mark.read_text() == record.submission_sha256
        return same and self._standing.get(record.student) == {f"test_{e.name}": e.score for e in record.exercises}

    def _mark(self, student: str) -> Path:
        """The file that names the submission which was written last."""
        return self._course.records(self._assignment, student) / "in-gradebook"

    def _write(self, record: Record) -> Written:
        with serving(record), kept_engine() as refused, warnings.catch_warnings():
            # nbgrader 0.9 builds a submission before it adds it to its session; SQLAlchemy 2 warns of each.
            warnings.filterwarnings("ignore", "Object of type <Submitted", SAWarning)
            if not self._notebook(record.student).exists():
                return self._write_missing(record, refused)
            result = self._api.autograde(self._assignment, record.student, force=True, create=True)
        if result["success"]:
            return Written(record.student, "written")
        return self._failed(record, refused, _reason(result))

    def _write_missing(self, record: Record, refused: list[str]) -> Written:
        """The zero of one without a notebook, whom nbgrader passes over."""
        try:
            record_missing_notebook(self._course, self._assignment, record.student)
        except (DBAPIError, InvalidEntry, JudgeFault) as error:
            return self._failed(record, refused, str(error))
        return Written(record.student, "written", record.reason)

    def _failed(self, record: Record, refused: list[str], reason: str) -> Written:
        if refused:
            self.fault = refused[0]
        return Written(record.student, "failed", self.fault or reason)

    def _notebook(self, student: str) -> Path:
        return self._course.submitted(student, self._assignment) / f"{self._assignment}.ipynb"


def _standing(api: Any, assignment: str) -> dict[str, dict[str, float]]:
    """Student -> grade cell -> automatic score, of all that the gradebook holds for the assignment.

    Without those that wait for a review which only grading again can end.
    """
    from nbgrader.api import MissingEntry

    standing: dict[str, dict[str, float]] = {}
    with api.gradebook as gradebook:
        try:
            submissions = gradebook.assignment_submissions(assignment)
        except MissingEntry:
            return {}
        for submission in submissions:
            grades = (grade for notebook in submission.notebooks for grade in notebook.grades)
            done = (grade for grade in grades if grade.manual_score is not None or not grade.needs_manual_grade)
            scores = {grade.name: grade.auto_score for grade in done if grade.auto_score is not None}
            standing[submission.student.id] = {n: s for n, s in scores.items() if n.startswith("test_")}
    return standing


def _reason(result: dict[str, Any]) -> str:
    """The error that made nbgrader give a submission up: the last traceback of its log ends with it.

    What it raises in the end only points there.
    """
    logged = str(result.get("log") or result.get("error") or "").split("Traceback (most recent call last):\n")[-1]
    end = re.search(r"^(?: {4})?(\S.*)$", logged, re.MULTILINE)  # the log indents all of it by four more
    return end[1] if end else "nbgrader gave no reason"


def open_api(course: Course) -> Any:
    """nbgrader's API for this course, with its configuration."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    config = load_config(course.root)
    return NbGraderAPI(CourseDirectory(config=config, root=str(course.root)), config=config)
