"""The demo's closing words: one table of the class, and whether every score is the one that it must be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from demo.steps import Result
from demo.students import ASSIGNMENTS, Student

TOLERANCE = 1e-6  # records are rounded to six decimals
WHY_LENGTH = 150  # characters for one assignment


def surprises(student: Student, results: Iterable[Result]) -> list[str]:
    """What differs from what the student must get: a score, an outcome, or a mistake that was not named."""
    found = []
    for result in results:
        where = f"{student.name}, {result.assignment}"
        outcome = "unreadable" if student.unreadable else "graded"
        if result.outcome != outcome:
            found.append(f"{where}: {result.outcome} ({result.remark}), expected {outcome}")
            continue
        expected = student.expected(result.assignment)
        for exercise in sorted(expected.keys() | result.scores.keys()):
            got, due = result.scores.get(exercise, math.nan), expected.get(exercise, math.nan)
            if not math.isclose(got, due, abs_tol=TOLERANCE):
                found.append(f"{where}: {exercise} got {got:g} points, expected {due:g}")
    return found


def table(students: Sequence[Student], results: Sequence[Result]) -> Table:
    """Student, scores, whether they are as expected, what was handed in, and why it got no more."""
    shown = Table(header_style="bold", show_lines=True)
    shown.add_column("student", no_wrap=True)
    for assignment in ASSIGNMENTS:
        shown.add_column(assignment, justify="right", no_wrap=True)
    shown.add_column("expected?", no_wrap=True)
    shown.add_column("handed in", min_width=20, ratio=2)
    shown.add_column("why", min_width=30, ratio=5)
    by_student = {student.name: [r for r in results if r.student == student.name] for student in students}
    for student in sorted(students, key=lambda student: student.name):
        mine = by_student[student.name]
        wrong = surprises(student, mine) or len(mine) != len(ASSIGNMENTS)
        verdict = Text("NO", "bold red") if wrong else Text("yes", "green")
        shown.add_row(student.name, *(_score(mine, a) for a in ASSIGNMENTS), verdict, Text(student.what), Text(why(mine)))
    return shown


def why(results: Sequence[Result]) -> str:
    """The remarks on both assignments, each once; nothing where every check passed."""
    remarks = [result.remark.strip() for result in results]
    told = [remark for remark in dict.fromkeys(remarks) if remark != "every check passed"]
    return "\n".join(remark if len(remark) <= WHY_LENGTH else remark[: WHY_LENGTH - 1] + "…" for remark in told)


def _score(results: Sequence[Result], assignment: str) -> str:
    for result in results:
        if result.assignment == assignment:
            return "not judged" if result.outcome == "not judged" else f"{result.score:.2f} / {result.points:g}"
    return "missing"
