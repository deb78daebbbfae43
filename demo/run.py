"""What ``make demo`` runs: a course from its release to feedback, with a class of submissions of every kind.

    python demo/run.py [--keep] [--class small]

It makes ``demo/course/`` anew, lays a class's notebooks into it, grades them with the real command lines, and ends with
a table. The exit code is 1 if a score is not the one that it must be.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this directory's package, which is not installed

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.course.layout import Course
from autograder.errors import AutograderError
from demo import report, steps
from demo.expected import ASSIGNMENTS
from demo.students import CLASS, SMALL_CLASS, Student

COURSE = Path(__file__).resolve().parent / "course"
WIDTH = 140  # of the table where there is no terminal
WRITTEN = ("written", "unchanged")
PAGE_OF = ("emil", "dropout")  # a page of feedback with a named mistake


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(description="Grade a class of submissions, from release to feedback.")
    parser.add_argument("--keep", action="store_true", help="go on with demo/course as it is")
    parser.add_argument("--class", dest="size", choices=("full", "small"), default="full", help="how many submissions")
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    students = SMALL_CLASS if options.size == "small" else CLASS
    try:
        if options.keep and COURSE.exists():
            course = Course.find(COURSE)
            students = tuple(s for s in CLASS if course.submitted(s.name, ASSIGNMENTS[0]).exists())
        else:
            course = _prepare(console, students)
        return _demonstrate(console, course, students)
    except (steps.DemoFailed, AutograderError) as error:
        console.print(f"The demo stopped: {error}", style="bold red", markup=False)
        return 1


def _demonstrate(console: Console, course: Course, students: Sequence[Student]) -> int:
    console.print(f"autograder grade {' '.join(ASSIGNMENTS)}: {len(students)} submissions to each")
    began = time.monotonic()
    results = steps.grade(course)
    seconds = time.monotonic() - began
    console.print(f"graded {len(results)} submissions in {seconds:.1f} s\n")
    _feedback(console, course)
    with _step(console, "nbgrader export"):
        table = steps.export(course)
    console.print(report.table(students, results))
    console.print(f"grading       {seconds:.1f} s for {len(results)} submissions")
    student, assignment = PAGE_OF
    page = course.feedback(student, assignment) / f"{assignment}.html"
    for name, path in (("gradebook", course.root / "gradebook.db"), ("feedback", page), ("grades", table)):
        console.print(f"{name:<13} {os.path.relpath(path)}", soft_wrap=True)
    return _verdict(console, students, results)


def _prepare(console: Console, students: Sequence[Student]) -> Course:
    with _step(console, "a fresh course in demo/course"):
        course = steps.build(COURSE)
    with _step(console, "autograder release (nbgrader generate_assignment)"):
        steps.release(course)
    with _step(console, f"{len(students)} students hand in {len(ASSIGNMENTS)} notebooks each"):
        steps.submit(course, students)
    return course


def _feedback(console: Console, course: Course) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("nbgrader generate_feedback", total=None)
        steps.give_feedback(course, lambda pages, total: progress.update(task, completed=pages, total=total))


def _verdict(console: Console, students: Sequence[Student], results: Sequence[steps.Result]) -> int:
    found = [] if len(results) == len(students) * len(ASSIGNMENTS) else [f"{len(results)} results"]
    found += report.other_weights(results)
    for student in students:
        found += report.surprises(student, [result for result in results if result.record.student == student.name])
    found += [f"{r.record.student}: gradebook {r.gradebook}" for r in results if r.gradebook not in WRITTEN]
    if not found:
        console.print("\nEvery score is the one that it must be.", style="bold green")
        return 0
    console.print("\nNot as it must be:", style="bold red")
    for text in found:
        console.print(f"  {text}", markup=False, soft_wrap=True)
    return 1


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    began = time.monotonic()
    with console.status(what):
        yield
    console.print(f"{what} ({time.monotonic() - began:.1f} s)")


if __name__ == "__main__":
    sys.exit(main())
