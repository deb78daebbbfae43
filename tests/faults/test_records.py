"""Records on a disk that fails: whole or absent, and what is damaged is made again."""

from __future__ import annotations

import errno
import os
import shutil
import time
from pathlib import Path

import pytest

from autograder.cli.grade import grade_class
from autograder.course.layout import Course
from autograder.errors import JudgeFault
from autograder.grading import store
from autograder.grading.grader import Grader, Options
from autograder.record import Record
from tests.faults.classroom import ASSIGNMENT, UNREADABLE, check_expected
from tests.faults.conftest import Undisturbed


@pytest.fixture
def graded(undisturbed: Undisturbed, tmp_path: Path) -> Path:
    """The course after it was graded."""
    shutil.copytree(undisturbed.after, tmp_path / "course")
    return tmp_path / "course"


def record_of(root: Path, student: str) -> Path:
    (path,) = (root / "records" / ASSIGNMENT / student).glob("*-cpu.json")
    return path


def key_of(record: Record) -> store.Key:
    return store.Key(record.submission_sha256, record.suite_sha256, record.device, record.confined)


@pytest.mark.parametrize("damaged", [b"", b"{", b"\xff\xfe", b'{"format": 1}'])
def test_a_damaged_record_is_no_record(graded: Path, damaged: bytes):
    """Other than a grade, it can be made again."""
    path = record_of(graded, "ada")
    record = Record.from_json(path.read_text())
    assert store.read(path.parent, key_of(record)) == record
    path.write_bytes(damaged)
    assert store.read(path.parent, key_of(record)) is None


def test_a_record_that_cannot_be_stored_ends_the_run(
    undisturbed: Undisturbed, graded: Path, monkeypatch: pytest.MonkeyPatch
):
    """The sentence names the file and the disk; nothing half written stays, and nothing of it reaches the gradebook."""
    path = record_of(graded, UNREADABLE)
    path.unlink()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(store.os, "fsync", full)
        with pytest.raises(JudgeFault) as told:
            grade_class(graded, [ASSIGNMENT], [], Options(workers=1), gradebook=True, json_output=False)
    assert str(told.value).startswith(f"{path} cannot be written: the disk is full: ")
    assert f" in {path.parent}. " in str(told.value)
    assert not path.exists()
    assert [*path.parent.glob(".*")] == []
    with Grader(Course.find(graded), Options(workers=1)) as grader:
        grader.grade(ASSIGNMENT, [UNREADABLE])
    check_expected(graded, undisturbed.expected)


def test_what_a_killed_process_left_half_written_is_removed_in_time(graded: Path):
    """Not at once: another run may be about to finish it."""
    path = record_of(graded, "ada")
    record = Record.from_json(path.read_text())
    old, new = path.with_name(".old.tmp"), path.with_name(".new.tmp")
    for left in (old, new):
        left.write_text("{")
    long_ago = time.time() - 2 * store.ABANDONED
    os.utime(old, (long_ago, long_ago))
    store.write(path.parent, key_of(record), record, {})
    assert (old.exists(), new.exists()) == (False, True)
