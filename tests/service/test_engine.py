"""The engine: what comes in is graded once, in fair order, by the policies, and nobody's trouble is another's."""

from __future__ import annotations

import shutil
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from autograder.errors import CourseFault
from autograder.service import attempts, retries
from autograder.service.engine import Engine
from autograder.service.status import read_status
from tests.service.classroom import ASSIGNMENT, RIGHT, SQUARES, STUB, Classroom, wait_for


def test_a_submission_is_graded_and_recorded_and_its_feedback_released(classroom: Classroom) -> None:
    with classroom.engine():
        classroom.submit("ada", RIGHT)
        classroom.submit("bob", SQUARES)
        assert wait_for(lambda: classroom.graded("ada", "bob")), classroom.status()
        feedback = classroom.exchange / "ridge-to-bayes" / "feedback"
        assert wait_for(lambda: len([*feedback.glob("*.html")]) == 2), classroom.status()
        assert wait_for(lambda: not classroom.status().queue and not classroom.status().running)
    (ada,) = classroom.attempts("ada")
    assert (ada.number, ada.refused, ada.late, ada.unreadable) == (1, "", False, "")
    assert ada.result is not None
    assert (ada.result.outcome, ada.result.score, ada.result.points, ada.result.tries) == ("graded", 4.0, 4.0, 1)
    assert (classroom.course.records(ASSIGNMENT, "ada") / ada.result.record).is_file()
    assert classroom.grade("ada") == (4.0, 0.0)
    assert classroom.grade("bob") == (1.0, 0.0)
    assert classroom.status().faults == ()
    assert (classroom.course.submitted("ada", ASSIGNMENT) / "tiny.ipynb").read_bytes() == classroom.notebook(RIGHT)
    modes = {oct(path.stat().st_mode & 0o077) for path in (classroom.root / "attempts").rglob("*.json")}
    assert modes == {"0o0"}


def test_a_resubmission_is_a_second_attempt_and_the_same_bytes_are_judged_once(classroom: Classroom) -> None:
    with classroom.engine():
        classroom.submit("ada", SQUARES)
        assert wait_for(lambda: classroom.graded("ada")), classroom.status()
        classroom.submit("ada", SQUARES)
        assert wait_for(lambda: len(classroom.attempts("ada")) == 2 and classroom.graded("ada")), classroom.status()
        assert classroom.judged("ada") == 1
        classroom.submit("ada", RIGHT)
        assert wait_for(lambda: len(classroom.attempts("ada")) == 3 and classroom.graded("ada")), classroom.status()
    assert classroom.scores("ada") == [1.0, 1.0, 4.0]
    assert classroom.judged("ada") == 2
    assert classroom.grade("ada") == (4.0, 0.0)
    first, second, third = classroom.attempts("ada")
    assert first.submission_sha256 == second.submission_sha256 != third.submission_sha256
    assert first.result is not None
    assert second.result is not None
    assert first.result.record == second.result.record


def test_what_was_submitted_while_no_engine_ran_is_graded_by_the_next(classroom: Classroom) -> None:
    for source in (SQUARES, RIGHT):
        classroom.submit("ada", source)
    classroom.run_until(lambda: len(classroom.attempts("ada")) == 2 and classroom.graded("ada"))
    assert classroom.scores("ada") == [1.0, 4.0]
    assert classroom.grade("ada") == (4.0, 0.0)
    before = sorted((path, path.stat().st_mtime_ns) for path in (classroom.root / "records").rglob("*.json"))
    classroom.run_until(lambda: classroom.status().queue == () and classroom.graded("ada"))
    assert sorted((path, path.stat().st_mtime_ns) for path in (classroom.root / "records").rglob("*.json")) == before


def test_late_ones_lose_what_the_policy_says_and_an_extension_gives_it_back(classroom: Classroom) -> None:
    due = datetime.now(UTC) - timedelta(hours=30)
    late = f'[tiny]\ndue = {due.isoformat()}\nlate = "penalty"\nlate_penalty = 0.125\n'
    classroom.policies(late)
    with classroom.engine():
        classroom.submit("ada")
        assert wait_for(lambda: classroom.graded("ada")), classroom.status()
        assert classroom.attempts("ada")[0].late
        assert classroom.scores("ada") == [4.0]
        assert classroom.grade("ada") == (4.0, 1.0)  # two days begun, an eighth of four points each
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        classroom.policies(f"{late}[tiny.extensions]\nada = {tomorrow}\n")
        assert wait_for(lambda: classroom.grade("ada") == (4.0, 0.0)), classroom.status()
        assert wait_for(lambda: not classroom.attempts("ada")[0].late)


