"""The demo's closing words: one table of the class, and whether every score is the one that it must be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table
from rich.text import Text

from autograder.record import ExerciseResult, Record
from demo.expected import ASSIGNMENTS, EXERCISES, NOTHING, Lost, score_due
from demo.steps import Result
from demo.students import Student

WHY_LENGTH = 150  # characters for one assignment


def surprises(student: Student, results: Iterable[Result]) -> list[str]:
    """What differs from what the student must get: an outcome, a check, a score."""
    records = [result.record for result in results]
    return [f"{student.name}, {r.assignment}: {text}" for r in records for text in _differences(student, r)]


def _differences(student: Student, record: Record) -> Iterator[str]:
    due = "unreadable" if student.unreadable else "graded"
    if record.outcome != due:
        yield f"{record.outcome} ({record.reason}), expected {due}"
        return
    if {exercise.name for exercise in record.exercises} != set(EXERCISES[record.assignment]):
        yield f"other exercises than {', '.join(EXERCISES[record.assignment])}"
        return
    for exercise in record.exercises:
        points, _ = EXERCISES[record.assignment][exercise.name]
        yield from _differences_in(exercise, points, student.lost.get(exercise.name, NOTHING))


def _differences_in(exercise: ExerciseResult, points: float, lost: Lost) -> Iterator[str]:
    for check in exercise.checks:
        due = "failed" if lost.includes(check) else "passed"
        if check.outcome != due:
            yield f"{check.id} {check.outcome} ({check.message or 'no message'}), expected {due}"
    if exercise.points != points:
        yield f"{exercise.name} is worth {exercise.points:g} points, expected {points:g}"
    score = score_due(points, exercise.checks, lost) if exercise.checks else 0.0
    if exercise.score != score:
        yield f"{exercise.name} got {exercise.score:g} points, expected {score:g}"


def other_weights(results: Iterable[Result]) -> list[str]:
    """Exercises whose checks weigh, together, something else than what the expected scores rest on."""
    graded = [result.record for result in results if result.record.outcome == "graded"]
    found = {(r.assignment, e.name): sum(check.weight for check in e.checks) for r in graded for e in r.exercises}
    return [
        f"the checks of {exercise} weigh {weight:g} together, expected {EXERCISES[assignment][exercise][1]:g}"
        for (assignment, exercise), weight in found.items()
        if weight != EXERCISES[assignment][exercise][1]
    ]


def table(students: Sequence[Student], results: Sequence[Result]) -> Table:
    """Student, scores, whether they are as expected, what was handed in, and why it got no more."""
    shown = Table(header_style="bold", show_lines=True)
    shown.add_column("student", no_wrap=True)
    for assignment in ASSIGNMENTS:
        shown.add_column(assignment, justify="right", no_wrap=True)
    shown.add_column("expected?", no_wrap=True)
    shown.add_column("handed in", min_width=20, ratio=2)
    shown.add_column("why", min_width=30, ratio=5)
    by_student = {student.name: [r for r in results if r.record.student == student.name] for student in students}
    for student in sorted(students, key=lambda student: student.name):
        mine = by_student[student.name]
        wrong = surprises(student, mine) or len(mine) != len(ASSIGNMENTS)
        verdict = Text("NO", "bold red") if wrong else Text("yes", "green")
        scores = (_score(mine, assignment) for assignment in ASSIGNMENTS)
        shown.add_row(student.name, *scores, verdict, Text(student.what), Text(why(mine)))
    return shown


def why(results: Sequence[Result]) -> str:
    """The remarks on both assignments, each once; nothing where every check passed."""
    remarks = [result.remark.strip() for result in results]
    told = [remark for remark in dict.fromkeys(remarks) if remark != "every check passed"]
    return "\n".join(remark if len(remark) <= WHY_LENGTH else remark[: WHY_LENGTH - 1] + "…" for remark in told)


def _score(results: Iterable[Result], assignment: str) -> str:
    for record in (result.record for result in results):
        if record.assignment == assignment:
            return "not judged" if record.outcome == "not judged" else f"{record.score:.2f} / {record.points:g}"
    return "missing"
