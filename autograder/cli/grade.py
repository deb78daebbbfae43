"""``autograder grade``: judge a class with a progress bar, write the gradebook, print what came out."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograder.course.layout import Course
from autograder.errors import CourseFault
from autograder.grading import gradebook
from autograder.grading.grader import Grader, Options
from autograder.record import Record


def grade_class(
    start: Path, assignment: str, students: Sequence[str], options: Options, *, gradebook: bool, json_output: bool
) -> bool:
    """Grade, report, and tell whether every submission was judged (and written, where that was asked for)."""
    course = Course.find(start)
    chosen = _chosen(course, course.require(assignment), students)
    console = Console(stderr=json_output)
    with Grader(course, options) as grader, _progress(console) as progress:
        judging = progress.add_task("judging", total=len(chosen))
        records = grader.grade(assignment, chosen, lambda _: progress.advance(judging))
        written = _write(course, assignment, records, progress) if gradebook else {}
    if json_output:
        json.dump(summary(course, records, written), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        console.print(table(records, written))
        _print_notes(console, records, written, options)
    judged = all(record.outcome != "not judged" for record in records)
    return judged and all(entry.state != "failed" for entry in written.values())


def _chosen(course: Course, assignment: str, students: Sequence[str]) -> list[str]:
    submitters = course.submitters(assignment)
    if unknown := sorted(set(students) - set(submitters)):
        expected = course.submitted(unknown[0], assignment)
        raise CourseFault(f"no submission of {', '.join(unknown)} to {assignment}; expected {expected}")
    if not submitters:
        expected = course.submitted("STUDENT", assignment)
        raise CourseFault(f"nobody has submitted {assignment}: expected {expected}; run 'nbgrader collect' first")
    return list(students) or submitters


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description:>18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=not console.is_terminal)


def _write(
    course: Course, assignment: str, records: Sequence[Record], progress: Progress
) -> dict[str, gradebook.Written]:
    task = progress.add_task("writing gradebook", total=len(records))
    entries = gradebook.write(course, assignment, records, lambda _: progress.advance(task))
    return {entry.student: entry for entry in entries}


def remark(record: Record) -> str:
    """The one thing to know about a submission: why it was not judged, the named mistakes, or what failed."""
    if record.reason:
        return record.reason
    notes = [note for cell in record.cells if (note := cell.note)]
    for exercise in record.exercises:
        if exercise.mistake:
            notes.append(f"{exercise.name}: {exercise.mistake}")
        elif exercise.score < exercise.points:
            failed = [check for check in exercise.checks if check.outcome != "passed"]
            notes.append(f"{exercise.name}: {failed[0].message}")
    return "; ".join(dict.fromkeys(notes)) or "every check passed"


def table(records: Sequence[Record], written: dict[str, gradebook.Written]) -> Table:
    """The class at a glance."""
    result = Table(title=None, header_style="bold", pad_edge=False)
    for name, justify in (("student", "left"), ("score", "right"), ("result", "left"), ("why", "left")):
        result.add_column(name, justify=justify, no_wrap=name in ("student", "score", "result"))  # type: ignore[arg-type]
    for record in records:
        score = "-" if record.outcome == "not judged" else f"{record.score:g} / {record.points:g}"
        result.add_row(record.student, score, record.outcome, _shortened(remark(record)))
    return result


def _shortened(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _print_notes(
    console: Console, records: Sequence[Record], written: dict[str, gradebook.Written], options: Options
) -> None:
    graded = [record for record in records if record.outcome == "graded"]
    if graded:
        mean = sum(record.score for record in graded) / len(graded)
        console.print(f"{len(graded)} of {len(records)} graded, mean {mean:.2f} of {graded[0].points:g} points")
    for entry in written.values():
        if entry.state == "failed":
            console.print(f"not written to the gradebook: {entry.student}: {entry.reason}", style="red")
    if options.trust:
        console.print("These submissions were run WITHOUT confinement (--trust-submissions).", style="bold red")


def summary(course: Course, records: Sequence[Record], written: dict[str, gradebook.Written]) -> list[dict[str, Any]]:
    """What ``--json`` prints: one object a submission."""
    return [
        {
            "assignment": record.assignment,
            "student": record.student,
            "outcome": record.outcome,
            "score": record.score,
            "points": record.points,
            "confined": record.confined,
            "remark": remark(record),
            "exercises": {
                e.name: {"score": e.score, "points": e.points, "mistake": e.mistake} for e in record.exercises
            },
            "alterations": list(record.alterations),
            "gradebook": written[record.student].state if record.student in written else "not asked for",
        }
        for record in records
    ]
