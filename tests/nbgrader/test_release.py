"""The students' version: made by nbgrader, compared without touching anything, and without a solution in it."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.course.release import release
from autograder.errors import CourseFault
from tests.nbgrader.conftest import Classroom
from tests.nbgrader.course_builder import ASSIGNMENT, POINTS, find


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def edit_source(classroom: Classroom, label: str, source: str) -> None:
    path = classroom.course.source_notebook(ASSIGNMENT)
    tree = json.loads(path.read_text())
    next(one for one in tree["cells"] if one["id"] == label)["source"] = source
    path.write_text(json.dumps(tree, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def test_the_release_is_nbgraders_own(classroom: Classroom):
    notebook = classroom.release

    assert find(notebook, "double").source == 'def double(x):\n    """Twice x."""\n    raise NotImplementedError()'
    assert find(notebook, "explain_scaling").source == "YOUR ANSWER HERE"
    assert find(notebook, "test_double").metadata.deletable is False
    assert files(classroom.course.release_notebook(ASSIGNMENT).parent)["data.csv"] == b"1,2\n"
    with Gradebook(classroom.course.db_url) as gradebook:
        assert gradebook.find_assignment(ASSIGNMENT).max_score == POINTS + 2.0


def test_no_drift_right_after_a_release_and_again(classroom: Classroom):
    before = files(classroom.course.root)

    assert release(classroom.course, ASSIGNMENT, check=True).drift == ()
    assert release(classroom.course, ASSIGNMENT).drift == ()

    after = files(classroom.course.root)
    assert {name for name in before if before[name] != after.get(name)} <= {"gradebook.db"}


def test_nbgraders_command_makes_the_same(classroom: Classroom):
    before = files(classroom.course.root / "release")

    assert classroom.nbgrader("generate_assignment", ASSIGNMENT, "--force") == 0, classroom.log

    assert files(classroom.course.root / "release") == before


def test_drift_is_told_and_check_touches_nothing(classroom: Classroom):
    there = classroom.course.release_notebook(ASSIGNMENT).parent
    (there / "data.csv").unlink()
    (there / "stray.txt").touch()
    edit_source(classroom, "intro", "# Scaling, once more")
    before = files(classroom.course.root)

    made = release(classroom.course, ASSIGNMENT, check=True)

    assert made.drift == (
        "release/scaling/data.csv is missing",
        "release/scaling/scaling.ipynb differs from what the source makes",
        "release/scaling/stray.txt does not come from the source",
    )
    assert files(classroom.course.root) == before


def test_a_solution_that_leaks_into_another_cell_is_told(classroom: Classroom):
    edit_source(
        classroom,
        "double",
        "def double(x):\n    ### BEGIN SOLUTION\n    return sum([x, x])\n    ### END SOLUTION",
    )
    edit_source(classroom, "check_double", "def mine(x):\n    return sum([x, x])\nprint(mine(2))")

    made = release(classroom.course, ASSIGNMENT, check=True)

    assert made.warnings == ("scaling.ipynb: the cell 'check_double' shows a line of 'double': return sum([x, x])",)


def test_a_source_that_nbgrader_refuses_keeps_the_release_and_says_why(classroom: Classroom):
    before = files(classroom.course.root / "release")
    edit_source(classroom, "check_double", "### BEGIN SOLUTION\nprint(1)\n### END SOLUTION")

    with pytest.raises(CourseFault, match="Solution region detected in a non-solution cell"):
        release(classroom.course, ASSIGNMENT)

    assert files(classroom.course.root / "release") == before


def test_cells_cannot_change_under_submissions_and_the_release_survives(classroom: Classroom):
    classroom.submit("ada")
    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log
    before = files(classroom.course.root / "release")
    path = classroom.course.source_notebook(ASSIGNMENT)
    notebook = nbformat.read(path, as_version=4)
    find(notebook, "check_double").metadata.nbgrader.grade_id = "check_renamed"
    nbformat.write(notebook, path)

    with pytest.raises(CourseFault, match="there are submissions associated with it"):
        release(classroom.course, ASSIGNMENT)

    assert files(classroom.course.root / "release") == before


def test_a_missing_source_is_named(classroom: Classroom):
    classroom.course.source_notebook(ASSIGNMENT).unlink()

    with pytest.raises(CourseFault, match=r"source/scaling/scaling\.ipynb does not exist"):
        release(classroom.course, ASSIGNMENT)
