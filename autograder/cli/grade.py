"""``autograder grade``: judge a class with a progress bar, write the gradebook, print what came out."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from autograder.course.layout import Course
from autograder.errors import CourseFault
from autograder.grading.forkservers import Forkservers
from autograder.grading.gradebook import Writer, Written
from autograder.grading.grader import Grader, Options
from autograder.record import Record


@dataclass
class Graded:
    """What came out for one assignment: everybody's record, and what became of each in the gradebook."""

    assignment: str
    records: list[Record] = field(default_factory=list)
    written: dict[str, Written] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether every submission was judged (and written, where that was asked for)."""
        judged = all(record.outcome != "not judged" for record in self.records)
        return judged and all(entry.state != "failed" for entry in self.written.values())


def grade_class(
    start: Path,
    names: Sequence[str],
    students: Sequence[str],
    options: Options,
    forkservers: Forkservers | None = None,
    *,
    gradebook: bool,
    json_output: bool,
) -> bool:
    """Grade, report, and tell whether every submission was judged (and written, where that was asked for)."""
    course = Course.find(start)
    chosen = {name: _chosen(course, course.require(name), students) for name in names}
    console = _console(json_output)
    graded = {name: Graded(name) for name in chosen}
    writers = {name: Writer(course, name) for name in chosen} if gradebook else {}
    told = {writer.fault for writer in writers.values() if writer.fault}
    for fault in told:
        _print_fault(console, fault)
    with Grader(course, options, forkservers) as grader, _progress(console) as progress:
        bars = {name: progress.add_task(name, total=len(students)) for name, students in chosen.items()}

        def done(record: Record) -> None:
            if gradebook:
                writer = writers[record.assignment]
                graded[record.assignment].written[record.student] = writer.write(record)
                if writer.fault and writer.fault not in told:
                    told.add(writer.fault)
                    _print_fault(console, writer.fault)
            progress.advance(bars[record.assignment])

        for name, records in grader.grade_all(chosen, done).items():
            graded[name].records = records
    if json_output:
        json.dump(
            [entry for one in graded.values() for entry in summary(one.records, one.written)], sys.stdout, indent=1
        )
        sys.stdout.write("\n")
    else:
        for one in graded.values():
            console.print(table(one.records, title=one.assignment if len(graded) > 1 else None))
            _print_notes(console, one.records, one.written, options)
    return all(one.done for one in graded.values())


def _console(stderr: bool) -> Console:
    """The terminal; a file or pipe has no width of its own, so it gets one that a table reads well in."""
    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=150)


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


def remark(record: Record) -> str:
    """The one thing to know about a submission: why it was not judged, the named mistakes, or what failed."""
    if record.reason:
        return record.reason
    notes = [note for cell in record.cells if (note := cell.note)]
    for exercise in record.exercises:
        if exercise.mistake:
            notes.append(f"{exercise.name}: {exercise.mistake}")
        elif exercise.score < exercise.points:
            notes.append(f"{exercise.name}: {exercise.trouble}")
    return "; ".join(dict.fromkeys(notes)) or "every check passed"


def table(records: Sequence[Record], title: str | None = None) -> Table:
    """The class at a glance."""
    result = Table(title=title, title_justify="left", header_style="bold", pad_edge=False)
    result.add_column("student", no_wrap=True)
    result.add_column("score", justify="right", no_wrap=True)
    result.add_column("why", ratio=1)
    for record in records:
        score = f"{record.score:g} / {record.points:g}" if record.outcome == "graded" else record.outcome
        score += " ⚑" if record.flags else ""
        result.add_row(Text(record.student), score, Text(_shortened(remark(record))))
    return result


def _shortened(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _print_notes(console: Console, records: Sequence[Record], written: dict[str, Written], options: Options) -> None:
    graded = [record for record in records if record.outcome == "graded"]
    if graded:
        mean = sum(record.score for record in graded) / len(graded)
        console.print(f"{len(graded)} of {len(records)} graded, mean {mean:.2f} of {graded[0].points:g} points")
    if flagged := [record.student for record in records if record.flags]:
        look = f"autograder show {records[0].assignment} STUDENT"
        console.print(f"flagged for a look: {', '.join(flagged)} ('{look}' says why)", markup=False)
    reasons: dict[str, list[str]] = {}
    for entry in written.values():
        if entry.state == "failed":
            reasons.setdefault(entry.reason, []).append(entry.student)
    for reason, students in reasons.items():
        _print_plainly(console, f"not written to the gradebook: {', '.join(students)}: {reason}", "red")
    if options.trust:
        console.print("These submissions were run WITHOUT confinement (--trust-submissions).", style="bold red")


def _print_fault(console: Console, fault: str) -> None:
    """What concerns the whole class is said at once: judging may take hours."""
    _print_plainly(console, f"{fault}. Judging goes on; its records are kept.", "red")


def _print_plainly(console: Console, text: str, style: str) -> None:
    """Text that holds names and paths: no markup in it, and no line broken within them."""
    console.print(Text(text), style=style, soft_wrap=True)


def summary(records: Sequence[Record], written: dict[str, Written]) -> list[dict[str, Any]]:
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
            "flags": list(record.flags),
            "gradebook": written[record.student].state if record.student in written else "not asked for",
        }
        for record in records
    ]
