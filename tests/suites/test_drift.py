"""What is generated is up to date: solution cells from solutions/, release/ from source/; and nothing leaks into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.course.release import release
from autograder.course.sync import sync
from autograder.suite.assignment import load_assignment
from autograder.suite.variants import load_variants

ROOT = Path(__file__).parent.parent.parent
COURSE = Course.find(ROOT)
ASSIGNMENTS = COURSE.assignments()


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_solution_cells_are_in_step_with_the_solutions(assignment: str) -> None:
    assert sync(COURSE, assignment, check=True) == [], "run 'autograder sync'"


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_release_is_what_would_be_generated(assignment: str) -> None:
    released = release(COURSE, assignment, check=True)
    assert released.drift == (), "run 'autograder release'"
    assert released.warnings == ()


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_release_holds_no_sentence_of_the_hidden_suite(assignment: str) -> None:
    text = COURSE.release_notebook(assignment).read_text()
    suite = COURSE.hidden_suite(assignment)
    secrets = [variant.sentence for variant in load_variants(suite) if variant.sentence]
    lines = [line.strip() for path in suite.glob("test_*.py") for line in path.read_text().splitlines()]
    secrets += [line for line in lines if "def test_" in line]
    assert [secret for secret in secrets if secret in text] == []
    assert "BEGIN SOLUTION" not in text


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_exercises_of_notebook_settings_and_suite_are_the_same(assignment: str) -> None:
    from autograder.grading.prepare import points_of, read_release

    settings = load_assignment(COURSE.hidden_suite(assignment))
    graded = points_of(read_release(COURSE, assignment))
    assert set(graded) == set(settings.exercises)
    assert {path.stem for path in settings.suite.glob("test_*.py")} == {f"test_{name}" for name in graded}
