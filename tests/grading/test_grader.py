"""The grader: records are a function of submission and suite, and a fault of ours is nobody's zero."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course.layout import Course
from autograder.errors import CourseFault, SandboxUnavailable
from autograder.grading import gradebook, prepare
from autograder.grading.batch import Batch, judge_batch
from autograder.grading.grader import OURS, Grader, Options
from autograder.record import NOT_ALONE, Record
from tests.tiny_course import TinyCourse

RIGHT = "def double(x):\n    if np.ndim(x) == 0:\n        raise ValueError\n    return x + x"
SQUARES = "def double(x):\n    if np.ndim(x) == 0:\n        raise ValueError\n    return x * x"
ENDLESS = "def double(x):\n    while True:\n        pass"


@pytest.fixture
def tiny(tmp_path: Path) -> TinyCourse:
    return TinyCourse(tmp_path / "course")


@pytest.fixture
def course(tiny: TinyCourse) -> Course:
    return Course.find(tiny.root)


@pytest.fixture
def grader(course: Course) -> Iterator[Grader]:
    with Grader(course, Options(workers=2)) as grader:
        yield grader


def stored(course: Course, student: str) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in course.records("tiny", student).glob("*.json") if ".run." not in p.name}


def test_scores_mistakes_and_bytes(tiny: TinyCourse, course: Course, grader: Grader) -> None:
    cells = {"ada": RIGHT, "bob": SQUARES, "cyd": ENDLESS, "stub": "def double(x): raise NotImplementedError"}
    for student, cell in cells.items():
        tiny.submit(student, cell)
    students = list(cells)
    first = {record.student: record for record in grader.grade("tiny", students)}
    assert {name: record.score for name, record in first.items()} == {"ada": 4, "bob": 1, "cyd": 0, "stub": 0}
    assert first["bob"].exercises[0].mistake == "You square instead of doubling."
    assert first["ada"].exercises[0].mistake is first["cyd"].exercises[0].mistake is None
    assert "no answer within 1 s" in first["cyd"].exercises[0].checks[0].message
    assert {check.message for check in first["stub"].exercises[0].checks} >= {"not implemented yet"}
    before = {student: stored(course, student) for student in students}
    with Grader(course, Options(workers=1, force=True)) as again:
        again.grade("tiny", students)
    assert {student: stored(course, student) for student in students} == before
    assert all(Record.from_json(data.decode()) == first[s] for s, files in before.items() for data in files.values())


def test_what_nobody_thought_of_in_one_submission_stops_nobody_else(
    tiny: TinyCourse, course: Course, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = prepare.canonicalize

    def canonicalize(release: Any, submitted: Any) -> Any:
        if any("trap" in cell.source for cell in submitted.cells):
            raise RecursionError("too deep")
        return real(release, submitted)

    monkeypatch.setattr(prepare, "canonicalize", canonicalize)
    tiny.submit("ada", RIGHT)
    tiny.submit("bob", "trap = 1")
    ada, bob = grader.grade("tiny", ["ada", "bob"])
    assert (ada.outcome, ada.score) == ("graded", 4.0)
    assert (bob.outcome, bob.reason) == ("not judged", f"{OURS} while reading it: RecursionError: too deep")
    assert stored(course, "bob") == {}


def test_an_error_in_a_worker_is_the_error_of_one_submission(
    tiny: TinyCourse, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.grading.grader.judge_batch", fail_for_bob)
    for student in ("ada", "bob", "cyd"):
        tiny.submit(student, RIGHT)
    records = grader.grade("tiny", ["ada", "bob", "cyd"])
    assert [record.outcome for record in records] == ["graded", "not judged", "graded"]
    assert records[1].reason == f"{OURS} while judging it: ZeroDivisionError: of ours"


def fail_for_bob(batch: Batch) -> list[tuple[Record, float]]:
    if any(prepared.student == "bob" for prepared in batch.submissions):
        raise ZeroDivisionError("of ours")
    return judge_batch(batch)


def test_a_supporting_check_earns_nothing_by_itself(tiny: TinyCourse, grader: Grader) -> None:
    path = tiny.suite / "test_double.py"
    mark = '@pytest.mark.exercise("double", supporting=True)\n'
    path.write_text(path.read_text().replace("def test_scalar", mark + "def test_scalar"))
    tiny.submit("ada", RIGHT)
    tiny.submit("bob", "def double(x):\n    raise ValueError")
    ada, bob = grader.grade("tiny", ["ada", "bob"])
    assert (ada.score, bob.score) == (4.0, 0.0)
    scalar = bob.exercises[0].checks[1]
    assert (scalar.outcome, scalar.message) == ("failed", NOT_ALONE)


def test_a_damaged_record_is_judged_again_and_stops_nobody(tiny: TinyCourse, course: Course, grader: Grader) -> None:
    for student, cell in {"ada": RIGHT, "bob": SQUARES, "cyd": RIGHT}.items():
        tiny.submit(student, cell)
    students = ["ada", "bob", "cyd"]
    first = grader.grade("tiny", students)
    before = {student: stored(course, student) for student in students}
    for student, damage in {"ada": lambda data: data[:50], "bob": lambda data: data.replace(b"1.0", b"4.0")}.items():
        (name,) = before[student]
        path = course.records("tiny", student) / name
        path.write_bytes(damage(path.read_bytes()))
    assert stored(course, "bob") != before["bob"]

    assert grader.grade("tiny", students) == first
    assert {student: stored(course, student) for student in students} == before


def test_a_submission_is_flagged_and_not_zeroed(tiny: TinyCourse, grader: Grader) -> None:
    asking = "import socket\ntry:\n    socket.socket(socket.AF_INET)\nexcept OSError:\n    pass\n"
    tiny.submit("ada", RIGHT)
    tiny.submit("bob", asking + RIGHT)
    ada, bob = grader.grade("tiny", ["ada", "bob"])
    assert (ada.score, bob.score) == (4.0, 4.0)
    assert ada.flags == ()
    assert bob.flags == ("asked the kernel for what is refused here: socket(AF_INET)",)


def test_a_record_is_used_until_submission_or_suite_change(tiny: TinyCourse, course: Course, grader: Grader) -> None:
    tiny.submit("ada", RIGHT)
    grader.grade("tiny", ["ada"])
    (run,) = course.records("tiny", "ada").glob("*.run.json")
    judged = json.loads(run.read_text())["at"], run.stat().st_mtime_ns
    grader.grade("tiny", ["ada"])
    assert (json.loads(run.read_text())["at"], run.stat().st_mtime_ns) == judged
    tiny.submit("ada", SQUARES)
    assert grader.grade("tiny", ["ada"])[0].score == 1
    settings = tiny.suite / "assignment.toml"
    settings.write_text(settings.read_text() + "\n# changed\n")
    grader.grade("tiny", ["ada"])
    assert len(stored(course, "ada")) == 3


def test_an_error_of_the_suite_is_nobodys_zero(tiny: TinyCourse, course: Course, grader: Grader) -> None:
    tiny.submit("ada", RIGHT)
    path = tiny.suite / "test_double.py"
    path.write_text(path.read_text() + "\ndef test_broken(student):\n    student.double([1.0]).nonsense\n")
    (record,) = grader.grade("tiny", ["ada"])
    assert (record.outcome, record.score) == ("not judged", 0.0)
    assert "test_broken: the suite itself failed with AttributeError" in record.reason
    path.write_text("def test_broken(:\n")
    (record,) = grader.grade("tiny", ["ada"])
    assert record.outcome == "not judged"
    assert "the suite cannot be loaded" in record.reason


def test_what_was_not_judged_is_judged_again(tiny: TinyCourse, grader: Grader) -> None:
    tiny.submit("ada", RIGHT)
    path = tiny.suite / "test_double.py"
    good = path.read_text()
    path.write_text(good + "\ndef test_broken(student):\n    raise OSError('disk full')\n")
    assert grader.grade("tiny", ["ada"])[0].outcome == "not judged"
    path.write_text(good)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"hello", "JSON"),
        (b"{}", "notebook"),
        (b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}', "3"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "ir", "display_name": "R", '
         b'"language": "R"}}, "cells": []}', "R"),
    ],
)  # fmt: skip
def test_a_notebook_that_cannot_be_read_earns_nothing_and_says_why(
    tiny: TinyCourse, grader: Grader, content: bytes, reason: str
) -> None:
    tiny.submit("ada", RIGHT).write_bytes(content)
    (record,) = grader.grade("tiny", ["ada"])
    assert (record.outcome, record.score, record.points) == ("unreadable", 0.0, 4.0)
    assert reason in record.reason
    assert "expected" in record.reason


def test_a_missing_notebook_names_what_was_found(tiny: TinyCourse, grader: Grader) -> None:
    path = tiny.submit("ada", RIGHT)
    path.rename(path.with_name("Untitled.ipynb"))
    (record,) = grader.grade("tiny", ["ada"])
    assert record.outcome == "unreadable"
    assert "Untitled.ipynb" in record.reason


def test_no_such_assignment_lists_what_exists(grader: Grader) -> None:
    with pytest.raises(CourseFault, match=r"no assignment 'tinny' .* there are: tiny"):
        grader.grade("tinny", [])


def children(pid: int) -> list[int]:
    """The processes that any thread of a process has started."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    except FileNotFoundError:  # it has ended meanwhile
        return []


