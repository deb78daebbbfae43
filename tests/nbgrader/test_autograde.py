"""nbgrader's own autograde with the judge in its kernel's place: outputs, scores, and what a submission may not do."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from copy import deepcopy

import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder.course.gradebook import record_missing_notebook
from autograder.course.layout import load_config
from autograder.errors import JudgeFault
from autograder.record import CellResult, Check
from tests.nbgrader.conftest import Classroom, outputs_of
from tests.nbgrader.course_builder import ASSIGNMENT, POINTS, find, record, result


def solve(notebook: NotebookNode) -> None:
    find(notebook, "double").source = "def double(x):\n    return x + x"


def stream(name: str, text: str) -> dict[str, object]:
    return {"output_type": "stream", "name": name, "text": text}


def executed(text: str) -> dict[str, object]:
    return {
        "output_type": "execute_result",
        "execution_count": 1,
        "metadata": {},
        "data": {"text/plain": text},
    }


def boom() -> dict[str, object]:
    return {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "boom",
        "traceback": ["ValueError: boom"],
    }


@pytest.mark.parametrize("score", [0.0, 2.5, 4 / 3, POINTS])
def test_the_records_score_is_the_gradebooks(classroom: Classroom, score: float):
    classroom.submit("ada", solve, record("ada", score))

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    assert classroom.grades("ada") == {"test_double": (score, False), "explain_scaling": (0, False)}
    report, number = outputs_of(classroom.autograded("ada"), "test_double")
    assert report.output_type == "display_data"
    assert "double" in report.data["text/html"]
    assert "double" in report.data["text/plain"]
    assert (number.output_type, number.data) == ("execute_result", {"text/plain": repr(score)})


# Each row of the table of what outputs are worth to nbgrader: whatever a cell displayed, wherever it tries to be, the
# score is the record's. The cells are the test cell itself, the student's, and one that is no cell of this notebook.
ODD_OUTPUTS = [
    [],
    [stream("stdout", "4.0")],
    [{"output_type": "display_data", "metadata": {}, "data": {"text/plain": "4.0"}}],
    [boom()],
    [stream("stderr", "UserWarning: a warning is enough")],
    [executed("4.0")],
    [executed("0")],
    [executed("nan")],
    [executed("-1")],
    [executed("True")],
    [executed("'2'")],
    [executed("np.float64(2.5)")],
    [executed("inf")],
    [executed("1000000")],
    [{"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/html": "4"}}],
    [executed("4.0"), boom()],
]


@pytest.mark.parametrize("outputs", ODD_OUTPUTS)
def test_nothing_that_a_cell_displayed_is_a_score(classroom: Classroom, outputs: list[dict[str, object]]):
    cells = (CellResult("double", tuple(outputs)), CellResult("test_double", tuple(outputs)))

    def save_outputs(notebook: NotebookNode) -> None:
        solve(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = json.loads(json.dumps(outputs))

    classroom.submit("ada", save_outputs, record("ada", 1.5, cells=cells))

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    assert classroom.score("ada") == 1.5
    kinds = [output.output_type for output in outputs_of(classroom.autograded("ada"), "test_double")]
    assert kinds == ["display_data", "execute_result"]


def test_what_the_students_cells_displayed_is_kept(classroom: Classroom):
    cells = (CellResult("check_double", (stream("stdout", "4\n"), stream("stderr", "hm\n")), note="cut short"),)
    classroom.submit("ada", solve, record("ada", cells=cells))

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    texts = [output.text for output in outputs_of(classroom.autograded("ada"), "check_double")]
    assert texts == ["4\n", "hm\n", "[cut short]\n"]
    assert classroom.score("ada") == POINTS


def test_no_execute_does_not_turn_saved_outputs_into_grades(classroom: Classroom):
    def pretend(notebook: NotebookNode) -> None:
        find(notebook, "test_double").outputs = [executed("4.0")]

    classroom.submit("mallory", pretend, record("mallory", 0.0))

    assert classroom.nbgrader("autograde", ASSIGNMENT, "--no-execute") == 0, classroom.log

    assert classroom.score("mallory") == 0.0


def duplicate(notebook: NotebookNode) -> None:
    solve(notebook)
    copies = {label: deepcopy(find(notebook, label)) for label in ("test_double", "double", "setup")}
    for label in copies:
        notebook.cells.append(copies[label])


def delete_the_test(notebook: NotebookNode) -> None:
    solve(notebook)
    notebook.cells.remove(find(notebook, "test_double"))


def delete_everything(notebook: NotebookNode) -> None:
    notebook.cells.clear()


def flip_the_flags(notebook: NotebookNode) -> None:
    solve(notebook)
    find(notebook, "test_double").metadata.nbgrader |= {"grade": False, "solution": True, "locked": False}
    find(notebook, "double").metadata.nbgrader |= {"grade": True, "points": 100}


def change_the_points(notebook: NotebookNode) -> None:
    solve(notebook)
    find(notebook, "test_double").metadata.nbgrader.points = 1000


def add_a_key(notebook: NotebookNode) -> None:
    solve(notebook)
    find(notebook, "test_double").metadata.nbgrader["score"] = 4


def break_the_metadata(notebook: NotebookNode) -> None:
    solve(notebook)
    find(notebook, "test_double").metadata.nbgrader = {"grade": True, "grade_id": "test_double"}
    find(notebook, "setup").metadata.nbgrader = {"schema_version": "x", "grade": True}
    notebook.cells[0].metadata.nbgrader = "no"


def old_metadata(notebook: NotebookNode) -> None:
    solve(notebook)
    for cell in notebook.cells:
        cell.metadata.nbgrader.schema_version = 1


def turn_the_test_into_text(notebook: NotebookNode) -> None:
    solve(notebook)
    cell = find(notebook, "test_double")
    cell.cell_type = "markdown"
    del cell["outputs"], cell["execution_count"]


def lose_all_metadata(notebook: NotebookNode) -> None:
    solve(notebook)
    for cell in notebook.cells:
        cell.metadata, cell.id = {}, f"x{cell.id}"


@pytest.mark.parametrize(
    "edit",
    [
        duplicate,
        delete_the_test,
        delete_everything,
        flip_the_flags,
        change_the_points,
        add_a_key,
        break_the_metadata,
        old_metadata,
        turn_the_test_into_text,
        lose_all_metadata,
    ],
)
def test_a_changed_frame_stops_nobody(classroom: Classroom, edit: Callable[[NotebookNode], None]):
    classroom.submit("ada", solve)
    classroom.submit("mallory", edit, record("mallory", 1.0))
    classroom.submit("zoe", solve)

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    assert [classroom.score(student) for student in ("ada", "mallory", "zoe")] == [POINTS, 1.0, POINTS]
    cell = find(classroom.autograded("mallory"), "test_double")
    assert (cell.metadata.nbgrader.points, cell.metadata.nbgrader.grade) == (POINTS, True)


def test_an_unanswered_question_is_zero_and_an_answer_waits_for_a_grader(classroom: Classroom):
    def answer(notebook: NotebookNode) -> None:
        find(notebook, "explain_scaling").source = "Since addition is <b onclick=alert(1)>commutative</b>."

    classroom.submit("ada", answer)
    classroom.submit("bob", lambda _: None)

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    assert classroom.grades("ada")["explain_scaling"] == (None, True)
    assert classroom.grades("bob")["explain_scaling"] == (0, False)


def test_the_solution_cell_is_stored_as_it_was_written(classroom: Classroom):
    source = "def double(x):   \n\treturn 2*x  # <script>\n\n"
    classroom.submit("ada", lambda notebook: find(notebook, "double").update(source=source))

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    assert find(classroom.autograded("ada"), "double").source == source


def test_one_that_could_not_be_judged_stays_ungraded_and_stops_nobody(classroom: Classroom):
    classroom.submit("ada", solve)
    classroom.submit("bob", solve, record("bob", outcome="not judged", reason="the GPU is absent", exercises=()))
    classroom.submit("cleo", solve, JudgeFault("the forkserver ended"))
    classroom.submit("zoe", solve)

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 1

    assert "the GPU is absent" in classroom.log
    assert "the forkserver ended" in classroom.log
    assert [classroom.score(student) for student in ("ada", "zoe")] == [POINTS, POINTS]
    for student in ("bob", "cleo"):
        assert classroom.grades(student)["test_double"] == (None, True), "no zero, and marked for review"
        assert not classroom.course.autograded(student, ASSIGNMENT).exists()


def test_a_score_from_before_survives_a_judge_that_fails_and_is_marked(classroom: Classroom):
    classroom.submit("ada", solve, record("ada", 3.0))
    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log
    classroom.records["ada"] = JudgeFault("the forkserver ended")

    assert classroom.nbgrader("autograde", ASSIGNMENT, "--force") == 1

    assert classroom.grades("ada")["test_double"] == (3.0, True)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"exercises": (result(math.nan),)}, "nan"),
        ({"exercises": (result(POINTS + 0.1),)}, "expected a number from 0 to 4"),
        ({"exercises": (result(-1.0),)}, "expected a number from 0 to 4"),
        ({"exercises": (result(math.inf),)}, "expected a number from 0 to 4"),
        ({"exercises": ()}, "do not agree"),
        ({"exercises": (result(4.0), result(1.0, name="halve"))}, "halve"),
        ({"exercises": (result(4.0, points=10.0),)}, "10 in the record"),
        ({"student": "bob"}, "the record is of scaling of bob"),
    ],
)
def test_a_record_without_a_sound_score_is_no_grade(classroom: Classroom, broken: dict[str, object], reason: str):
    classroom.submit("ada", solve, record(**{"student": "ada", **broken}))

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 1

    assert reason in classroom.log
    assert classroom.grades("ada")["test_double"] == (None, True)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"nbformat": 3}', b"[" * 10_000])
def test_a_file_that_is_no_notebook_earns_nothing_and_says_why(classroom: Classroom, data: bytes):
    reason = "scaling.ipynb is not a notebook; open it in JupyterLab"
    classroom.submit("ada", data, record("ada", 0.0, outcome="unreadable", reason=reason, exercises=()))
    classroom.submit("zoe", solve)

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    assert (classroom.score("ada"), classroom.score("zoe")) == (0.0, POINTS)
    notebook = classroom.autograded("ada")
    assert reason in outputs_of(notebook, "test_double")[0].data["text/plain"]
    assert reason in notebook.cells[0].source


def test_a_missing_notebook_is_passed_over_by_nbgrader_and_can_be_recorded_as_zero(classroom: Classroom):
    for student in ("ada", "bob"):
        notebook = classroom.submit(student, solve) / "scaling.ipynb"
        notebook.unlink() if student == "ada" else notebook.rename(notebook.with_name("Untitled.ipynb"))
    classroom.submit("zoe", solve)

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 1

    assert classroom.grades("ada") == {}
    assert classroom.grades("bob")["test_double"] == (None, True)
    assert classroom.score("zoe") == POINTS

    for student in ("ada", "bob"):
        record_missing_notebook(classroom.course, ASSIGNMENT, student)
        assert classroom.grades(student) == {"test_double": (0.0, False), "explain_scaling": (0.0, False)}


def test_alterations_are_told_at_the_top(classroom: Classroom):
    told = ("the locked cell 'setup' was edited; its released text was used",)
    classroom.submit("ada", solve, record("ada", alterations=told, confined=False))

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    top = classroom.autograded("ada").cells[0]
    assert "its released text was used" in top.source
    assert "without confinement" in top.source
    assert "nbgrader" not in top.metadata


def test_a_stale_gradebook_is_a_fault_of_ours_with_its_remedy(classroom: Classroom):
    with Gradebook(classroom.course.db_url) as gradebook:
        gradebook.find_grade_cell("test_double", ASSIGNMENT, ASSIGNMENT).max_score = 3
        gradebook.db.commit()
    classroom.submit("ada", solve)

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 1

    assert "run `autograder release scaling` again" in classroom.log
    assert classroom.grades("ada")["test_double"] == (None, True)


def test_links_in_a_submission_are_not_followed_into_the_course(classroom: Classroom):
    directory = classroom.submit("mallory", solve, mine_dot_csv=b"3,4\n")
    (directory / "grades.csv").symlink_to(classroom.course.root / "gradebook.db")
    (directory / "page.html").write_text("<script>alert(1)</script>")
    (directory / "data.csv").write_text("forged")

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    there = sorted(os.listdir(classroom.course.autograded("mallory", ASSIGNMENT)))
    assert there == ["data.csv", "mine.csv", "scaling.ipynb"]
    assert (classroom.course.autograded("mallory", ASSIGNMENT) / "data.csv").read_text() == "1,2\n"


@pytest.mark.timeout(30)
def test_a_notebook_that_is_a_pipe_or_a_link_is_not_opened(classroom: Classroom):
    for student in ("ada", "bob"):
        unreadable = record(student, 0.0, outcome="unreadable", reason="no plain file", exercises=())
        (classroom.submit(student, solve, unreadable) / "scaling.ipynb").unlink()
    os.mkfifo(classroom.course.submitted("ada", ASSIGNMENT) / "scaling.ipynb")
    (classroom.course.submitted("bob", ASSIGNMENT) / "scaling.ipynb").symlink_to(
        classroom.course.source_notebook(ASSIGNMENT)
    )

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    assert (classroom.score("ada"), classroom.score("bob")) == (0.0, 0.0)
    assert "return 2 * x" not in json.dumps(classroom.autograded("bob"))


def test_limits_of_output_leave_the_report_alone(classroom: Classroom):
    checks = [Check(f"test_double.py::test_{n}", "Twice.", 1.0, "failed", "a line\n" * 20) for n in range(90)]
    long = (CellResult("check_double", (stream("stdout", "x\n" * 5000),)),)
    classroom.submit("ada", solve, record("ada", exercises=(result(1.0, *checks),), cells=long))

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    report, _ = outputs_of(classroom.autograded("ada"), "test_double")
    assert report.data["text/plain"].count("a line") == 90 * 20
    assert outputs_of(classroom.autograded("ada"), "check_double")[0].text.count("\n") < 1001


def test_a_late_submission_still_has_its_penalty_computed_by_nbgrader(classroom: Classroom):
    (classroom.submit("ada", solve) / "timestamp.txt").write_text("2026-02-02 10:00:00 UTC")
    with Gradebook(classroom.course.db_url) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-02-01 10:00:00 UTC")

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    assert "86400.0 seconds late" in classroom.log
    assert classroom.score("ada") == POINTS


def test_settings_of_nbgraders_command_line_reach_the_judge(classroom: Classroom):
    moved = classroom.course.root / "moved"
    (classroom.submit("ada", solve).parent.parent).rename(moved)
    config = classroom.course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.CourseDirectory.submitted_directory = 'moved'\n")

    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log
    assert classroom.score("ada") == POINTS


def test_the_formgraders_own_autograde_works_like_the_command(classroom: Classroom):
    classroom.submit("ada", solve, record("ada", 2.5))
    classroom.submit("bob", solve, JudgeFault("the forkserver ended"))
    config = load_config(classroom.course.root)
    api = NbGraderAPI(CourseDirectory(config=config, root=str(classroom.course.root)), config=config)

    assert api.autograde(ASSIGNMENT, "ada")["success"]
    told = api.autograde(ASSIGNMENT, "bob")

    assert classroom.score("ada") == 2.5
    assert (told["success"], "the forkserver ended" in told["log"]) == (False, True)


def test_export_writes_the_scores(classroom: Classroom):
    classroom.submit("ada", solve, record("ada", 2.5))
    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log

    assert classroom.nbgrader("export") == 0, classroom.log

    table = (classroom.course.root / "grades.csv").read_text().splitlines()
    assert dict(zip(table[0].split(","), table[1].split(","), strict=True))["raw_score"] == "2.5"
