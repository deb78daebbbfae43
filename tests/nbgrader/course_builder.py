"""A tiny course for the tests: the assignment ``scaling``, one exercise, one plot, one written answer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.record import Check, ExerciseResult, Record

ASSIGNMENT = "scaling"
POINTS = 4.0

SOURCE_CELL = '''def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
'''
SOLUTIONS = '''"""Reference solutions."""


def double(x):
    """Twice x, because addition is cheaper than it looks."""
    return 2 * x
'''
CONFIG = Path(__file__).parents[2] / "nbgrader_config.py"


def cell(kind: str, source: str, label: str, **settings: Any) -> dict[str, Any]:
    """A cell as it is in a source notebook, with nbgrader's metadata."""
    tags = settings.pop("tags", None)
    nbgrader = {
        "grade": False,
        "solution": False,
        "locked": True,
        "task": False,
        "grade_id": label,
        "schema_version": 3,
        "cell_type": kind,
        **settings,
    }
    made: dict[str, Any] = {
        "id": label,
        "cell_type": kind,
        "metadata": {"nbgrader": nbgrader, **({"tags": tags} if tags else {})},
        "source": source,
    }
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def source_tree() -> dict[str, Any]:
    """The source notebook as plain dicts."""
    cells = [
        cell("markdown", "# Scaling\nWrite `double`: $y = 2x$.", "intro"),
        cell("code", "import math", "setup"),
        cell("code", SOURCE_CELL.rstrip("\n"), "double", solution=True, locked=False),
        cell("code", "print(double(2))", "check_double"),
        cell("code", "print('a plot that takes long')", "plot_double", tags=["skip-execution"]),
        cell("code", "# Hidden checks grade this cell.\n# There is nothing to do here.", "test_double",
             grade=True, points=POINTS),
        cell("markdown", "Because.", "explain_scaling", grade=True, solution=True, locked=False, points=2.0),
    ]  # fmt: skip
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}


def released() -> NotebookNode:
    """The notebook that students get (as generate_assignment makes it, but for the checksums)."""
    notebook = nbformat.from_dict(source_tree())
    for one in notebook.cells:
        if one.id == "double":
            one.source = 'def double(x):\n    """Twice x."""\n    raise NotImplementedError()'
        if one.id == "explain_scaling":
            one.source = "YOUR ANSWER HERE"
    return notebook


def find(notebook: NotebookNode, label: str) -> NotebookNode:
    """The one cell with this nbgrader id."""
    (found,) = [one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("grade_id") == label]
    return found


def edited(notebook: NotebookNode, edit: Callable[[NotebookNode], object]) -> bytes:
    """The bytes of a copy of ``notebook`` after ``edit``, as a student's editor would save it."""
    copy = nbformat.from_dict(json.loads(json.dumps(notebook)))
    edit(copy)
    return json.dumps(copy).encode()


def build_course(root: Path) -> Path:
    """Write the course into ``root``: configuration, source with a data file, solutions, an empty hidden suite."""
    shutil.copy(CONFIG, root)
    for directory in ("source/scaling", "solutions", "tests/hidden/scaling"):
        (root / directory).mkdir(parents=True)
    (root / "source/scaling/scaling.ipynb").write_text(json.dumps(source_tree()))
    (root / "source/scaling/data.csv").write_text("1,2\n")
    (root / "solutions/scaling.py").write_text(SOLUTIONS)
    (root / "tests/hidden/scaling/assignment.toml").write_text('title = "Scaling"\n')
    return root


def result(score: float, *checks: Check, name: str = "double", points: float = POINTS) -> ExerciseResult:
    """The result of the one exercise."""
    check = Check("test_double.py::test_twice", "Twice the number.", 1.0, "passed" if score else "failed", "")
    return ExerciseResult(name, points, score, checks or (check,))


def record(student: str, score: float = POINTS, **fields: Any) -> Record:
    """The record of a graded submission of ``student``."""
    made = Record(
        assignment=ASSIGNMENT,
        student=student,
        submission_sha256="0" * 64,
        suite_sha256="1" * 64,
        device="cpu",
        confined=True,
        outcome="graded",
        score=score,
        points=POINTS,
        exercises=(result(score),),
    )
    return replace(made, **fields)