def kill_in_the_middle(pid: int) -> None:
    """Kill the forkserver, which ``pid``, bubblewrap, waits for, while it has a submission's process."""
    while "bwrap" in Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]:
        (pid,) = children(pid)
    while not children(pid):
        time.sleep(0.01)
    time.sleep(0.5)
    os.kill(pid, signal.SIGKILL)


def test_a_killed_forkserver_costs_nobody_a_point(tiny: TinyCourse, course: Course, grader: Grader) -> None:
    tiny.submit("ada", RIGHT)
    tiny.submit("cyd", ENDLESS)
    grader.grade("tiny", ["ada"])
    (forkserver,) = grader.forkservers._running.values()
    killer = threading.Thread(target=kill_in_the_middle, args=(forkserver.pid,))
    killer.start()
    (record,) = grader.grade("tiny", ["cyd"])
    killer.join()
    assert record.outcome == "not judged", "the forkserver went while cyd's endless loop ran"
    assert "forkserver" in record.reason or "supervisor" in record.reason
    deadline = time.monotonic() + 10
    while forkserver.alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [r.score for r in grader.grade("tiny", ["ada", "cyd"])] == [4.0, 0.0], "a new forkserver is started"


def descendants(pid: int) -> set[int]:
    found = set(children(pid))
    return found.union(*(descendants(child) for child in found))


