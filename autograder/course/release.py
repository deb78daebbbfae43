"""Makes the students' version of an assignment with nbgrader's own generate_assignment, and finds drift and
leaks.
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbformat import NotebookNode

from autograder.course.layout import Course, load_config
from autograder.course.notebooks import read_notebook
from autograder.course.solutions import find_regions
from autograder.errors import CourseFault

if TYPE_CHECKING:
    from traitlets.config import Config

_REASON = re.compile(r"(?:\[ERROR\] )?[\w.]*(?:Error|Exception|Fault): ")
_MIN_LEAK = 16  # characters; shorter lines (`return x`) stand in stubs and examples for other reasons


@dataclass(frozen=True)
class Released:
    """``drift``: files of release/ that are not what would be generated. ``warnings``: solution text in a
    release.
    """

    drift: tuple[str, ...]
    warnings: tuple[str, ...]


def release(course: Course, assignment: str, *, check: bool = False) -> Released:
    """Generate ``release/<assignment>/`` and enter the assignment in the gradebook.

    With ``check`` neither is touched: the release is generated in a temporary copy and compared. Raises
    CourseFault if nbgrader cannot generate it (with its message), or if ``source/`` holds no notebook.
    """
    source, there = course.source_notebook(assignment), course.release_notebook(assignment)
    if not source.is_file():
        raise CourseFault(f"{source} does not exist")
    with tempfile.TemporaryDirectory(prefix="autograder-release-") as name:
        copy = replace(course, root=Path(name))
        made = copy.root / there.relative_to(course.root)
        shutil.copytree(source.parent, copy.root / source.parent.relative_to(course.root))
        _generate(copy, assignment, _without_gradebook(load_config(course.root)))
        drift = tuple(_differences(made.parent, there.parent))
        warnings = tuple(_leaks(source, made))
        if not check:
            _generate_keeping(course, assignment, there.parent, copy.root / "before")
    return Released(drift, warnings)


def _without_gradebook(config: Config) -> Config:
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    return config


def _generate_keeping(course: Course, assignment: str, there: Path, backup: Path) -> None:
    """Generate, and put back what was there if that fails: nbgrader deletes a release that it cannot make
    anew.
    """
    if there.is_dir():
        shutil.copytree(there, backup)
    try:
        _generate(course, assignment, load_config(course.root))
    except CourseFault:
        if backup.is_dir():
            shutil.copytree(backup, there, dirs_exist_ok=True)
        raise


def _generate(course: Course, assignment: str, config: Config) -> None:
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log

    coursedir = CourseDirectory(config=config, root=str(course.root), db_url=course.db_url, assignment_id=assignment)
    converter = GenerateAssignment(coursedir=coursedir, config=config)
    converter.force = True
    with _programs_of_this_environment():
        told = capture_log(converter)
    if not told["success"]:
        log = told.get("log", "") + told.get("error", "")
        lines = [line.strip() for line in log.splitlines() if line.strip()]  # tornado's formatter indents tracebacks
        reasons = [line for line in lines if _REASON.match(line)] or lines[-3:]
        raise CourseFault(f"nbgrader generate_assignment {assignment} failed: {'; '.join(dict.fromkeys(reasons))}")


@contextmanager
def _programs_of_this_environment() -> Iterator[None]:
    """nbgrader creates a gradebook with the program ``alembic`` from PATH; ours lies beside this Python."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _differences(made: Path, there: Path) -> Iterator[str]:
    """Files of a release that are missing, too many, or other than they would be made now."""
    ours, theirs = _files(made), _files(there)
    for path in sorted(ours | theirs):
        shown = f"{there.parent.name}/{there.name}/{path}"
        if path not in theirs:
            yield f"{shown} is missing"
        elif path not in ours:
            yield f"{shown} does not come from the source"
        elif not filecmp.cmp(made / path, there / path, shallow=False):
            yield f"{shown} differs from what the source makes"


def _files(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def _leaks(source: Path, made: Path) -> Iterator[str]:
    """Lines of a solution that can be read in a released cell."""
    secret = {line: cell.id for cell in _code_cells(source) for line in _solution_lines(cell, source)}
    for cell in read_notebook(made.read_bytes(), what=str(made)).cells:
        found = [line for line in secret if line in cell.source]
        if found:
            yield f"{made.name}: the cell {cell.id!r} shows a line of {secret[found[0]]!r}: {found[0]}"


def _code_cells(path: Path) -> list[NotebookNode]:
    return [cell for cell in read_notebook(path.read_bytes(), what=str(path)).cells if cell.cell_type == "code"]


def _solution_lines(cell: NotebookNode, path: Path) -> set[str]:
    lines = cell.source.splitlines()
    regions = find_regions(cell.source, what=f"{path}, cell {cell.id!r}")
    inside = {lines[number].strip() for region in regions for number in range(region.begin + 1, region.end)}
    return {line for line in inside if len(line) >= _MIN_LEAK}
