"""How a student of the demo makes a notebook: the released one, edited cell by cell, saved, put into a directory.

An edit is a function of a ``Workbook``; it does the same in every assignment that it applies to.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.course.layout import Course
from autograder.suite.variants import Variant, load_variants

Cell = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """What all students of an assignment start from, and what they could have written."""

    assignment: str
    notebook: dict[str, Any]  # the released one
    answers: Mapping[str, str]  # exercise -> its cell as in the reference
    variants: Mapping[str, Variant]  # by name


@dataclass
class Workbook:
    """One student's work on one assignment, as plain JSON: what is handed in need not be a valid notebook."""

    template: Template
    notebook: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)  # handed in in place of the notebook, if there are any

    @property
    def assignment(self) -> str:
        """The assignment's name."""
        return self.template.assignment

    @property
    def cells(self) -> list[Cell]:
        """All cells, in order."""
        cells: list[Cell] = self.notebook["cells"]
        return cells

    def cell(self, grade_id: str) -> Cell:
        """The first cell with this nbgrader id. Raises KeyError."""
        for cell in self.cells:
            if grade_id_of(cell) == grade_id:
                return cell
        raise KeyError(f"{self.assignment} has no cell {grade_id!r}")

    def write(self, exercise: str, text: str) -> None:
        """Put ``text`` into the exercise's solution cell."""
        self.cell(exercise)["source"] = text

    def insert_after(self, grade_id: str, source: str, kind: str = "code") -> None:
        """Put a cell of the student's own after the cell with this nbgrader id."""
        own: Cell = {"cell_type": kind, "id": f"own-{len(self.cells)}", "metadata": {}, "source": source}
        if kind == "code":
            own |= {"outputs": [], "execution_count": None}
        self.cells.insert(self.cells.index(self.cell(grade_id)) + 1, own)


Edit = Callable[[Workbook], None]


def load_template(course: Course, assignment: str) -> Template:
    """Read the released notebook, the reference's cells from the source notebook, and the suite's variants."""
    source = json.loads(course.source_notebook(assignment).read_text())
    answers = {grade_id_of(cell): _answer(cell) for cell in source["cells"] if _is_exercise(cell)}
    variants = {variant.name: variant for variant in load_variants(course.hidden_suite(assignment))}
    return Template(assignment, json.loads(course.release_notebook(assignment).read_text()), answers, variants)


def hand_in(template: Template, edits: tuple[Edit, ...], directory: Path) -> None:
    """Edit a fresh copy of the released notebook and save it, under its own name, in ``directory``."""
    workbook = Workbook(template, copy.deepcopy(template.notebook))
    for edit in edits:
        edit(workbook)
    directory.mkdir(parents=True)
    notebook = json.dumps(workbook.notebook, indent=1, ensure_ascii=False).encode()
    for name, content in (workbook.files or {f"{template.assignment}.ipynb": notebook}).items():
        (directory / name).write_bytes(content)


def grade_id_of(cell: Cell) -> str:
    """The cell's nbgrader id, "" if it has none."""
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def is_test(cell: Cell) -> bool:
    """Whether this is a locked cell that carries an exercise's points."""
    return grade_id_of(cell).startswith("test_")


def _is_exercise(cell: Cell) -> bool:
    return cell["cell_type"] == "code" and bool(cell["metadata"].get("nbgrader", {}).get("solution"))


def _answer(cell: Cell) -> str:
    lines = "".join(cell["source"]).splitlines()
    return "\n".join(line for line in lines if "BEGIN SOLUTION" not in line and "END SOLUTION" not in line)