def test_a_killed_grader_leaves_nothing_running(tiny: TinyCourse) -> None:
    tiny.submit("cyd", ENDLESS)
    command = [sys.executable, "-m", "autograder.cli.main", "grade", "tiny", "--workers", "2", "--course"]
    grading = subprocess.Popen([*command, str(tiny.root)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    started: set[int] = set()
    while len(started) < 8 and time.monotonic() < deadline:  # two forkservers, bubblewrap, workers, a submission's
        time.sleep(0.2)
        started = descendants(grading.pid)
    grading.kill()
    grading.wait()
    while (left := {pid for pid in started if is_alive(pid)}) and time.monotonic() < deadline + 15:
        time.sleep(0.1)
    assert len(started) >= 8
    assert left == set()


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that has ended may be waiting to be collected."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_what_cannot_start_is_not_tried_for_each_batch(
    tiny: TinyCourse, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def refuse(*_: object, **__: object) -> None:
        tried.append(1)
        raise SandboxUnavailable("bubblewrap is away")

    monkeypatch.setattr("autograder.grading.forkservers.Forkserver", refuse)
    students = [f"s{number}" for number in range(6)]
    for student in students:
        tiny.submit(student, RIGHT)
    records = grader.grade("tiny", students)
    assert {(record.outcome, record.reason) for record in records} == {("not judged", "bubblewrap is away")}
    assert len(tried) == 2, "once ahead, and once when its turn came"


def test_a_killed_worker_costs_nobody_a_point(tiny: TinyCourse, grader: Grader) -> None:
    for number in range(6):
        tiny.submit(f"s{number}", RIGHT if number else ENDLESS)
    students = [f"s{number}" for number in range(6)]
    killed = threading.Event()

    def kill_a_worker() -> None:
        pool = grader._pool
        while pool is None or not pool._processes:  # type: ignore[attr-defined]  # the executor's own table
            time.sleep(0.05)
            pool = grader._pool
        time.sleep(1.5)
        os.kill(next(iter(pool._processes)), signal.SIGKILL)  # type: ignore[attr-defined]
        killed.set()

    thread = threading.Thread(target=kill_a_worker)
    thread.start()
    records = grader.grade("tiny", students)
    thread.join()
    assert killed.is_set()
    assert [record.outcome for record in records] == ["graded"] * 6
    assert [record.score for record in records] == [0.0, 4.0, 4.0, 4.0, 4.0, 4.0]


def test_unconfined_grading_says_so_in_the_record(tiny: TinyCourse, course: Course) -> None:
    tiny.submit("ada", RIGHT)
    with Grader(course, Options(workers=1, trust=True)) as grader:
        (record,) = grader.grade("tiny", ["ada"])
    assert (record.score, record.confined) == (4.0, False)
    assert [name for name in stored(course, "ada") if "unconfined" in name]


def test_a_gpu_is_refused_and_not_counted_against_anybody(course: Course) -> None:
    with pytest.raises(SandboxUnavailable, match="the sandbox has no GPU yet"):
        Grader(course, Options(device="cuda"))


def test_files_that_do_not_fit_are_left_out_with_a_note(tiny: TinyCourse, grader: Grader) -> None:
    settings = tiny.suite / "assignment.toml"
    settings.write_text(settings.read_text().replace("[limits]", "[limits]\nfile_mb = 2"))
    tiny.submit("ada", RIGHT).with_name("big.bin").write_bytes(b"0" * 3 * 2**20)
    (record,) = grader.grade("tiny", ["ada"])
    assert (record.outcome, record.score) == ("graded", 4.0)
    assert any("big.bin" in alteration for alteration in record.alterations)


def test_files_in_a_banned_packages_place_are_left_out_with_a_note(tiny: TinyCourse, grader: Grader) -> None:
    settings = tiny.suite / "assignment.toml"
    settings.write_text(settings.read_text().replace("[environment]", '[environment]\nbanned_packages = ["sklearn"]'))
    beside = tiny.submit("ada", RIGHT + "\nimport sklearn_like\nprint(sklearn_like.here)").parent
    (beside / "sklearn").mkdir()
    (beside / "sklearn" / "__init__.py").write_text("")
    (beside / "sklearn.py").write_text("")
    (beside / "sklearn_like.py").write_text("here = 'kept'")
    (record,) = grader.grade("tiny", ["ada"])
    assert (record.outcome, record.score) == ("graded", 4.0)
    left_out = [text for text in record.alterations if "bans sklearn" in text]
    assert [text.split()[2] for text in left_out] == ["'sklearn.py'", "'sklearn/__init__.py'"]
    assert "kept" in str(record.cells)


def test_a_resubmission_with_equal_scores_is_written_again(
    tiny: TinyCourse, course: Course, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    class Api:
        def autograde(self, assignment: str, student: str, **_: object) -> dict[str, bool]:
            written.append(student)
            return {"success": True}

    monkeypatch.setattr(gradebook, "open_api", lambda _: Api())
    monkeypatch.setattr(gradebook, "_standing", lambda *_: {"ada": {"test_double": 4.0}})
    tiny.submit("ada", RIGHT)
    (record,) = grader.grade("tiny", ["ada"])
    states = [gradebook.Writer(course, "tiny").write(record).state for _ in range(2)]
    tiny.submit("ada", RIGHT + "\n# another version, the same score")
    (record,) = grader.grade("tiny", ["ada"])
    states.append(gradebook.Writer(course, "tiny").write(record).state)
    assert states == ["written", "unchanged", "written"]
    assert written == ["ada", "ada"]
