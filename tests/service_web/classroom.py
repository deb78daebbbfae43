"""A course with attempts, records and an engine's state on disk, written as the engine writes them."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autograder.course.layout import Course
from autograder.grading import store
from autograder.record import Check, ExerciseResult, Record, RecordOutcome
from autograder.service import attempts
from autograder.service.status import Status, write_status

CONFIG = """c = get_config()
c.CourseDirectory.course_id = "ridge-to-bayes"
c.Exchange.root = {exchange!r}
"""


def make_course(root: Path, titles: dict[str, str]) -> Course:
    """A course with these assignments, all released, and nothing submitted."""
    exchange = root / "exchange"
    for name, title in titles.items():
        (root / "tests" / "hidden" / name).mkdir(parents=True)
        (root / "tests" / "hidden" / name / "assignment.toml").write_text(f'title = "{title}"\n')
        (exchange / "ridge-to-bayes" / "outbound" / name).mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(CONFIG.format(exchange=str(exchange)))
    return Course.at(root)


def enroll(course: Course, students: dict[str, tuple[str, str]]) -> None:
    """Put students, with last and first name, into the table of the gradebook that the pages read."""
    with sqlite3.connect(course.root / "gradebook.db") as database:
        database.execute("CREATE TABLE student (id TEXT PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT)")
        rows = [(student, first, last) for student, (last, first) in students.items()]
        database.executemany("INSERT INTO student (id, first_name, last_name) VALUES (?, ?, ?)", rows)
    database.close()


def submit(
    course: Course,
    assignment: str,
    student: str,
    arrived: datetime,
    *,
    late: bool = False,
    refused: str = "",
    notes: Sequence[str] = (),
) -> attempts.Attempt:
    """An attempt that waits, or is refused."""
    content = {f"{assignment}.ipynb": f"{student} {arrived}".encode()}
    made = attempts.Attempt(
        directory=course.root,
        assignment=assignment,
        student=student,
        number=0,
        arrived=arrived,
        inbound=f"{student}+{assignment}+{arrived:%Y-%m-%d %H:%M:%S %Z}",
        submission_sha256=hashlib.sha256(str(content).encode()).hexdigest(),
        late=late,
        refused=refused,
        notes=tuple(notes),
    )
    return attempts.create(course.root, made, content)


def judge(
    course: Course,
    attempt: attempts.Attempt,
    exercises: Sequence[ExerciseResult],
    *,
    outcome: RecordOutcome = "graded",
    reason: str = "",
    flags: Sequence[str] = (),
    alterations: Sequence[str] = (),
) -> Record:
    """Give an attempt its record and result."""
    record = Record(
        assignment=attempt.assignment,
        student=attempt.student,
        submission_sha256=attempt.submission_sha256,
        suite_sha256="5" * 64,
        device="cpu",
        confined=True,
        outcome=outcome,
        reason=reason,
        score=sum(exercise.score for exercise in exercises),
        points=sum(exercise.points for exercise in exercises),
        exercises=tuple(exercises),
        flags=tuple(flags),
        alterations=tuple(alterations),
    )
    key = store.Key(record.submission_sha256, record.suite_sha256, record.device, record.confined)
    store.write(course.root / "records" / attempt.assignment / attempt.student, key, record, {"seconds": 0.5})
    attempts.write_result(attempt, attempts.result_of(record, 1))
    return record


def exercise(name: str, points: float, score: float, *checks: Check, mistake: str | None = None) -> ExerciseResult:
    """One exercise; with two checks of its own where none are given."""
    right = score >= points
    checks = checks or (
        Check(f"test_{name}.py::test_shape[float32-hidden7]", "The result has the shape of x.", 1.0, "passed"),
        Check(
            f"test_{name}.py::test_values[float32-hidden7]",
            "The result is right.",
            1.0,
            "passed" if right else "failed",
            "" if right else "the values differ",
        ),
    )
    return ExerciseResult(name, points, score, tuple(checks), mistake)


def engine(course: Course, **changes: object) -> Status:
    """Write the state of an engine that runs, and will seem to for the whole test."""
    now = datetime.now(UTC)
    base = {"at": now + timedelta(hours=1), "workers": 2, "pid": 1, "started": now - timedelta(minutes=5)}
    status = Status(**{**base, **changes})  # type: ignore[arg-type]
    write_status(course.root, status)
    return status
