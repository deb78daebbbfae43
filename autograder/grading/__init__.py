"""Grading a class: prepare submissions, judge them in parallel, keep records, write nbgrader's gradebook."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from autograder.errors import CourseFault

if TYPE_CHECKING:
    from autograder.course.layout import Course
    from autograder.grading.grader import Grader
    from autograder.record import Record

# jsonschema, which nbformat imports, builds a parser of IRIs at once where this package is installed: a second and more
# of every process, and no schema of a notebook has an IRI.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # Python's mark of what cannot be imported

_graders: dict[Course, Grader] = {}
_served: dict[tuple[str, str], Record] = {}


def record_for(course: Course, assignment: str, student: str) -> Record:
    """Return the record of one submission, judging it now if there is none. Raises JudgeFault.

    This is what nbgrader's preprocessor calls. The grader stays warm for the next submission and ends with this
    process.
    """
    from autograder.grading.grader import Grader, Options
    from autograder.grading.prepare import submission_sha256

    served = _served.get((assignment, student))
    if served is not None:
        if submission_sha256(course, assignment, student) != served.submission_sha256:
            raise CourseFault(f"the submission of {student} to {assignment} changed while it was graded: grade again")
        return served
    if course not in _graders:
        _graders[course] = Grader(course, Options(workers=1))
        atexit.register(_graders[course].close)
    (record,) = _graders[course].grade(assignment, [student])
    return record


@contextmanager
def serving(record: Record) -> Iterator[None]:
    """Have ``record_for`` answer with this record, which was made just now, whatever options made it."""
    _served[record.assignment, record.student] = record
    try:
        yield
    finally:
        _served.clear()
