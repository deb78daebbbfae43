"""Where a course keeps its files, as configured for nbgrader.

The directory names come from ``nbgrader_config.py`` (``CourseDirectory``), read the way nbgrader itself reads
it, so that an instructor's own ``submitted_directory`` or ``directory_structure`` is honoured everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import CourseFault

if TYPE_CHECKING:
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

CONFIG_FILE = "nbgrader_config.py"
_UNSAFE_NAME = re.compile(r"^\.{0,2}$|[/\\\0*?\[\]]")


@dataclass(frozen=True)
class Course:
    """The paths of one course. Plain strings and a path, so it can be handed to a worker process.

    ``directory_structure`` and the directory names are nbgrader's; ``db_url`` is the gradebook's SQLAlchemy
    URL.
    """

    root: Path
    course_id: str
    db_url: str
    directory_structure: str
    source_directory: str
    release_directory: str
    submitted_directory: str
    autograded_directory: str
    feedback_directory: str

    @classmethod
    def find(cls, start: Path) -> Course:
        """The course that ``start`` lies in: the nearest directory upward with ``nbgrader_config.py``.

        Raises CourseFault if there is none, or if its configuration cannot be read.
        """
        root = course_root(start)
        if root is None:
            where = start.absolute()
            raise CourseFault(f"no {CONFIG_FILE} in {where} or above it: run this inside the course's folder")
        return cls.at(root)

    @classmethod
    def at(cls, root: Path) -> Course:
        """The course whose ``nbgrader_config.py`` lies in ``root``."""
        from nbgrader.coursedir import CourseDirectory

        return cls.of(CourseDirectory(config=load_config(root), root=str(root)))

    @classmethod
    def of(cls, coursedir: CourseDirectory) -> Course:
        """The course of a live nbgrader ``CourseDirectory``, with what was set on nbgrader's command line."""
        return cls(
            root=Path(coursedir.root),
            course_id=str(coursedir.course_id),
            db_url=str(coursedir.db_url),
            directory_structure=str(coursedir.directory_structure),
            source_directory=str(coursedir.source_directory),
            release_directory=str(coursedir.release_directory),
            submitted_directory=str(coursedir.submitted_directory),
            autograded_directory=str(coursedir.autograded_directory),
            feedback_directory=str(coursedir.feedback_directory),
        )

    def assignments(self) -> list[str]:
        """Assignments that can be graded (with ``tests/hidden/<assignment>/assignment.toml``), sorted."""
        return sorted(path.parent.name for path in (self.root / "tests" / "hidden").glob("*/assignment.toml"))

    def require(self, assignment: str) -> str:
        """``assignment`` itself, if it exists. Raises CourseFault that lists what exists otherwise."""
        known = self.assignments()
        if assignment not in known:
            there = ", ".join(known) or "none (no tests/hidden/*/assignment.toml)"
            raise CourseFault(f"no assignment {assignment!r} in {self.root}; there are: {there}")
        return assignment

    def source_notebook(self, assignment: str) -> Path:
        """The instructor's notebook, with solutions."""
        return self._step(self.source_directory, ".", assignment) / f"{assignment}.ipynb"

    def release_notebook(self, assignment: str) -> Path:
        """The notebook that students get; what may not be changed in a submission is taken from it."""
        return self._step(self.release_directory, ".", assignment) / f"{assignment}.ipynb"

    def solutions(self, assignment: str) -> Path:
        """The module with the reference solutions."""
        return self.root / "solutions" / f"{self.require(assignment)}.py"

    def hidden_suite(self, assignment: str) -> Path:
        """The directory of the hidden tests."""
        return self.root / "tests" / "hidden" / self.require(assignment)

    def submitted(self, student: str, assignment: str) -> Path:
        """The directory of a student's submission (it may not exist)."""
        return self._step(self.submitted_directory, student, assignment)

    def autograded(self, student: str, assignment: str) -> Path:
        """The directory of a graded submission (it may not exist)."""
        return self._step(self.autograded_directory, student, assignment)

    def feedback(self, student: str, assignment: str) -> Path:
        """The directory of the pages of feedback for a student (it may not exist)."""
        return self._step(self.feedback_directory, student, assignment)

    def records(self, assignment: str, student: str) -> Path:
        """The directory of the records of a student's submission (it may not exist)."""
        return self.root / "records" / self.require(assignment) / _safe("student", student)

    def submitters(self, assignment: str) -> list[str]:
        """Students with a directory of submission for ``assignment``, sorted."""
        pattern = self.directory_structure.format(
            nbgrader_step=self.submitted_directory, student_id="*", assignment_id=self.require(assignment)
        )
        return sorted(set(self._students_in(pattern, assignment)))

    def _students_in(self, pattern: str, assignment: str) -> Iterator[str]:
        names = re.compile(
            re.escape(self.directory_structure)
            .replace(re.escape("{nbgrader_step}"), re.escape(self.submitted_directory))
            .replace(re.escape("{assignment_id}"), re.escape(assignment))
            .replace(re.escape("{student_id}"), "(?P<student>[^/]+)")
        )
        for directory in self.root.glob(pattern):
            match = names.fullmatch(directory.relative_to(self.root).as_posix())
            if match and not match["student"].startswith(".") and directory.is_dir():
                yield match["student"]

    def _step(self, step: str, student: str, assignment: str) -> Path:
        """``CourseDirectory.format_path``, for names that cannot lead out of the course."""
        if student != ".":
            _safe("student", student)
        relative = self.directory_structure.format(
            nbgrader_step=step, student_id=student, assignment_id=self.require(assignment)
        )
        return self.root / relative


def course_root(start: Path) -> Path | None:
    """The nearest directory with ``nbgrader_config.py``, from ``start`` upward; None if there is none."""
    start = start.absolute()
    return next((path for path in (start, *start.parents) if (path / CONFIG_FILE).is_file()), None)


def load_config(root: Path) -> Config:
    """nbgrader's configuration for a course: the user's and system's files, then the course's own, which
    wins.
    """
    from jupyter_core.paths import jupyter_config_path
    from traitlets.config.loader import Config, PyFileConfigLoader

    config = Config()
    for directory in (*reversed(jupyter_config_path()), str(root)):
        if not (Path(directory) / CONFIG_FILE).is_file():
            continue
        try:
            config.merge(PyFileConfigLoader(CONFIG_FILE, path=directory).load_config())
        except Exception as error:  # a configuration file is a program: it may raise anything
            kind = type(error).__name__
            raise CourseFault(f"{Path(directory) / CONFIG_FILE} cannot be read: {kind}: {error}") from error
    return config


def _safe(kind: str, name: str) -> str:
    if _UNSAFE_NAME.search(name) or name != name.strip():
        raise CourseFault(f"{name!r} cannot be the name of a {kind}: it must be a plain directory name")
    return name
