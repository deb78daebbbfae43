"""The engine is killed at the worst points, and a new one ends with each submission graded once, and right."""

from __future__ import annotations

import json
import signal
import time

import pytest

from tests.faults import processes
from tests.service.classroom import ASSIGNMENT, ENDLESS, RIGHT, SQUARES, Classroom, Process, wait_for
from tests.service.killed import POINTS


@pytest.fixture(autouse=True)
def _nothing_left():
    processes.begin()
    processes.adopt_orphans()
    yield
    processes.end_all()
    processes.adopt_orphans(False)


SHORT = ("between the record and the result", "before the gradebook")


@pytest.mark.parametrize("point", [p if p in SHORT else pytest.param(p, marks=pytest.mark.long) for p in POINTS])
def test_killed_at_this_point_and_started_again(classroom: Classroom, point: str) -> None:
    classroom.submit("ada", SQUARES)
    killed = Process(classroom.root, point)
    assert killed.wait() == -signal.SIGKILL, killed.printed
    classroom.submit("ada", RIGHT)
    classroom.submit("bob", SQUARES)
    assert wait_for(lambda: not processes.left_running()), processes.left_running()

    again = Process(classroom.root)
    assert wait_for(lambda: len(classroom.attempts("ada")) == 2 and classroom.graded("ada", "bob")), again.printed
    assert again.end() == 0, again.printed

    assert classroom.scores("ada") == [1.0, 4.0]
    assert classroom.scores("bob") == [1.0]
    assert classroom.grade("ada") == (4.0, 0.0)
    assert classroom.grade("bob") == (1.0, 0.0)
    assert classroom.judged("ada") == 2
    assert len({one.inbound for one in classroom.attempts("ada")}) == 2
    left = [path for path in classroom.root.glob("attempts/**/.*") if path.name != ".gitignore"]
    assert not left
    assert [path.name for path in classroom.course.submitted("ada", ASSIGNMENT).parent.iterdir()] == [ASSIGNMENT]


@pytest.mark.long
def test_killed_again_and_again_while_a_class_submits(classroom: Classroom) -> None:
    students = {f"student{number}": (RIGHT, SQUARES)[number % 2] for number in range(8)}
    submitting = list(students.items())
    for pause in range(4):
        for student, source in submitting[2 * pause : 2 * pause + 2]:
            classroom.submit(student, source)
        engine = Process(classroom.root)
        wait_for_graded = 2 * pause  # later and later in its work
        wait_for(lambda number=wait_for_graded: len(list(classroom.root.glob("attempts/*/*/*/result.json"))) > number)
        engine.end(signal.SIGKILL)
    engine = Process(classroom.root)
    assert wait_for(lambda: classroom.graded(*students)), engine.printed
    assert engine.end() == 0, engine.printed
    for student, source in students.items():
        expected = 4.0 if source == RIGHT else 1.0
        assert classroom.scores(student) == [expected]
        assert classroom.grade(student) == (expected, 0.0)
        assert classroom.judged(student) == 1


def test_ended_in_the_midst_of_judging(classroom: Classroom) -> None:
    classroom.submit("cyd", ENDLESS.replace("pass", "import time; time.sleep(0.1)"))
    engine = Process(classroom.root)
    assert wait_for(lambda: classroom.attempts("cyd") and classroom.status().running), engine.printed
    began = time.monotonic()
    assert engine.end() == 0, engine.printed
    assert time.monotonic() - began < 20
    assert wait_for(lambda: not processes.left_running()), processes.left_running()
    assert classroom.scores("cyd") == [None]
    engine = Process(classroom.root)
    assert wait_for(lambda: classroom.graded("cyd")), engine.printed
    assert engine.end() == 0, engine.printed
    assert classroom.grade("cyd") == (0.0, 0.0)


def test_its_log_is_one_json_object_a_line(classroom: Classroom) -> None:
    (classroom.inbound / "a\n{}+tiny+2026-01-01 00:00:00 UTC+x").mkdir()
    classroom.submit("ada")
    engine = Process(classroom.root)
    assert wait_for(lambda: classroom.graded("ada") or not engine.alive()), engine.printed
    assert engine.end() == 0
    events = [json.loads(line)["event"] for line in engine.printed.splitlines()]
    assert {"the engine has started", "taken in", "not taken in", "graded", "recorded", "the engine has ended"} <= {
        *events
    }
