"""The demo, run once as ``make demo`` runs it: every score, the gradebook, feedback, and grading in other ways."""

from __future__ import annotations

import ast
import html
import io
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from rich.console import Console

from autograder.cli.show import latest
from autograder.course.layout import Course
from autograder.record import Record
from autograder.suite.variants import load_variants
from demo import report, run, steps
from demo.expected import ASSIGNMENTS, EXERCISES, NOTHING, Lost, score_due
from demo.students import CLASS, SMALL_CLASS, Student

pytestmark = pytest.mark.slow

BY_NAME = {student.name: student for student in CLASS}
Grades = dict[tuple[str, str], dict[str, float | None]]  # (assignment, student) -> test cell -> automatic score


@dataclass(frozen=True)
class Shown:
    """One run of the demo: its exit code, what it printed, and the course that it left."""

    code: int
    text: str
    course: Course

    def record(self, student: str, assignment: str) -> Record:
        return latest(self.course, assignment, student)

    def results(self, student: Student) -> list[steps.Result]:
        return [steps.Result(self.record(student.name, assignment), "written") for assignment in ASSIGNMENTS]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """The whole demo with the whole class, in a directory of its own."""
    told = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(told):
        patch.setattr(run, "COURSE", tmp_path_factory.mktemp("demo") / "course")
        code = run.main([])
        return Shown(code, told.getvalue(), Course.find(run.COURSE))


def grades(course: Course) -> Grades:
    """What the gradebook holds, of the cells that are graded automatically."""
    with Gradebook(course.db_url) as gradebook:
        return {
            (assignment, submission.student.id): {
                grade.name: grade.auto_score
                for notebook in submission.notebooks
                for grade in notebook.grades
                if grade.name.startswith("test_")
            }
            for assignment in ASSIGNMENTS
            for submission in gradebook.assignment_submissions(assignment)
        }


def record_files(course: Course) -> dict[str, bytes]:
    """Every record, without the files that tell when and how long."""
    found = (path for path in (course.root / "records").rglob("*.json") if not path.name.endswith(".run.json"))
    return {str(path.relative_to(course.root)): path.read_bytes() for path in found}


def times(course: Course) -> dict[str, bytes]:
    """The files that tell when each record was made; an unreadable submission is looked at again every time."""
    readable = (student.name for student in CLASS if not student.unreadable)
    found = [path for name in readable for path in (course.root / "records").glob(f"*/{name}/*.run.json")]
    return {str(path.relative_to(course.root)): path.read_bytes() for path in found}


def test_the_class_is_a_class():
    names = [student.name for student in CLASS]

    assert len(set(names)) == len(names) >= 16
    assert {student.name for student in SMALL_CLASS} < set(names)


def test_the_demo_ends_well(shown: Shown):
    assert shown.code == 0, shown.text
    assert "Every score is the one that it must be." in shown.text
    assert len(re.findall(r"^│ \w+ .*│ yes ", shown.text, re.MULTILINE)) == len(CLASS)


@pytest.mark.parametrize("name", ["gradebook", "feedback", "grades"])
def test_the_paths_that_it_ends_with_are_there(shown: Shown, name: str):
    (path,) = re.findall(rf"^{name} +(\S+)$", shown.text, re.MULTILINE)

    assert Path(path).is_file()


@pytest.mark.parametrize("name", BY_NAME)
def test_every_check_and_score_of(shown: Shown, name: str):
    student = BY_NAME[name]

    assert report.surprises(student, shown.results(student)) == []


def test_the_weights_on_which_the_scores_rest(shown: Shown):
    assert report.other_weights(shown.results(BY_NAME["ada"])) == []


@pytest.mark.parametrize("name", [student.name for student in CLASS if student.mistakes])
def test_mistakes_are_named(shown: Shown, name: str):
    named = {e.name: e.mistake for a in ASSIGNMENTS for e in shown.record(name, a).exercises if e.mistake}
    variants = [variant for a in ASSIGNMENTS for variant in load_variants(shown.course.hidden_suite(a))]

    assert named == {v.exercise: v.sentence for v in variants if v.name in BY_NAME[name].mistakes}


