"""Starts an assignment: all of its files, with one worked exercise that passes its audit as it stands.

Everything is made and put in step in a temporary directory first. It comes into the course whole or not at all, and
never over a file that is there.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template

import nbformat

from autograder.course.layout import CONFIG_FILE, Course, course_root
from autograder.course.sync import sync
from autograder.course.worked_example import worked_example
from autograder.errors import CourseFault

TEMPLATE = Path(__file__).parent / "template"
# The length: `explain_<assignment>` is the id of a cell, and nbformat allows 64 characters.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SUITE = {
    "assignment.toml": "settings: title, environment, limits, bans, what each function returns",
    "test_standardize.py": "the hidden checks of the exercise",
    "misconceptions.py": "wrong solutions, each with its sentence for the student",
    "equivalents.py": "right solutions in other styles",
    "equivalent_mutants.toml": "changes of the solutions that make no difference, each with its reason",
}


@dataclass(frozen=True)
class Scaffold:
    """What was made: the course's directory, and (path below it, what it is for) of each file."""

    root: Path
    files: tuple[tuple[str, str], ...]


def scaffold(start: Path, name: str, *, init: bool = False) -> Scaffold:
    """Make the assignment ``name`` in the course that ``start`` lies in; with ``init``, make ``start`` a course first.

    Raises CourseFault, and makes nothing, if the name is no plain identifier, if there is no course (with ``init``: if
    there is one), if any of its files or directories exists, or if one cannot be written.
    """
    if not _NAME.fullmatch(name):
        expected = "lowercase letters, digits and underscores, a letter first, at most 40 characters"
        raise CourseFault(f"{name!r} cannot be the name of an assignment; expected {expected}")
    start = Path(os.path.abspath(start))
    root = _root(start, init)
    with tempfile.TemporaryDirectory(prefix="autograder-new-") as directory:
        course = _staged_course(Path(directory), root, init)
        files = dict(_write(course, name, init))
        sync(course, name)
        _refuse_what_is_there(course, name, root, list(files))
        _place(course.root, root, list(files))
    return Scaffold(root, tuple(files.items()))


def _root(start: Path, init: bool) -> Path:
    root = course_root(start)
    if init and root is not None:
        where = f"{start} is a course already" if root == start else f"{start} lies inside the course {root}"
        raise CourseFault(f"{where}: leave --init out to make the assignment there")
    if init:
        return start
    if root is None:
        todo = f"run this inside the course's folder, or make {start} a course with --init"
        raise CourseFault(f"no {CONFIG_FILE} in {start} or above it: {todo}")
    return root


def _staged_course(directory: Path, root: Path, init: bool) -> Course:
    """The course at ``root``, or the one that it will become, as if it lay in ``directory``."""
    if not init:
        return replace(Course.at(root), root=directory)
    course_id = re.sub(r"[^A-Za-z0-9_.-]+", "-", root.name).strip("-.") or "course"
    (directory / CONFIG_FILE).write_text(_filled(CONFIG_FILE, course=course_id), encoding="utf-8")
    return replace(Course.at(directory), root=directory)


def _write(course: Course, name: str, init: bool) -> Iterator[tuple[str, str]]:
    """Write all files below ``course.root``; yields each path from there, and what the file is for."""
    title = name.replace("_", " ").strip().capitalize()
    suite = course.root / "tests" / "hidden" / name
    suite.mkdir(parents=True)
    for file in _SUITE:
        text = _filled(file, title=title) if file == "assignment.toml" else _filled(file)
        (suite / file).write_text(text, encoding="utf-8")
    solutions, notebook = course.solutions(name), course.source_notebook(name)
    solutions.parent.mkdir()
    solutions.write_text(_filled("solution.py", assignment=name), encoding="utf-8")
    notebook.parent.mkdir(parents=True)
    nbformat.write(worked_example(name, title), notebook)  # type: ignore[no-untyped-call]  # nbformat is not annotated
    if init:
        yield CONFIG_FILE, "nbgrader's configuration, with our judge in it: makes this a course"
    yield solutions.relative_to(course.root).as_posix(), "the reference solutions: the one copy"
    yield notebook.relative_to(course.root).as_posix(), "the notebook, with the solutions filled in"
    for file, purpose in _SUITE.items():
        yield (suite / file).relative_to(course.root).as_posix(), purpose


def _filled(file: str, **values: str) -> str:
    return Template((TEMPLATE / file).read_text(encoding="utf-8")).substitute(values)


def _refuse_what_is_there(course: Course, name: str, root: Path, files: Sequence[str]) -> None:
    """Raise CourseFault for files and directories of an assignment of this name, and for files in the way of both."""
    notebooks = course.source_notebook(name), course.release_notebook(name)
    its_own = course.hidden_suite(name), *(notebook.parent for notebook in notebooks)
    folders = {folder.relative_to(course.root) for folder in its_own}
    there = [f"{folder}/" for folder in sorted(folders) if _holds_something(root / folder)]
    there += [file for file in files if Path(file).parent not in folders and os.path.lexists(root / file)]
    if there:
        found = f"{root} already holds {', '.join(there)}"
        raise CourseFault(f"{found}: choose another name than {name!r}, or move what is there away")
    for parent in sorted({parent for file in files for parent in (root / file).parents}):
        if os.path.lexists(parent) and not parent.is_dir():
            raise CourseFault(f"{parent} is not a directory; expected one, or nothing: move it away")


def _holds_something(folder: Path) -> bool:
    """Whether there is anything of this name, but for an empty directory."""
    return os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir()))


def _place(made: Path, root: Path, files: Sequence[str]) -> None:
    """Copy the files from ``made`` to ``root``: all of them, or none."""
    placed: list[Path] = []
    try:
        for file in files:
            target = root / file
            for parent in reversed([target, *target.parents][1:]):
                if not parent.exists():
                    parent.mkdir()
                    placed.append(parent)
            with (made / file).open("rb") as source, target.open("xb") as copy:
                placed.append(target)
                shutil.copyfileobj(source, copy)
    except BaseException as error:
        for path in reversed(placed):
            path.rmdir() if path.is_dir() else path.unlink()
        if isinstance(error, OSError):
            raise CourseFault(f"{error.filename} cannot be made ({error.strerror}); nothing was made") from error
        raise
