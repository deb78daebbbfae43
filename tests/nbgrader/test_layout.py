"""Paths of a course, under nbgrader's configuration."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.errors import CourseFault


def course(root: Path, config: str = "", *assignments: str) -> Course:
    (root / "nbgrader_config.py").write_text(f"c = get_config()\n{config}\n")
    for name in assignments or ("dropout", "ridge"):
        (root / "tests/hidden" / name).mkdir(parents=True)
        (root / "tests/hidden" / name / "assignment.toml").touch()
    return Course.find(root)


def test_the_course_is_found_from_any_directory_inside_it(tmp_path: Path):
    course(tmp_path)
    (tmp_path / "source/dropout").mkdir(parents=True)

    assert Course.find(tmp_path / "source/dropout").root == tmp_path


def test_no_course_says_which_file_it_looked_for(tmp_path: Path):
    with pytest.raises(CourseFault, match=r"no nbgrader_config\.py in .* or above it"):
        Course.find(tmp_path)


def test_paths_are_nbgraders_own(tmp_path: Path):
    found = course(tmp_path)

    assert found.source_notebook("dropout") == tmp_path / "source/dropout/dropout.ipynb"
    assert found.release_notebook("dropout") == tmp_path / "release/dropout/dropout.ipynb"
    assert found.submitted("ada", "dropout") == tmp_path / "submitted/ada/dropout"
    assert found.autograded("ada", "dropout") == tmp_path / "autograded/ada/dropout"
    assert found.feedback("ada", "dropout") == tmp_path / "feedback/ada/dropout"
    assert found.solutions("dropout") == tmp_path / "solutions/dropout.py"
    assert found.hidden_suite("dropout") == tmp_path / "tests/hidden/dropout"
    assert found.records("dropout", "ada") == tmp_path / "records/dropout/ada"
    assert found.db_url == f"sqlite:///{tmp_path}/gradebook.db"
    assert pickle.loads(pickle.dumps(found)) == found


def test_an_instructors_own_directories_are_honored(tmp_path: Path):
    found = course(
        tmp_path,
        "c.CourseDirectory.submitted_directory = 'handed-in'\n"
        "c.CourseDirectory.directory_structure = '{nbgrader_step}/{assignment_id}/{student_id}'\n"
        "c.CourseDirectory.db_url = 'sqlite:////elsewhere/grades.db'\n"
        "c.CourseDirectory.course_id = 'ml'",
    )
    (tmp_path / "handed-in/dropout/ada").mkdir(parents=True)

    assert found.submitted("ada", "dropout") == tmp_path / "handed-in/dropout/ada"
    assert found.submitters("dropout") == ["ada"]
    assert (found.db_url, found.course_id) == ("sqlite:////elsewhere/grades.db", "ml")


def test_a_configuration_that_fails_is_named(tmp_path: Path):
    with pytest.raises(CourseFault, match=r"nbgrader_config\.py cannot be read: ZeroDivisionError"):
        course(tmp_path, "1 / 0")


def test_an_unknown_assignment_lists_the_known_ones(tmp_path: Path):
    found = course(tmp_path)

    for path in (found.source_notebook, found.solutions, found.hidden_suite, found.submitters, found.require):
        with pytest.raises(CourseFault, match=r"no assignment 'drop' in .*; there are: dropout, ridge"):
            path("drop")


def test_assignments_are_those_with_settings(tmp_path: Path):
    found = course(tmp_path)
    (tmp_path / "tests/hidden/unfinished").mkdir()

    assert found.assignments() == ["dropout", "ridge"]


def test_submitters_are_the_students_with_a_directory(tmp_path: Path):
    found = course(tmp_path)
    for path in (
        "submitted/zoe/dropout",
        "submitted/ada/dropout",
        "submitted/bob/ridge",
        "submitted/.x/dropout",
    ):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "submitted/cleo").mkdir()
    (tmp_path / "submitted/cleo/dropout").touch()

    assert found.submitters("dropout") == ["ada", "zoe"]


@pytest.mark.parametrize("name", ["", ".", "..", "../ada", "a/b", "a\0b", " ada", "*", "a\\b"])
def test_a_students_name_cannot_lead_out_of_the_course(tmp_path: Path, name: str):
    found = course(tmp_path)

    with pytest.raises(CourseFault, match="cannot be the name of a student"):
        found.records("dropout", name)
    if name != ".":  # nbgrader's own name for "no student"
        with pytest.raises(CourseFault, match="cannot be the name of a student"):
            found.submitted(name, "dropout")
