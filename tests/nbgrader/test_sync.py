"""Solutions into source notebooks: by function, to the letter, and never something that would not run."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course.layout import Course
from autograder.course.sync import sync
from autograder.errors import CourseFault
from tests.nbgrader.course_builder import ASSIGNMENT, build_course, find, source_tree

STUB = "def double(x):\n    ### BEGIN SOLUTION\n    ### END SOLUTION"


def make(root: Path, solutions: str, source: str = STUB, setup: str = "import math") -> Course:
    build_course(root)
    tree = source_tree()
    for one in tree["cells"]:
        if one["id"] == "double":
            one["source"] = source
        if one["id"] == "setup":
            one["source"] = setup
    (root / "source/scaling/scaling.ipynb").write_text(json.dumps(tree))
    (root / "solutions/scaling.py").write_text(solutions)
    return Course.find(root)


def filled(course: Course) -> str:
    sync(course, ASSIGNMENT)
    source: str = find(nbformat.read(course.source_notebook(ASSIGNMENT), as_version=4), "double").source
    ast.parse(source)
    return source


def test_the_body_after_the_docstring_fills_the_region(tmp_path: Path):
    solution = (
        'def double(x):\n    """Derivation."""\n\n    # Why.\n    y = 2 * x  # twice\n\n    return y\n\n\nother = 1\n'
    )

    source = filled(make(tmp_path, solution))

    body = "    # Why.\n    y = 2 * x  # twice\n\n    return y"
    assert source == f"def double(x):\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"


def test_methods_and_several_regions_and_decorated_bodies(tmp_path: Path):
    source = (
        "class Twice:\n    def __init__(self, by=2):\n        ### BEGIN SOLUTION\n        old, not python (\n"
        "        ### END SOLUTION\n\n    def forward(self, x):\n        '''Doc.'''\n        ### BEGIN SOLUTION\n"
        "        ### END SOLUTION\n\n\ndef double(x: float) -> float:\n    ### BEGIN SOLUTION\n    ### END SOLUTION\n"
    )
    solution = (
        "class Twice:\n    def __init__(self, by: int = 2) -> None:\n        self.by = by\n\n"
        "    def forward(self, x):\n        'Doc'\n        return self.by * x\n\n\n"
        "def double(x):\n    @staticmethod\n    def inner(y):\n        return y + y\n    return inner(x)\n"
    )

    made = filled(make(tmp_path, solution, source))

    namespace: dict[str, Any] = {}
    exec(made, namespace)
    assert (namespace["Twice"]().forward(3), namespace["double"](3)) == (6, 6)
    assert made.count("### BEGIN SOLUTION") == 3
    assert "not python" not in made


def test_another_indentation_is_adapted(tmp_path: Path):
    solution = "def double(x):\n  if x:\n    return 2 * x\n  return 0\n"

    assert "    if x:\n      return 2 * x\n    return 0" in filled(make(tmp_path, solution))


def test_a_text_that_indenting_would_change_is_refused(tmp_path: Path):
    solution = 'def double(x):\n  y = """a\nb"""\n  return y\n'

    with pytest.raises(CourseFault, match="text over several lines that indenting would change"):
        sync(make(tmp_path, solution), ASSIGNMENT)


def test_a_text_over_several_lines_is_copied_to_the_letter(tmp_path: Path):
    solution = 'def double(x):\n    y = """a\nb"""\n    return y\n'

    assert '    y = """a\nb"""\n' in filled(make(tmp_path, solution))


@pytest.mark.parametrize(
    ("solution", "source", "reason"),
    [
        ("def triple(x): ...", STUB, "has no double, which the notebook asks for; there are: triple"),
        ("def double(y):\n    return y", STUB, r"double takes \(x\) in the notebook and \(y\)"),
        ("def double(x, by=2):\n    return x", STUB, r"takes \(x\) in the notebook and \(x, by=2\)"),
        (
            "def double(x, *, a=1):\n    return x",
            STUB.replace("(x)", "(x, a=1)"),
            "make the arguments and defaults",
        ),
        ("def double(x):\n    'Only words.'", STUB, "no body but its docstring"),
        ("def double(x): return 2 * x", STUB, "must begin on a line of its own"),
        ("def double(x:", STUB, r"solutions/scaling.py is not Python"),
        ("def double(x):\n    return 1", "def double(x):\n    pass", "a solution cell without a region"),
        ("def double(x):\n    return 1", "### BEGIN SOLUTION\n### END SOLUTION", "not inside a function"),
        ("def double(x):\n    return 1", STUB.replace("END", "BEGIN"), "a second BEGIN SOLUTION"),
        ("def double(x):\n    return 1", STUB.partition("    ### END")[0], "BEGIN SOLUTION without END"),
        (
            "def double(x):\n    return 1",
            "def double(x):\n    ### END SOLUTION",
            "END SOLUTION without BEGIN",
        ),
        (
            "def double(x):\n    return 1",
            "def double(x:\n    ### BEGIN SOLUTION\n    ### END SOLUTION",
            "is not Python",
        ),
        (
            "import torch\nimport os\ndef _help(x): return x\ndef double(x):\n    torch = 1\n    return _help(os.x)",
            STUB,
            "double uses _help, os, which the notebook does not have",
        ),
    ],
)
def test_what_does_not_fit_is_our_fault_with_its_place(tmp_path: Path, solution: str, source: str, reason: str):
    course = make(tmp_path, solution, source)
    before = course.source_notebook(ASSIGNMENT).read_text()

    with pytest.raises(CourseFault, match=reason):
        sync(course, ASSIGNMENT)

    assert course.source_notebook(ASSIGNMENT).read_text() == before


def test_names_of_the_setup_cell_and_of_other_exercises_may_be_used(tmp_path: Path):
    solution = "import math\nimport numpy as np\ndef double(x):\n    return math.prod([2, np.abs(x)]) + len([x])"
    setup = "%matplotlib inline\nimport math\nimport numpy as np"

    assert "np.abs" in filled(make(tmp_path, solution, setup=setup))


def test_drift_is_told_once_and_only_written_without_check(tmp_path: Path):
    course = make(tmp_path, "def double(x):\n    return 2 * x\n")
    before = course.source_notebook(ASSIGNMENT).read_text()

    assert sync(course, ASSIGNMENT, check=True) == ["source/scaling/scaling.ipynb: double differs from its solution"]
    assert course.source_notebook(ASSIGNMENT).read_text() == before
    assert len(sync(course, ASSIGNMENT)) == 1
    assert sync(course, ASSIGNMENT, check=True) == []
    assert sync(course, ASSIGNMENT) == []


def test_the_notebook_is_written_in_one_form(tmp_path: Path):
    course = make(tmp_path, "def double(x):\n    return 2 * x\n")
    path = course.source_notebook(ASSIGNMENT)
    sync(course, ASSIGNMENT)
    written = path.read_text()
    tree = json.loads(written)
    tree["cells"][3]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "4"}]
    tree["cells"][3]["execution_count"] = 7
    path.write_text(json.dumps(tree, indent=4))

    assert "outputs or another format" in sync(course, ASSIGNMENT, check=True)[0]
    sync(course, ASSIGNMENT)

    assert path.read_text() == written
    assert written.endswith("}\n")
    assert written == json.dumps(json.loads(written), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def test_missing_and_old_files_are_named(tmp_path: Path):
    course = make(tmp_path, "def double(x):\n    return 2 * x\n")
    path = course.source_notebook(ASSIGNMENT)
    path.write_text(json.dumps({**json.loads(path.read_text()), "nbformat_minor": 4}))
    with pytest.raises(CourseFault, match=r"not a valid notebook|has notebook format 4\.4; expected 4\.5"):
        sync(course, ASSIGNMENT)
    path.write_text("{")
    with pytest.raises(CourseFault, match="not a valid notebook"):
        sync(course, ASSIGNMENT)
    course.solutions(ASSIGNMENT).unlink()
    path.unlink()
    with pytest.raises(CourseFault, match=r"scaling\.ipynb does not exist"):
        sync(course, ASSIGNMENT)