def test_a_late_one_is_refused_until_there_is_an_extension(classroom: Classroom) -> None:
    due = datetime.now(UTC) - timedelta(hours=1)
    refuse = f'[default]\ndue = {due.isoformat()}\nlate = "refuse"\n'
    classroom.policies(refuse)
    with classroom.engine():
        classroom.submit("ada")
        assert wait_for(lambda: classroom.attempts("ada") and classroom.attempts("ada")[0].refused), classroom.status()
        (ada,) = classroom.attempts("ada")
        assert ada.refused == f"it came after the due date {due}"
        assert classroom.status().queue == ()
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        classroom.policies(f"{refuse}[default.extensions]\nada = {tomorrow}\n")
        assert wait_for(lambda: classroom.graded("ada")), classroom.status()
    assert classroom.grade("ada") == (4.0, 0.0)


def test_the_best_counts_and_attempts_are_used_up(classroom: Classroom) -> None:
    classroom.policies('[tiny]\nattempts = 2\ncounts = "best"\n')
    with classroom.engine():
        for number, source in enumerate((RIGHT, RIGHT, SQUARES, STUB), 1):
            classroom.submit("ada", source)
            assert wait_for(lambda number=number: len(classroom.attempts("ada")) == number), classroom.status()
        assert wait_for(lambda: classroom.scores("ada") == [4.0, 4.0, 1.0, None]), classroom.scores("ada")
        assert classroom.attempts("ada")[3].refused == "all 2 attempts are used up"
        assert wait_for(lambda: classroom.counted("ada") is not None)
        assert wait_for(lambda: classroom.counted("ada").number == 2)
    assert classroom.grade("ada") == (4.0, 0.0)
    submitted = classroom.course.submitted("ada", ASSIGNMENT) / "tiny.ipynb"
    assert submitted.read_bytes() == classroom.notebook(RIGHT)


def test_a_second_attempt_waits_for_its_time(classroom: Classroom) -> None:
    classroom.policies("[tiny]\nwait_minutes = 60\n")
    with classroom.engine():
        classroom.submit("ada", SQUARES)
        assert wait_for(lambda: classroom.graded("ada")), classroom.status()
        classroom.submit("ada", RIGHT)
        assert wait_for(lambda: classroom.status().queue), classroom.status()
        (waiting,) = classroom.status().queue
        assert waiting.not_before == classroom.attempts("ada")[0].arrived + timedelta(hours=1)
        classroom.policies("[tiny]\nwait_minutes = 0\n")
        assert wait_for(lambda: classroom.graded("ada")), classroom.status()
    assert classroom.scores("ada") == [1.0, 4.0]


def test_wrong_policies_are_told_and_nothing_is_graded_by_a_guess(classroom: Classroom) -> None:
    classroom.policies("[tiny]\ndue = 2026-12-01\n")
    with classroom.engine():
        classroom.submit("ada")
        assert wait_for(lambda: classroom.attempts("ada") and classroom.status().faults)
        (fault,) = classroom.status().faults
        assert "[tiny] due = " in fault.text
        time.sleep(1)
        assert classroom.scores("ada") == [None]
        classroom.policies("")
        assert wait_for(lambda: classroom.graded("ada")), classroom.status()
        assert wait_for(lambda: not classroom.status().faults)


def test_what_cannot_be_judged_is_tried_again_and_never_a_zero(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "PAUSES", (0.5,))
    suite = classroom.root / "tests/hidden/tiny/test_double.py"
    right = suite.read_text()
    suite.write_text(f"{right}\nimport a_module_that_is_not_there\n")
    with classroom.engine() as engine:
        classroom.submit("ada")
        assert wait_for(lambda: classroom.attempts("ada") and classroom.status().faults), classroom.status()
        assert wait_for(lambda: engine.tries(ASSIGNMENT, "ada", 1) > 2)  # the tests before the error count for nothing
        (fault,) = classroom.status().faults
        assert "the suite cannot be loaded" in fault.text
        assert (fault.assignment, fault.student) == ("tiny", "ada")
        assert classroom.scores("ada") == [None]
        assert classroom.grade("ada") is None
        assert "the suite cannot be loaded" in classroom.status().faults[0].text
        suite.write_text(right)
        assert wait_for(lambda: classroom.graded("ada")), classroom.status()
        assert wait_for(lambda: not classroom.status().faults)
    assert classroom.grade("ada") == (4.0, 0.0)
    (ada,) = classroom.attempts("ada")
    assert ada.result is not None
    assert ada.result.tries > 2


