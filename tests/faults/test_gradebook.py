"""A gradebook that is locked, read-only or damaged: said in a sentence, records are kept, a rerun completes it."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.cli.grade import grade_class
from autograder.course.layout import Course
from autograder.grading import database
from autograder.grading.gradebook import Writer, Written
from autograder.grading.grader import Grader, Options
from autograder.grading.stopping import Stopped, stoppable
from autograder.record import Record
from tests.faults.classroom import (
    ASSIGNMENT,
    STUDENTS,
    State,
    check_expected,
    check_honest,
    records,
)
from tests.faults.conftest import Undisturbed

LOCKER = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Another program holds the gradebook for itself."""
    program = [sys.executable, "-c", LOCKER, str(root / "gradebook.db")]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as locker:
        assert locker.stdout is not None
        assert locker.stdout.readline() == b"locked\n"
        yield
        locker.communicate()


def write_all(root: Path) -> bool:
    """The command, in this process."""
    return grade_class(root, [ASSIGNMENT], [], Options(workers=1), gradebook=True, json_output=False)


def check_records_kept(root: Path, expected: State) -> None:
    """Nothing was lost of what was judged."""
    assert records(root) == expected.records


def test_one_that_is_locked_for_some_seconds_is_waited_for(undisturbed: Undisturbed, judged: Path):
    """Longer than the five seconds that SQLite waits by itself."""
    program = [sys.executable, "-c", LOCKER, str(judged / "gradebook.db")]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as locker:
        assert locker.stdout is not None
        assert locker.stdin is not None
        assert locker.stdout.readline() == b"locked\n"
        threading.Timer(6, locker.stdin.close).start()
        assert write_all(judged)
    check_expected(judged, undisturbed.expected)


def test_one_that_stays_locked_is_given_up_once(
    undisturbed: Undisturbed, judged: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """After the stated time, and not after that time for each submission; said at once and in the end."""
    monkeypatch.setattr(database, "PATIENCE", 2.0)
    with locked(judged):
        began = time.monotonic()
        assert not write_all(judged)
        assert time.monotonic() - began < 2.0 * len(STUDENTS)
    said = capsys.readouterr().out
    sentence = f"the gradebook {judged / 'gradebook.db'} cannot be used (database is locked): another program has held"
    assert said.startswith(sentence)
    assert "it locked for more than 2 s" in said
    assert f"not written to the gradebook: {', '.join(sorted(STUDENTS))}: {sentence}" in said
    check_records_kept(judged, undisturbed.expected)
    assert write_all(judged)
    check_expected(judged, undisturbed.expected)


def test_one_that_is_locked_in_the_middle(undisturbed: Undisturbed, judged: Path, monkeypatch: pytest.MonkeyPatch):
    """What was written stands, the rest is told, and only the first of it has to wait."""
    monkeypatch.setattr(database, "PATIENCE", 1.0)
    course = Course.find(judged)
    with Grader(course, Options(workers=1)) as grader:
        made = grader.grade(ASSIGNMENT, sorted(STUDENTS))
    writer = Writer(course, ASSIGNMENT)
    states = [writer.write(made[0]).state]
    with locked(judged):
        missing = next(record for record in made if record.outcome == "unreadable" and "missing" in record.reason)
        states += [writer.write(record).state for record in (made[1], missing, made[2])]
    assert states == ["written", "failed", "failed", "failed"]
    assert "locked" in writer.fault
    check_honest(judged, undisturbed.expected)
    assert write_all(judged)
    check_expected(judged, undisturbed.expected)


def test_a_missing_notebook_meets_a_locked_gradebook(judged: Path, monkeypatch: pytest.MonkeyPatch):
    """The one grade that nbgrader's autograde does not write."""
    monkeypatch.setattr(database, "PATIENCE", 0.1)
    course = Course.find(judged)
    with Grader(course, Options(workers=1)) as grader:
        (record,) = grader.grade(ASSIGNMENT, ["kim"])
    writer = Writer(course, ASSIGNMENT)
    with locked(judged):
        written = writer.write(record)
    assert (written.state, "database is locked" in written.reason) == ("failed", True)
    assert Writer(course, ASSIGNMENT).write(record).state == "written"


@pytest.mark.parametrize("content", [b"not a database" * 1000, None], ids=["another file", "a damaged page"])
def test_one_that_is_damaged(
    undisturbed: Undisturbed, judged: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
):
    """It is left as it is; with a backup in its place, the same command completes it."""
    path = judged / "gradebook.db"
    sound = path.read_bytes()
    damaged = content or sound[:4096] + b"\xff" * (len(sound) - 4096)
    path.write_bytes(damaged)
    assert not write_all(judged)
    said = capsys.readouterr().out
    assert f"the gradebook {path} cannot be used" in said
    assert "the file is damaged: put a backup in its place" in said
    assert "Traceback" not in said
    assert path.read_bytes() == damaged
    check_records_kept(judged, undisturbed.expected)
    path.write_bytes(sound)
    assert write_all(judged)
    check_expected(judged, undisturbed.expected)


def test_one_without_the_assignment_says_what_to_do(judged: Path, capsys: pytest.CaptureFixture[str]):
    """A gradebook that somebody deleted: nbgrader makes an empty one."""
    (judged / "gradebook.db").unlink()
    assert not write_all(judged)
    said = capsys.readouterr().out
    assert "No assignment with ID 'tiny' exists in the database" in said
    assert "No such assignment: tiny" in said


def test_a_grade_that_waits_for_a_review_is_written_again(undisturbed: Undisturbed, judged: Path):
    """A judge that failed in nbgrader's own autograde marks the grade that stood; judged again, it is right again."""
    assert write_all(judged)
    with contextlib.closing(sqlite3.connect(judged / "gradebook.db")) as gradebook, gradebook:
        gradebook.execute("UPDATE grade SET needs_manual_grade = 1")
    assert write_all(judged)
    check_expected(judged, undisturbed.expected)


def test_a_request_to_stop_waits_for_the_grade_that_is_being_written(judged: Path, monkeypatch: pytest.MonkeyPatch):
    """nbgrader would take an interrupt for one more failure, and the run would go on."""
    write = Writer._write

    def interrupted(writer: Writer, record: Record) -> Written:
        os.kill(os.getpid(), signal.SIGINT)
        return write(writer, record)

    monkeypatch.setattr(Writer, "_write", interrupted)
    with stoppable(), pytest.raises(Stopped):
        write_all(judged)
    marks = [path.parent.name for path in judged.glob("records/*/*/in-gradebook")]
    assert len(marks) == 1
    with contextlib.closing(sqlite3.connect(judged / "gradebook.db")) as gradebook:
        assert gradebook.execute("SELECT student_id FROM submitted_assignment").fetchall() == [(marks[0],)]


def test_a_run_that_ends_while_it_writes_again_leaves_no_mark(
    undisturbed: Undisturbed, judged: Path, monkeypatch: pytest.MonkeyPatch
):
    """The mark of the submission from before must not stand for one that is half written."""
    assert write_all(judged)
    course = Course.find(judged)
    record = Record.from_json(next((judged / "records/tiny/ada").glob("*-cpu.json")).read_text())
    another = Record(**{**vars(record), "submission_sha256": "0" * 64})

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Writer, "_write", die)
    with pytest.raises(KeyboardInterrupt):
        Writer(course, ASSIGNMENT).write(another)
    assert not (judged / "records/tiny/ada/in-gradebook").exists()
