"""A small class of a real nbgrader course, graded by the command that an instructor runs, and what it must come to."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from autograder.course.layout import Course
from autograder.course.release import release
from autograder.course.sync import sync
from autograder.record import Record
from tests import tiny_course
from tests.faults import processes
from tests.nbgrader.course_builder import CONFIG, cell, edited, find

ASSIGNMENT = "tiny"
SECONDS = 120  # for what takes seconds, on a machine that is busy with something else
STUB = 'def double(x):\n    """Return 2x."""\n    raise NotImplementedError()'
RIGHT = "def double(x):\n    if np.ndim(x) == 0:\n        raise ValueError\n    return x + x"
CELLS = {
    "ada": RIGHT,
    "bob": "def double(x):\n    if np.ndim(x) == 0:\n        raise ValueError\n    return x**2",
    "cyd": "def double(x):\n    while True:\n        pass",
    "dan": "def double(x):\n    return 2 * x",
    "eve": STUB,
    "fay": RIGHT.replace("x + x", "2 * np.asarray(x)"),
    "gus": "def double(x):\n    import os\n    os._exit(3)",
    "hal": RIGHT + "\n# a remark",
    "ivy": "def double(x):\n    return 'twice'",
}
UNREADABLE = "jan"  # not a notebook
ANOTHER_NAME = "kim"  # no notebook of the assignment's name: nbgrader passes over it
WRITER = "liz"  # has written an answer that waits for points given by hand
STUDENTS = (*CELLS, UNREADABLE, ANOTHER_NAME, WRITER)
SCORES = {
    **{"ada": 4.0, "bob": 1.0, "cyd": 0.0, "dan": 3.0, "eve": 0.0, "fay": 4.0, "gus": 0.0, "hal": 4.0},
    **{"ivy": 0.0, UNREADABLE: 0.0, ANOTHER_NAME: 0.0, WRITER: 4.0},
}


def build(root: Path) -> Path:
    """Write the course into ``root``, release its assignment with nbgrader, and hand in for the class."""
    files = {
        "solutions/tiny.py": tiny_course.SOLUTION,
        "tests/hidden/tiny/assignment.toml": tiny_course.SETTINGS,
        "tests/hidden/tiny/test_double.py": tiny_course.SUITE,
        "tests/hidden/tiny/misconceptions.py": tiny_course.MISCONCEPTIONS,
        "source/tiny/tiny.ipynb": json.dumps(_source()),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    shutil.copy(CONFIG, root)
    course = Course.find(root)
    sync(course, ASSIGNMENT)
    release(course, ASSIGNMENT)
    _hand_in(course)
    return root


def _source() -> dict[str, Any]:
    """The instructor's notebook: one exercise, and one question that is answered in words."""
    solution = STUB.replace("raise NotImplementedError()", "### BEGIN SOLUTION\n    ### END SOLUTION")
    cells = [
        cell("code", "import numpy as np", "setup"),
        cell("code", solution, "double", solution=True, locked=False),
        cell("code", "# Hidden checks grade this cell.", "test_double", grade=True, points=4.0),
        cell("markdown", "Because.", "explain_double", grade=True, solution=True, locked=False, points=2.0),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}


def _hand_in(course: Course) -> None:
    released = nbformat.read(course.release_notebook(ASSIGNMENT), as_version=4)

    def solved(source: str, answer: str = "") -> bytes:
        def edit(notebook: nbformat.NotebookNode) -> None:
            find(notebook, "double").source = source
            if answer:
                find(notebook, "explain_double").source = answer

        return edited(released, edit)

    notebooks = {student: solved(source) for student, source in CELLS.items()}
    notebooks |= {UNREADABLE: b"not a notebook", ANOTHER_NAME: solved(RIGHT), WRITER: solved(RIGHT, "It is a sum.")}
    for student, data in notebooks.items():
        directory = course.submitted(student, ASSIGNMENT)
        directory.mkdir(parents=True)
        name = "Untitled" if student == ANOTHER_NAME else ASSIGNMENT
        (directory / f"{name}.ipynb").write_bytes(data)
        (directory / "notes.csv").write_text("1,2\n")


@dataclass(frozen=True)
class State:
    """What grading leaves: records byte for byte, the gradebook's rows, and the graded notebooks with their files."""

    records: dict[str, bytes]
    gradebook: dict[str, list[tuple[Any, ...]]]
    autograded: dict[str, bytes]


def state(root: Path) -> State:
    """What lies in a course now."""
    return State(records(root), gradebook(root), _below(root / "autograded", "*"))


def records(root: Path) -> dict[str, bytes]:
    """The records that lie in a course; when they were made, which lies beside them, is left out."""
    return _below(root / "records", "*.json")