def test_an_assignment_without_a_release_stops_no_other(classroom: Classroom) -> None:
    shutil.copytree(classroom.root / "tests/hidden/tiny", classroom.root / "tests/hidden/other")
    with classroom.engine():
        directory = classroom.submit("ada", whole=False)
        other = directory.with_name(directory.name.replace("+tiny+", "+other+"))
        directory.rename(other)
        (other / "tiny.ipynb").rename(other / "other.ipynb")
        classroom.complete(other)
        assert wait_for(lambda: attempts.attempts_of(classroom.root, "other", "ada")), classroom.status()
        classroom.submit("ada")
        assert wait_for(lambda: classroom.graded("ada")), classroom.status()
        assert wait_for(lambda: classroom.status().faults), classroom.status()
        (fault,) = classroom.status().faults
    assert fault.assignment == "other"
    assert "run 'autograder release other' first" in fault.text


def test_a_damaged_record_is_made_again(classroom: Classroom) -> None:
    classroom.submit("ada")
    classroom.run_until(lambda: classroom.graded("ada"))
    (record,) = [p for p in classroom.course.records(ASSIGNMENT, "ada").glob("*.json") if ".run." not in p.name]
    whole = record.read_bytes()
    record.write_bytes(whole.replace(b"4.0", b"3.0"))
    (classroom.root / "attempts/tiny/ada/counted.json").unlink()
    classroom.run_until(lambda: classroom.graded("ada"))
    assert record.read_bytes() == whole
    assert classroom.grade("ada") == (4.0, 0.0)


def test_there_is_one_engine_at_a_time(classroom: Classroom) -> None:
    with classroom.engine():
        assert wait_for(lambda: read_status(classroom.root) is not None)
        with pytest.raises(CourseFault, match="another engine grades"):
            Engine(classroom.course).run(threading.Event())


def test_one_who_submits_again_and_again_delays_nobody(classroom: Classroom) -> None:
    for number in range(5):
        classroom.submit("flooder", f"{SQUARES}\n# {number}")
    classroom.submit("zoe")
    classroom.run_until(lambda: len([*classroom.root.glob("attempts/tiny/*/*/result.json")]) == 6)
    results = sorted(classroom.root.glob("attempts/tiny/*/*/result.json"), key=lambda path: path.stat().st_mtime_ns)
    order = [path.parent.parent.name for path in results]
    assert len(order) == 6
    assert order.index("zoe") <= 1


def test_several_lanes_judge_side_by_side(classroom: Classroom) -> None:
    students = {f"student{number}": (RIGHT, SQUARES, STUB)[number % 3] for number in range(9)}
    for student, source in students.items():
        classroom.submit(student, source)
    with classroom.engine(workers=2):
        assert wait_for(lambda: read_status(classroom.root) is not None)
        assert wait_for(lambda: len(classroom.status().running) > 1)
        assert wait_for(lambda: classroom.graded(*students)), classroom.status()
    expected = {RIGHT: 4.0, SQUARES: 1.0, STUB: 0.0}
    assert {student: classroom.grade(student) for student in students} == {
        student: (expected[source], 0.0) for student, source in students.items()
    }


def test_feedback_is_released_only_where_mistakes_may_be_seen(classroom: Classroom) -> None:
    due = datetime.now(UTC) + timedelta(days=1)
    classroom.policies(f'[tiny]\ndue = {due.isoformat()}\nbefore_due = "scores"\n')
    feedback = classroom.exchange / "ridge-to-bayes" / "feedback"
    with classroom.engine():
        classroom.submit("ada")
        assert wait_for(lambda: classroom.graded("ada")), classroom.status()
        time.sleep(2)
        assert not [*feedback.glob("*.html")]
        assert not classroom.told("ada")
        classroom.policies('[tiny]\nbefore_due = "mistakes"\n')
        assert wait_for(lambda: classroom.told("ada")), classroom.status()
    assert len([*feedback.glob("*.html")]) == 1
