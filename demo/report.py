"""The demo's closing words: one table of the class, and whether every score is the one that it must be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table
from rich.text import Text

from autograder.record import ExerciseResult, Record
from demo.expected import ASSIGNMENTS, EXERCISES, NOTHING, Lost, score_due
from demo.steps import Result
from demo.students import Student

REASON_LENGTH = 140  # characters


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
    shown = Table(header_style="bold", show_lines=True, expand=True)
    shown.add_column("student", no_wrap=True)
    for assignment in ASSIGNMENTS:
        shown.add_column(assignment, justify="right", no_wrap=True)
    shown.add_column("expected?", no_wrap=True)
    shown.add_column("handed in", ratio=2)
    shown.add_column("why", ratio=5)
    for student in sorted(students, key=lambda student: student.name):
        mine = [result for result in results if result.record.student == student.name]
        wrong = surprises(student, mine) or len(mine) != len(ASSIGNMENTS)
        verdict = Text("NO", "bold red") if wrong else Text("yes", "green")
        reasons = dict.fromkeys(reason for result in mine for reason in why(result.record))
        scores = (_score(mine, assignment) for assignment in ASSIGNMENTS)
        shown.add_row(student.name, *scores, verdict, Text(student.what), Text("\n".join(reasons)))
    return shown


def why(record: Record) -> Iterator[str]:
    """What became of a submission's cells, and for each exercise that lost points the mistake or the first message."""
    if record.reason:
        yield _brief(record.reason)
        return
    yield from dict.fromkeys(cell.note for cell in record.cells if cell.note)
    exercises: dict[str, list[str]] = {}
    for exercise in record.exercises:
        if exercise.trouble:
            exercises.setdefault(_brief(exercise.mistake or exercise.trouble), []).append(exercise.name)
    for reason, names in exercises.items():
        yield f"{', '.join(names)}: {reason}"


def _brief(text: str) -> str:
    """The first sentence, cut if it is long."""
    first = re.split(r"(?<=[^\d][.;]) (?=[A-Z])|; expected", text)[0]
    return first if len(first) <= REASON_LENGTH else first[: REASON_LENGTH - 1] + "…"


def _score(results: Iterable[Result], assignment: str) -> str:
    for record in (result.record for result in results):
        if record.assignment == assignment:
            return "not judged" if record.outcome == "not judged" else f"{record.score:.2f} / {record.points:g}"
    return "missing"
