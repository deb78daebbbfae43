"""Writes a record into an autograded notebook: what the cells displayed, a report and a score for each
exercise.
"""

from __future__ import annotations

import math
from typing import Any

from nbformat import NotebookNode

from autograder.course.matching import is_solution, label_of
from autograder.course.notebooks import to_node
from autograder.course.report import exercise_html, exercise_text, notes_html, reason_html, reason_text
from autograder.course.sanitize import clean_outputs
from autograder.errors import CourseFault, JudgeFault
from autograder.record import CellResult, ExerciseResult, Record

TEST_PREFIX = "test_"
NOTES_ID = "autograder-notes"
_TOLERANCE = 1e-9  # rounding of sums of weights; a score further out of its range is a fault


def write_results(notebook: NotebookNode, record: Record) -> NotebookNode:
    """``notebook`` (canonical) with the outputs of every code cell replaced by the record's.

    A test cell gets one report and then one number, its score. Raises CourseFault if the notebook's test
    cells and the record's exercises are not the same with the same points, JudgeFault if a score is not
    within its range.
    """
    cells = [cell for cell in notebook.cells if cell.get("id") != NOTES_ID]
    exercises = {exercise.name: exercise for exercise in record.exercises}
    displayed = {cell.cell_id: cell for cell in record.cells}
    tests = {cell.id: _exercise_of(cell) for cell in cells if _is_test(cell)}
    _check_agreement(set(tests.values()), set(exercises), record)
    for cell in cells:
        if cell.cell_type != "code":
            continue
        if cell.id in tests:
            outputs = _scored(cell, tests[cell.id], exercises, record)
        else:
            outputs = _shown(displayed.get(cell.id))
        cell.outputs = [to_node(output) for output in outputs]
        cell.execution_count = None
    notes = notes_html(record)
    top = [to_node({"id": NOTES_ID, "cell_type": "markdown", "metadata": {}, "source": notes})] if notes else []
    notebook.cells = top + cells
    return notebook


def _is_test(cell: NotebookNode) -> bool:
    metadata = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(metadata.get("grade", False)) and not is_solution(cell)


def _exercise_of(cell: NotebookNode) -> str:
    label = label_of(cell) or ""
    if not label.startswith(TEST_PREFIX):
        raise CourseFault(f"the test cell {label!r} must be named {TEST_PREFIX}<exercise>: mend the source notebook")
    return label.removeprefix(TEST_PREFIX)


def _check_agreement(tests: set[str], exercises: set[str], record: Record) -> None:
    if record.outcome == "graded" and tests != exercises:
        only = f"notebook only: {sorted(tests - exercises)}, suite only: {sorted(exercises - tests)}"
        raise CourseFault(f"test cells and hidden suite of {record.assignment} do not agree ({only})")


def _scored(
    cell: NotebookNode, name: str, exercises: dict[str, ExerciseResult], record: Record
) -> list[dict[str, Any]]:
    points = float(cell.metadata.nbgrader.points)
    if record.outcome == "unreadable":
        report = {
            "text/html": reason_html(name, points, record.reason),
            "text/plain": reason_text(name, points, record.reason),
        }
        return _graded(report, 0.0)
    result = exercises[name]
    if not math.isclose(result.points, points, abs_tol=_TOLERANCE):
        raise CourseFault(f"{name} has {points:g} points in the notebook and {result.points:g} in the record")
    if not -_TOLERANCE <= result.score <= points + _TOLERANCE:  # also false for nan
        raise JudgeFault(f"{name} has the score {result.score!r}; expected a number from 0 to {points:g}")
    report = {"text/html": exercise_html(result), "text/plain": exercise_text(result)}
    return _graded(report, min(max(float(result.score), 0.0), points))


def _graded(report: dict[str, str], score: float) -> list[dict[str, Any]]:
    return [
        {"output_type": "display_data", "metadata": {}, "data": report},
        {
            "output_type": "execute_result",
            "metadata": {},
            "execution_count": None,
            "data": {"text/plain": repr(score)},
        },
    ]


def _shown(result: CellResult | None) -> list[dict[str, Any]]:
    """What a cell displayed. Cleaned again although records are clean: this is what a browser gets."""
    if result is None:
        return []
    note = {"output_type": "stream", "name": "stdout", "text": f"[{result.note}]\n"}
    return clean_outputs([*result.outputs, *([note] if result.note else [])])
