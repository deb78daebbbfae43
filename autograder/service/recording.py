"""From results to grades: the attempt that counts is put into submitted/, its record into the gradebook, then feedback.

The gradebook takes one writer, and nbgrader keeps state for the whole process, so one thread does all of this.
``counted.json`` is written last: what is interrupted is done again, and comes to the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import SQLAlchemyError

from autograder.course.layout import Course
from autograder.errors import CourseFault, JudgeFault
from autograder.grading import disk
from autograder.grading.database import kept_engine
from autograder.grading.gradebook import Writer, open_api
from autograder.service import attempts
from autograder.service.attempts import Attempt, Counted
from autograder.service.files import make_directory, remove_tree, sync_directory, write_tree
from autograder.service.policy import Policy
from autograder.service.rules import counting

NEW, OLD = ".new-", ".old-"  # how names begin in submitted/ while one directory takes the place of another


class DamagedRecord(CourseFault):
    """The record of a graded attempt cannot be read any more."""

    def __init__(self, attempt: Attempt, reason: str) -> None:
        super().__init__(reason)
        self.attempt = attempt


class Recorder:
    """Brings nbgrader's files and gradebook of one course to what attempts and policies say."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._writers: dict[str, Writer] = {}
        self._counted: dict[tuple[str, str], Counted | None] = {}
        self._due: dict[str, datetime] = {}

    def settle(self, policy: Policy, history: Sequence[Attempt]) -> bool:
        """Have the gradebook hold the attempt of a student's that counts. Returns whether it did not do so before.

        Raises DamagedRecord, or another JudgeFault, after which it may be tried again.
        """
        chosen = counting(policy, history)
        if chosen is None or chosen.result is None:
            return False
        wanted = Counted(chosen.number, chosen.result.record, policy.penalty(chosen.student, chosen.arrived))
        have = self._have(chosen.assignment, chosen.student)
        if have is not None and replace(have, feedback=False) == wanted:
            return False
        try:
            record = attempts.record_of(self._course.root, chosen)
        except CourseFault as fault:
            raise DamagedRecord(chosen, str(fault)) from fault
        assert record is not None, "it has a result"
        self._set_due(chosen.assignment, policy)
        self._place(chosen)
        mark = self._course.records(chosen.assignment, chosen.student) / "in-gradebook"
        mark.unlink(missing_ok=True)  # penalty, time or files have changed where the scores may be the same
        if chosen.assignment not in self._writers:
            self._writers[chosen.assignment] = Writer(self._course, chosen.assignment)
        written = self._writers[chosen.assignment].write(record)
        if written.state != "written":
            del self._writers[chosen.assignment]  # one that has met a fault of the gradebook stays with it
            raise JudgeFault(f"the gradebook was not written: {written.reason}")
        self._store(chosen.assignment, chosen.student, wanted)
        return True

    def wants_feedback(self, policy: Policy, assignment: str, student: str, now: datetime) -> bool:
        """Whether a page of feedback, which says everything, is to be released and was not."""
        have = self._have(assignment, student)
        return have is not None and not have.feedback and policy.visibility(student, now) == "mistakes"

    def release_feedback(self, assignment: str, student: str) -> None:
        """Have nbgrader make the page of feedback and release it to the exchange. Raises JudgeFault."""
        have = self._have(assignment, student)
        assert have is not None, "it was asked for"
        api = open_api(self._course)
        with kept_engine(), warnings.catch_warnings():
            # nbgrader 0.9.6 misspells an argument of its own, and leaves a file open.
            warnings.filterwarnings("ignore", "Passing unrecognized arguments", DeprecationWarning)
            warnings.filterwarnings("ignore", "unclosed file .*timestamp.txt", ResourceWarning)
            _check(api.generate_feedback(assignment, student, force=True), "made")
            if (self._course.submitted(student, assignment) / "submission_secret.txt").is_file():
                _check(api.release_feedback(assignment, student), "released")
        self._store(assignment, student, replace(have, feedback=True))

    def _have(self, assignment: str, student: str) -> Counted | None:
        key = (assignment, student)
        if key not in self._counted:
            try:
                self._counted[key] = attempts.counted(self._course.root, assignment, student)
            except CourseFault:  # the grade is written again, and the file with it
                self._counted[key] = None
        return self._counted[key]

    def _store(self, assignment: str, student: str, entry: Counted) -> None:
        attempts.write_counted(self._course.root, assignment, student, entry)
        self._counted[assignment, student] = entry

    def _set_due(self, assignment: str, policy: Policy) -> None:
        """Tell the gradebook the due date: without it nbgrader asks for no late penalty. Raises CourseFault."""
        if policy.due is None or self._due.get(assignment) == policy.due:
            return
        with kept_engine() as refused:
            try:
                with Gradebook(self._course.db_url, self._course.course_id) as gradebook:
                    gradebook.find_assignment(assignment).duedate = policy.due.astimezone(UTC).replace(tzinfo=None)
                    gradebook.db.commit()
            except MissingEntry as error:
                raise CourseFault(f"{error}: run `autograder release {assignment}` again") from error
            except SQLAlchemyError as error:
                raise CourseFault(refused[0] if refused else f"the gradebook cannot be used: {error}") from error
        self._due[assignment] = policy.due

    def _place(self, attempt: Attempt) -> None:
        """Put an attempt's files into submitted/, in place of what lies there. Raises JudgeFault."""
        there = self._course.submitted(attempt.student, attempt.assignment)
        new, old = there.with_name(f"{NEW}{there.name}"), there.with_name(f"{OLD}{there.name}")
        try:
            make_directory(there.parent)
            remove_tree(new)
            write_tree(new, _content(attempt.files))
            if there.is_dir():
                remove_tree(old)
                there.rename(old)
            new.rename(there)
            sync_directory(there.parent)
            remove_tree(old)
        except OSError as error:
            raise disk.unwritable(there, error) from error


def _content(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def _check(result: dict[str, Any], done: str) -> None:
    """Raise JudgeFault where nbgrader's command has failed."""
    if not result["success"]:
        said = str(result.get("error") or result.get("log") or "nbgrader gave no reason").strip().splitlines()
        raise JudgeFault(f"the page of feedback was not {done}: {said[-1] if said else ''}")
