"""``autograder show``: one submission's result in the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from autograder.course.layout import Course
from autograder.course.report import exercise_text
from autograder.errors import CourseFault
from autograder.grading.store import load
from autograder.record import Record


def latest(course: Course, assignment: str, student: str) -> Record:
    """The newest record of a submission. Raises CourseFault where there is none."""
    directory = course.records(course.require(assignment), student)
    paths = [path for path in directory.glob("*.json") if not path.name.endswith(".run.json")]
    if not paths:
        raise CourseFault(
            f"no record of {student} for {assignment}: run 'autograder grade {assignment} --student {student}' first"
        )
    return load(max(paths, key=lambda path: path.stat().st_mtime_ns))


def show_result(start: Path, assignment: str, student: str, json_output: bool) -> None:
    """Print the record, for people or as JSON."""
    record = latest(Course.find(start), assignment, student)
    if json_output:
        sys.stdout.write(record.to_json())
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    score = "not judged" if record.outcome == "not judged" else f"{record.score:g} of {record.points:g} points"
    console.print(f"{record.student}, {record.assignment}: {score}", style="bold")
    if record.reason:
        console.print(record.reason)
    if not record.confined:
        console.print("run WITHOUT confinement (--trust-submissions)", style="bold red")
    for exercise in record.exercises:
        console.print()
        console.print(exercise_text(exercise, width=min(console.width, 110)))
    for cell in record.cells:
        if cell.note:
            console.print(f"\ncell {cell.cell_id}: {cell.note}")
    for flag in record.flags:
        console.print(f"\nflagged: {flag}")
    for alteration in record.alterations:
        console.print(f"altered: {alteration}")
