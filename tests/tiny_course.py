"""A tiny course for tests of the plugin and the grader: one exercise, ``double(x)``, NumPy only."""

from __future__ import annotations

from pathlib import Path

import nbformat

SETTINGS = """
title = "Tiny"
[environment]
preload = ["numpy"]
[limits]
cell_seconds = 2
call_seconds = 1
exercise_seconds = 5
[functions.double]
exercise = "double"
returns = "y: array"
"""
SOLUTION = '''
import numpy as np

def double(x):
    """Return 2x."""
    if np.ndim(x) == 0:
        raise ValueError("x must be an array")
    return 2 * x
'''
SUITE = '''
import numpy as np
import pytest
from autograder.compare import assert_matches
from autograder.suite import raises

pytestmark = pytest.mark.exercise("double")

@pytest.mark.exercise("double", weight=3)
def test_values(student):
    """Every entry is doubled."""
    x = np.random.randn(5)
    assert_matches(student.double(x), 2 * x, what="y")

def test_scalar(student):
    """A scalar is refused."""
    with raises("ValueError"):
        student.double(np.float64(1.0))
'''
MISCONCEPTIONS = """
from autograder.suite import misconception

@misconception("double", "You square instead of doubling.")
def squares():
    def double(x):
        if np.ndim(x) == 0:
            raise ValueError
        return x**2

@misconception("double", "You accept a scalar.")
def accepts_scalars():
    def double(x):
        return 2 * x
"""


def notebook(cell: str) -> nbformat.NotebookNode:
    """A notebook of the tiny course with this solution cell."""

    def made(source: str, grade_id: str, **flags: object) -> nbformat.NotebookNode:
        settings = {"grade": False, "solution": False, "locked": True, "task": False, "schema_version": 3}
        settings |= {"cell_type": "code", "grade_id": grade_id, **flags}
        node = nbformat.v4.new_code_cell(source, metadata={"nbgrader": settings})
        node.id = grade_id
        return node

    cells = [
        made("import numpy as np", "setup"),
        made(cell, "double", solution=True, locked=False),
        made("# hidden checks", "test_double", grade=True, points=4),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


class TinyCourse:
    """The course's directory, and what tests put into it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.suite = root / "tests" / "hidden" / "tiny"
        files = {
            "nbgrader_config.py": "c = get_config()\nc.CourseDirectory.course_id = 'tiny'\n",
            "solutions/tiny.py": SOLUTION,
            "tests/hidden/tiny/assignment.toml": SETTINGS,
            "tests/hidden/tiny/test_double.py": SUITE,
            "tests/hidden/tiny/misconceptions.py": MISCONCEPTIONS,
        }
        for name, text in files.items():
            self.write(name, text)
        stub = notebook("def double(x):\n    raise NotImplementedError()")
        self.write("release/tiny/tiny.ipynb", nbformat.writes(stub))

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def submit(self, student: str, cell: str) -> Path:
        return self.write(f"submitted/{student}/tiny/tiny.ipynb", nbformat.writes(notebook(cell)))