def _below(directory: Path, pattern: str) -> dict[str, bytes]:
    files = (path for path in directory.rglob(pattern) if path.is_file() and not path.name.endswith(".run.json"))
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


# Each row of the tables that grading writes, with names in place of nbgrader's random ids: nothing is joined away.
_ROWS = {
    "student": "SELECT id, first_name, last_name, email FROM student",
    "submission": "SELECT s.student_id, a.name, s.timestamp FROM submitted_assignment s "
    "LEFT JOIN assignment a ON a.id = s.assignment_id",
    "notebook": "SELECT s.student_id, b.name, n.late_submission_penalty FROM submitted_notebook n "
    "LEFT JOIN submitted_assignment s ON s.id = n.assignment_id LEFT JOIN notebook b ON b.id = n.notebook_id",
    "grade": "SELECT s.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade "
    "FROM grade g LEFT JOIN submitted_notebook n ON n.id = g.notebook_id "
    "LEFT JOIN submitted_assignment s ON s.id = n.assignment_id LEFT JOIN base_cell c ON c.id = g.cell_id",
    "comment": "SELECT s.student_id, c.name, m.auto_comment, m.manual_comment "
    "FROM comment m LEFT JOIN submitted_notebook n ON n.id = m.notebook_id "
    "LEFT JOIN submitted_assignment s ON s.id = n.assignment_id LEFT JOIN base_cell c ON c.id = m.cell_id",
}


def gradebook(root: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that grading writes, sorted; SQLite finds the file sound."""
    with contextlib.closing(sqlite3.connect(root / "gradebook.db", timeout=SECONDS)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {table: sorted(database.execute(rows), key=repr) for table, rows in _ROWS.items()}


def check_honest(root: Path, expected: State) -> None:
    """After a fault: every record and grade is right, or says that there is none yet; nobody has another score."""
    for name, data in records(root).items():
        if data != expected.records.get(name):
            record = Record.from_json(data.decode())
            assert record.outcome == "not judged", f"{name}: {data.decode()}"
            assert record.reason
    found = gradebook(root)
    for table in ("student", "submission", "notebook"):
        assert set(found[table]) <= set(expected.gradebook[table])
        assert len(set(found[table])) == len(found[table])
    right = {row[:2]: row for row in expected.gradebook["grade"]}
    assert len({row[:2] for row in found["grade"]}) == len(found["grade"])
    for row in found["grade"]:
        ungraded = (*row[:2], None, None, None, 1)
        assert row in (right[row[:2]], ungraded)


def command(root: Path, *options: str) -> list[str]:
    """The command that an instructor runs."""
    main = [sys.executable, "-m", "autograder.cli.main", "grade", ASSIGNMENT]
    return [*main, "--workers", "2", "--course", str(root), *options]


class Grading:
    """A running ``autograder grade``, in a process group of its own, and what it prints."""

    def __init__(self, root: Path, arguments: Sequence[str] = (), **variables: str) -> None:
        self.root = root
        self._printed = root.with_name("printed.txt")  # a pipe would be held open by whatever is left running
        with self._printed.open("w") as stream:
            self.process = subprocess.Popen(
                arguments or command(root),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | variables,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def printed(self) -> str:
        return self._printed.read_text()

    def ended(self) -> bool:
        return self.process.poll() is not None

    def wait(self) -> int:
        """Wait for its end, and for that of all that it started; the exit code."""
        code = self.process.wait(SECONDS)
        left = wait_for(lambda: not processes.left_running())
        assert left, f"left running: {processes.left_running()}"
        return code


def has_written(grading: Grading, number: int) -> bool:
    """So many submissions are in the gradebook, or it will never be."""
    return grading.ended() or len([*grading.root.glob("records/*/*/in-gradebook")]) >= number


def grade(root: Path, arguments: Sequence[str] = ()) -> tuple[int, str]:
    """Run the command to its end: its exit code, and what it printed."""
    grading = Grading(root, arguments)
    return grading.wait(), grading.printed


def grade_again(root: Path, expected: State) -> None:
    """The plain command completes what a fault has left, and says so."""
    code, printed = grade(root)
    assert code == 0, printed
    assert f"10 of {len(STUDENTS)} graded" in printed
    check_expected(root, expected)


def check_expected(root: Path, expected: State) -> None:
    """Exactly the undisturbed run's records, grades and files: nothing lost, doubled, zeroed or left over."""
    found = state(root)
    assert found.records == expected.records
    assert found.gradebook == expected.gradebook
    assert found.autograded == expected.autograded
    assert not (root / "gradebook.db-journal").exists()


def wait_for(condition: Callable[[], object], seconds: float = SECONDS, pause: float = 0.02) -> bool:
    """Whether the condition holds before the time is up."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
