"""A small real course: built and released once, copied for each test, graded through nbgrader's own commands."""

from __future__ import annotations

import io
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_core.application import NoStart
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder.course.layout import Course
from autograder.course.release import release
from autograder.course.sync import sync
from autograder.record import Record
from tests.nbgrader.course_builder import ASSIGNMENT, build_course, edited, record


@dataclass
class Classroom:
    """A course with its released assignment, and nbgrader's commands run on it in this process."""

    course: Course
    records: dict[str, Record | Exception] = field(default_factory=dict)
    log: str = ""

    @property
    def release(self) -> NotebookNode:
        """The released notebook, as nbgrader wrote it."""
        return nbformat.read(self.course.release_notebook(ASSIGNMENT), as_version=4)

    def submit(
        self,
        student: str,
        edit: Callable[[NotebookNode], object] | bytes = lambda _: None,
        judged: Record | Exception | None = None,
        **files: bytes,
    ) -> Path:
        """Hand in the released notebook after ``edit`` (or these bytes); ``judged`` is what the judge finds."""
        directory = self.course.submitted(student, ASSIGNMENT)
        directory.mkdir(parents=True)
        data = edit if isinstance(edit, bytes) else edited(self.release, edit)
        (directory / f"{ASSIGNMENT}.ipynb").write_bytes(data)
        for name, content in files.items():
            (directory / name.replace("_dot_", ".")).write_bytes(content)
        self.records[student] = judged or record(student)
        return directory

    def record_for(self, course: Course, assignment: str, student: str) -> Record:
        """What takes the place of the judge."""
        assert (course.root, assignment) == (self.course.root, ASSIGNMENT)
        found = self.records[student]
        if isinstance(found, Exception):
            raise found
        return found

    def nbgrader(self, *arguments: str) -> int:
        """Run an nbgrader command in the course's directory; its exit code. ``log`` is what it told."""
        from nbgrader.apps import NbGraderApp

        app = NbGraderApp.instance()
        told = io.StringIO()
        code = 0
        with _inside(self.course.root):
            try:
                app.initialize(list(arguments))
                app.init_logging(logging.StreamHandler, [told], color=False, subapps=True)
                app.start()
            except NoStart:  # how a Jupyter application says that its subcommand has run
                code = 0
            except SystemExit as leaving:
                code = int(leaving.code or 0)
            finally:
                self.log = told.getvalue()
                app.reset()
        return code

    def autograded(self, student: str) -> NotebookNode:
        """The autograded notebook."""
        path = self.course.autograded(student, ASSIGNMENT) / f"{ASSIGNMENT}.ipynb"
        return nbformat.read(path, as_version=4)

    def grades(self, student: str) -> dict[str, tuple[float | None, bool]]:
        """What the gradebook holds: cell -> (automatic score, needs manual grade). Empty without a submission."""
        with Gradebook(self.course.db_url) as gradebook:
            found = [s for s in gradebook.assignment_submissions(ASSIGNMENT) if s.student_id == student]
            return {
                grade.name: (grade.auto_score, grade.needs_manual_grade)
                for submission in found
                for notebook in submission.notebooks
                for grade in notebook.grades
            }

    def score(self, student: str) -> float | None:
        """The automatic score of the one exercise."""
        return self.grades(student)["test_double"][0]


@contextmanager
def _inside(directory: Path) -> Iterator[None]:
    before, path = Path.cwd(), list(sys.path)
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path  # nbgrader puts the working directory on it


@pytest.fixture(scope="session")
def released_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose assignment nbgrader's generate_assignment has released and entered in the gradebook."""
    root = build_course(tmp_path_factory.mktemp("course"))
    course = Course.find(root)
    sync(course, ASSIGNMENT)
    release(course, ASSIGNMENT)
    return root


@pytest.fixture
def classroom(released_course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Classroom:
    """A copy of the course that a test may do anything to."""
    root = tmp_path / "course"
    shutil.copytree(released_course, root)
    room = Classroom(Course.find(root))
    monkeypatch.setattr("autograder.grading.record_for", room.record_for)
    return room


def outputs_of(notebook: NotebookNode, label: str) -> list[Any]:
    """The outputs of the cell with this nbgrader id."""
    (cell,) = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == label]
    return list(cell.outputs)
