"""From a submitted directory to what is judged: hash, canonical notebook, cells to run, files beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.course.canonical import SKIP_TAG, canonicalize
from autograder.course.layout import Course
from autograder.course.notebooks import read_notebook
from autograder.course.submission import Submission, load_submission, release_files
from autograder.errors import CourseFault, UnreadableNotebook
from autograder.judge.session import Cell


@dataclass(frozen=True)
class Prepared:
    """A submission that is ready to be judged; ``unreadable`` says why it cannot be ("" if it can)."""

    student: str
    submission_sha256: str
    cells: tuple[Cell, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    alterations: tuple[str, ...] = ()
    unreadable: str = ""


def prepare(course: Course, assignment: str, student: str, release: Any) -> Prepared:
    """Read one submission against its release notebook; a broken one is ``unreadable``. Raises CourseFault."""
    return prepare_directory(course, assignment, student, course.submitted(student, assignment), release)


def prepare_directory(course: Course, assignment: str, student: str, directory: Path, release: Any) -> Prepared:
    """The same for a submitted directory anywhere."""
    try:
        taken = load_submission(directory, assignment, release=course.release_notebook(assignment).parent)
    except UnreadableNotebook as error:
        return Prepared(student, _hash_of_none(error), unreadable=str(error))
    return _prepared(student, assignment, taken, release)


def prepare_file(course: Course, assignment: str, path: Path, release: Any) -> Prepared:
    """Read one notebook file, of any name, as a submission of the student that its file or directory is named after."""
    if not path.is_file():
        raise CourseFault(f"{path} does not exist or is no file; expected a notebook of {assignment}")
    data = release_files(course.release_notebook(assignment).parent)
    student = path.stem if path.stem != assignment else path.absolute().parent.parent.name
    return _prepared(student, assignment, Submission(path.read_bytes(), data), release)


def _prepared(student: str, assignment: str, taken: Submission, release: Any) -> Prepared:
    digest = _hash(taken.notebook_bytes, taken.extra_files)
    try:
        submitted = read_notebook(taken.notebook_bytes, what=f"{assignment}.ipynb")
        canonical = canonicalize(release, submitted)
    except UnreadableNotebook as error:
        return Prepared(student, digest, unreadable=str(error))
    cells = tuple(Cell(cell.id, cell.source) for cell in canonical.notebook.cells if runs(cell))
    return Prepared(student, digest, cells, taken.extra_files, (*canonical.alterations, *taken.notes))


def submission_sha256(course: Course, assignment: str, student: str) -> str:
    """The hash of a submission as it lies there now, without reading it any further."""
    try:
        taken = load_submission(
            course.submitted(student, assignment), assignment, release=course.release_notebook(assignment).parent
        )
    except UnreadableNotebook as error:
        return _hash_of_none(error)
    return _hash(taken.notebook_bytes, taken.extra_files)


def read_release(course: Course, assignment: str) -> Any:
    """Return the release notebook. Raises CourseFault."""
    path = course.release_notebook(assignment)
    if not path.exists():
        raise CourseFault(f"{path} does not exist: run 'autograder release {assignment}' first")
    try:
        return read_notebook(path.read_bytes(), what=str(path))
    except UnreadableNotebook as error:
        raise CourseFault(f"the release notebook cannot be read: {error}") from error


def runs(cell: Any) -> bool:
    """Tell whether a cell is run while grading: code, but neither a grade cell nor one tagged as demonstration."""
    if cell.cell_type != "code" or not cell.source.strip():
        return False
    locked_grade = cell.metadata.get("nbgrader", {}).get("grade", False) and not is_solution(cell)
    return not locked_grade and SKIP_TAG not in cell.metadata.get("tags", [])


def is_solution(cell: Any) -> bool:
    """Tell whether a cell is the student's to write."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution", False))


def points_of(release: Any) -> dict[str, float]:
    """Return exercise -> points from the release's locked grade cells ``test_<exercise>``.

    Raises CourseFault if there is none.
    """
    points = {}
    for cell in release.cells:
        settings = cell.metadata.get("nbgrader", {})
        name = str(settings.get("grade_id", ""))
        if settings.get("grade") and not settings.get("solution") and name.startswith("test_"):
            points[name.removeprefix("test_")] = float(settings.get("points", 0))
    if not points:
        raise CourseFault("the release notebook has no grade cell test_<exercise>: nothing could be scored")
    return points


def snapshot_sha256(taken: Submission) -> str:
    """The hash of a submission that was read, with the files that it was read with."""
    return _hash(taken.notebook_bytes, taken.extra_files)


def _hash_of_none(error: UnreadableNotebook) -> str:
    """What stands for the hash where there is no notebook: what was found instead."""
    return _hash(b"", {"": str(error).encode()})


def _hash(notebook: bytes, files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(hashlib.sha256(notebook).digest())
    for name in sorted(files):
        digest.update(name.encode("utf-8", "surrogatepass") + b"\0" + hashlib.sha256(files[name]).digest())
    return digest.hexdigest()


def suite_files(course: Course, assignment: str) -> list[Path]:
    """The files beside suite and solutions that decide a record: the released notebook and its data."""
    return [path for path in course.release_notebook(assignment).parent.rglob("*") if path.is_file()]