def test_nobody_else_is_told_a_mistake(shown: Shown):
    named = {
        (student.name, exercise.name)
        for student in CLASS
        for assignment in ASSIGNMENTS
        for exercise in shown.record(student.name, assignment).exercises
        if exercise.mistake and not student.mistakes
    }

    assert named == set()


def test_the_gradebook_holds_what_the_records_say(shown: Shown):
    expected = {
        (assignment, student.name): {
            f"test_{exercise.name}": exercise.score for exercise in shown.record(student.name, assignment).exercises
        }
        for assignment in ASSIGNMENTS
        for student in CLASS
    }

    assert grades(shown.course) == expected


def test_the_exported_table_has_everybody(shown: Shown):
    lines = (shown.course.root / "grades.csv").read_text().splitlines()

    for student in CLASS:
        assert sum(f",{student.name}," in line for line in lines) == len(ASSIGNMENTS), student.name


def test_the_summary_for_programs(shown: Shown):
    (printed,) = (shown.course.root / ".demo").glob("autograder-grade-*.out")
    entries = json.loads(printed.read_text())

    assert [(e["assignment"], e["student"]) for e in entries] == [(a, n) for a in ASSIGNMENTS for n in sorted(BY_NAME)]
    for entry in entries:
        record = shown.record(entry["student"], entry["assignment"])
        assert (entry["outcome"], entry["score"], entry["points"]) == (record.outcome, record.score, record.points)
        assert entry["exercises"] == {
            e.name: {"score": e.score, "points": e.points, "mistake": e.mistake} for e in record.exercises
        }
        assert entry["gradebook"] == "written"
        assert entry["remark"]
        assert entry["confined"] is True


def test_nothing_was_to_be_found_and_no_way_out(shown: Shown):
    """The one who looks for tests, solutions, gradebook and network."""
    for assignment in ASSIGNMENTS:
        printed = [
            output["text"]
            for cell in shown.record("zoe", assignment).cells
            for output in cell.outputs
            if output.get("name") == "stdout" and output["text"].startswith("found:")
        ]
        assert printed == ["found: []\n"]


# --- feedback ---------------------------------------------------------------------------------------------------------


def page(shown: Shown, student: str, assignment: str) -> str:
    """A page of feedback."""
    return (shown.course.feedback(student, assignment) / f"{assignment}.html").read_text()


def text_of(page: str) -> str:
    """What a page shows or holds as text, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split())


@pytest.mark.parametrize("name", [student.name for student in CLASS if student.mistakes])
def test_feedback_names_the_mistake(shown: Shown, name: str):
    for assignment in ASSIGNMENTS:
        text = text_of(page(shown, name, assignment))
        for exercise in shown.record(name, assignment).exercises:
            if exercise.mistake:
                assert f"Likely mistake: {exercise.mistake}" in text


def code_lines(path: Path) -> Iterator[str]:
    """The lines of a module that are long enough to be recognized, without docstrings and imports."""
    tree = ast.parse(path.read_text())
    hidden = {0}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            hidden |= set(range(node.lineno, node.end_lineno + 1))
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            hidden |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if number not in hidden and len(line.strip()) >= 25:
            yield line.strip()


def test_feedback_shows_no_line_of_suite_or_solution(shown: Shown):
    """Of one who handed in the released notebook, so that nothing of it is the student's own."""
    for assignment in ASSIGNMENTS:
        released = json.loads(shown.course.release_notebook(assignment).read_text())
        given = "\n".join("".join(cell["source"]) for cell in released["cells"])
        secret = [*shown.course.hidden_suite(assignment).glob("*.py"), shown.course.solutions(assignment)]
        lines = {line for path in secret for line in code_lines(path) if line not in given}
        text = text_of(page(shown, "olga", assignment))

        assert len(lines) > 200
        assert [line for line in lines if " ".join(line.split()) in text] == []


