"""Fills the source notebooks from ``solutions/``, the one copy of each solution, and finds where they have
drifted.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.course.layout import Course
from autograder.course.matching import is_solution, label_of
from autograder.course.solutions import Solutions, bound_names, fill, find_regions, indent_of
from autograder.errors import CourseFault


def sync(course: Course, assignment: str, *, check: bool = False) -> list[str]:
    """Put the reference solutions into the source notebook; returns what differed, in plain words.

    The notebook is written in one deterministic form: no outputs, no execution counts, keys sorted, one space
    of indentation. With ``check`` nothing is written. Raises CourseFault if the notebook or the solutions are
    missing or wrong: no such function, other arguments or defaults, names that the notebook does not have.
    """
    path = course.source_notebook(assignment)
    text, notebook = _read(path)
    solutions = Solutions(_text(course.solutions(assignment)), what=_relative(course, course.solutions(assignment)))
    known = {name for cell in notebook.cells if cell.cell_type == "code" for name in bound_names(_skeleton(cell))}
    drift = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and is_solution(cell):
            source = _filled(cell, solutions, known, f"{_relative(course, path)}, cell {label_of(cell)!r}")
            if source != cell.source:
                drift.append(f"{_relative(course, path)}: {label_of(cell)} differs from its solution")
            cell.source = source
    canonical = _written(notebook)
    if canonical != text and not drift:
        drift.append(f"{_relative(course, path)}: outputs or another format than `autograder sync` writes")
    if drift and not check:
        _replace(path, canonical)
    return drift


def _filled(cell: NotebookNode, solutions: Solutions, known: set[str], what: str) -> str:
    regions = find_regions(cell.source, what=what)
    if not regions:
        raise CourseFault(f"{what}: a solution cell without a region; expected ### BEGIN SOLUTION and ### END SOLUTION")
    source = str(cell.source)
    for region in reversed(regions):  # from the last one up, so that the lines of the others stay where they are
        body = solutions.body(region, indent_of(source, region))
        foreign = solutions.foreign_names(region, known)
        if foreign:
            names = ", ".join(sorted(foreign))
            todo = "import it in the setup cell, or define it inside the function"
            raise CourseFault(f"{what}: {region.name} uses {names}, which the notebook does not have: {todo}")
        source = fill(source, region, body)
    return source


def _skeleton(cell: NotebookNode) -> str:
    """A code cell's source with its solution regions empty: what is in one may be no Python yet."""
    lines, inside = [], False
    for line in str(cell.source).splitlines():
        if "BEGIN SOLUTION" in line:
            inside = True
            lines.append(line[: len(line) - len(line.lstrip())] + "pass")
        elif "END SOLUTION" in line:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def _read(path: Path) -> tuple[str, NotebookNode]:
    text = _text(path)
    try:
        # Not converted: an older format is refused below. nbformat is not annotated.
        notebook: NotebookNode = nbformat.reads(text, nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
    except (ValueError, nbformat.ValidationError) as error:
        raise CourseFault(f"{path} is not a valid notebook: {error}") from error
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        found = f"{notebook.nbformat}.{notebook.nbformat_minor}"
        raise CourseFault(f"{path} has notebook format {found}; expected 4.5 (cells with ids): save it in JupyterLab")
    return text, notebook


def _written(notebook: NotebookNode) -> str:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]  # nbformat is not annotated
    return text.rstrip("\n") + "\n"


def _text(path: Path) -> str:
    if not path.is_file():
        raise CourseFault(f"{path} does not exist")
    return path.read_text(encoding="utf-8")


def _relative(course: Course, path: Path) -> str:
    return os.path.relpath(path, course.root)


def _replace(path: Path, text: str) -> None:
    """Write whole or not at all: this file is somebody's work."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(name, path.stat().st_mode & 0o777)
    os.replace(name, path)
