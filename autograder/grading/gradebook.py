"""Write records into nbgrader's gradebook: nbgrader's own ``autograde``, whose preprocessor only looks records up.

nbgrader writes one submission at a time and its SQLite gradebook takes one writer, so this is done by one process,
while the workers judge the next submissions. A submission whose grades stand in the gradebook as its record says is
left alone.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbgrader.api
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SAWarning

from autograder.course.gradebook import record_missing_notebook
from autograder.course.layout import Course, load_config
from autograder.grading import serving
from autograder.record import Record


@dataclass(frozen=True)
class Written:
    """What became of one record in the gradebook: "written", "unchanged", "left out" or "failed", and why."""

    student: str
    state: str
    reason: str = ""


class Writer:
    """Brings the gradebook to what records say; a submission that was not judged leaves no grade."""

    def __init__(self, course: Course, assignment: str) -> None:
        self._course = course
        self._assignment = assignment
        self._api = open_api(course)
        self._standing = _standing(self._api, assignment)

    def write(self, record: Record) -> Written:
        """Write one record, where the gradebook does not hold it yet."""
        if record.outcome == "not judged":
            return Written(record.student, "left out", record.reason)
        if self._stands(record):
            return Written(record.student, "unchanged")
        written = self._write(record)
        if written.state == "written":
            self._mark(record.student).write_text(record.submission_sha256)
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
        with serving(record), _kept_engine(), warnings.catch_warnings():
            # nbgrader 0.9 builds a submission before it adds it to its session; SQLAlchemy 2 warns of each.
            warnings.filterwarnings("ignore", "Object of type <Submitted", SAWarning)
            if not self._notebook(record.student).exists():
                record_missing_notebook(self._course, self._assignment, record.student)  # nbgrader passes over it
                return Written(record.student, "written", record.reason)
            result = self._api.autograde(self._assignment, record.student, force=True, create=True)
        if result["success"]:
            return Written(record.student, "written")
        lines = str(result.get("error") or result.get("log") or "nbgrader gave no reason").strip().splitlines()
        return Written(record.student, "failed", lines[-1])

    def _notebook(self, student: str) -> Path:
        return self._course.submitted(student, self._assignment) / f"{self._assignment}.ipynb"


@contextlib.contextmanager
def _kept_engine() -> Iterator[None]:
    """Have nbgrader use one database engine: it makes one each of the ten times that it opens the gradebook.

    An engine keeps the SQL that it has compiled; making that anew takes as long as all the rest of the writing. Closing
    a gradebook closes the engine's connections, so nothing stays open between two uses. That all its tables exist is
    likewise looked up once.
    """
    made, metadata = nbgrader.api.create_engine, nbgrader.api.Base.metadata
    nbgrader.api.create_engine = _engine
    metadata.create_all = _tables  # hides the method of that name
    try:
        yield
    finally:
        nbgrader.api.create_engine = made
        del metadata.create_all


@functools.cache
def _engine(url: str, **settings: Any) -> Engine:
    """The engine of a gradebook, made once."""
    from sqlalchemy import create_engine

    return create_engine(url, **settings)


@functools.cache
def _tables(bind: Engine) -> None:
    """Create the tables of a gradebook that does not have them."""
    metadata = nbgrader.api.Base.metadata
    type(metadata).create_all(metadata, bind=bind)


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