def test_no_script_of_a_student_reaches_a_page(shown: Shown):
    for assignment in ASSIGNMENTS:
        found = page(shown, "yusuf", assignment)

        assert "owned" in found, "it is shown as text"
        assert not re.findall(r"<script[^>]*>[^<]*owned", found)


# --- grading again ----------------------------------------------------------------------------------------------------


def test_grading_again_changes_nothing_and_judges_nobody(shown: Shown):
    before = record_files(shown.course), times(shown.course), grades(shown.course)

    results = steps.grade(shown.course)

    assert {result.gradebook for result in results} == {"unchanged"}
    assert (record_files(shown.course), times(shown.course), grades(shown.course)) == before


def test_judging_again_gives_the_same_bytes(shown: Shown, tmp_path: Path):
    """Of those whose records could differ: draws, warnings, memory, processes that end; loops only cost time."""
    course = copy_of(shown.course, tmp_path, drop=())
    chosen = ("chen", "dalia", "hana", "jana", "rosa", "sami", "yusuf")
    before, made = record_files(course), times(course)

    steps.grade(course, "--force", *(option for name in chosen for option in ("--student", name)))

    assert record_files(course) == before
    judged = {Path(path).parent.name for path, text in times(course).items() if text != made[path]}
    assert judged == set(chosen)


def test_plain_nbgrader_gives_the_same_grades(shown: Shown, tmp_path: Path):
    """The whole class through nbgrader's own command; three have no records yet and are judged by it.

    One who handed in no notebook of the right name gets no grade from nbgrader, which says so with its exit code.
    """
    course = copy_of(shown.course, tmp_path, drop=("autograded", "feedback", "gradebook.db"))
    for name in ("emil", "sami", "yusuf"):
        for assignment in ASSIGNMENTS:
            shutil.rmtree(course.records(assignment, name))
    steps.release(course)

    for assignment in ASSIGNMENTS:
        steps.finish(steps.start(course, "nbgrader", "autograde", assignment, "--create"), accepted=(1,))

    expected = grades(shown.course)
    for assignment in ASSIGNMENTS:
        expected[assignment, "uma"] = dict.fromkeys(expected[assignment, "uma"])
    assert grades(course) == expected
    assert record_files(course) == record_files(shown.course)


def copy_of(course: Course, directory: Path, drop: tuple[str, ...]) -> Course:
    """A copy of a course, without what is named."""
    root = directory / "course"
    shutil.copytree(course.root, root, ignore=lambda path, _: drop if Path(path) == course.root else ())
    return Course.find(root)


# --- the demo's own judgment ------------------------------------------------------------------------------------------


def test_other_scores_than_expected_end_the_demo_with_an_error(shown: Shown):
    ada = BY_NAME["ada"]
    strict = replace(ada, lost={"groupnorm": Lost(("test_eps",))})
    told = io.StringIO()

    found = report.surprises(strict, shown.results(strict))
    with redirect_stdout(told):
        code = run._verdict(Console(width=200), [strict], shown.results(strict))

    assert code == 1
    assert any("test_groupnorm.py::test_eps passed" in text for text in found)
    assert any(re.search(r"groupnorm got 3 points, expected 2\.", text) for text in found)
    assert all(text in " ".join(told.getvalue().split()) for text in found)


def test_a_command_that_fails_stops_the_demo_with_its_words(shown: Shown):
    with pytest.raises(steps.DemoFailed, match=r"(?s)exit code 2.*no assignment 'cooking'"):
        steps.finish(steps.start(shown.course, "autograder", "grade", "cooking"))


def test_scores_follow_from_weights(shown: Shown):
    """By hand, for one exercise: two of the checks of groupnorm weigh a half."""
    (groupnorm,) = [e for e in shown.record("ada", "normalization").exercises if e.name == "groupnorm"]
    points, weight = EXERCISES["normalization"]["groupnorm"]

    without_one = score_due(points, groupnorm.checks, Lost(("test_unequal_groups",)))

    assert score_due(points, groupnorm.checks, NOTHING) == points
    assert without_one == round(points * (weight - 0.5) / weight, 6)
