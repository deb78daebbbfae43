"""The class's results as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from autograder.service.overview import ClassView, class_view, summaries
from autograder.service.reading import Reader

_HEAD = (
    "assignment", "student", "name", "state", "attempts", "late", "score", "points", "late_penalty", "after_penalty",
)  # fmt: skip


def as_csv(reader: Reader, roster: Mapping[str, str], assignment: str | None) -> str:
    """One line a student and assignment; with one assignment also a column an exercise. Raises CourseFault."""
    names = [assignment] if assignment else sorted(summary.name for summary in summaries(reader))
    views = [class_view(reader, roster, name) for name in names]
    exercises = [column.name for column in views[0].columns] if assignment else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*_HEAD, *map(_harmless, exercises)])
    for view in views:
        writer.writerows(_rows(view, bool(assignment)))
    return text.getvalue()


def _rows(view: ClassView, with_exercises: bool) -> list[list[str]]:
    found = []
    for line in view.lines:
        after = None if line.score is None else line.score * (1 - line.penalty)
        numbers = [line.score, line.points, line.penalty, after, *(line.scores if with_exercises else ())]
        texts = [view.assignment, line.student, line.name, line.state, str(line.attempts), "yes" if line.late else "no"]
        found.append([*map(_harmless, texts), *("" if value is None else f"{value:.10g}" for value in numbers)])
    return found


def _harmless(text: str) -> str:
    """A spreadsheet takes what begins with one of these for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
