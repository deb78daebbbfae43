"""A stored record counts only where it is what was written, for whom and from what it was made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import CourseFault
from autograder.grading import store
from autograder.record import Record
from tests.nbgrader.course_builder import record

ADA = record("ada")
KEY = store.Key(ADA.submission_sha256, ADA.suite_sha256, ADA.device, ADA.confined)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the record of ada lies."""
    path = tmp_path / "records" / ADA.assignment / ADA.student
    store.write(path, KEY, ADA, {"seconds": 1.0})
    return path


def stored(directory: Path) -> Path:
    return directory / f"{KEY.name}.json"


def test_what_was_written_is_read(directory: Path) -> None:
    assert store.read(directory, KEY) == ADA
    assert store.load(stored(directory)) == ADA
    assert json.loads(stored(directory).with_suffix(".run.json").read_text())["seconds"] == 1.0


def test_no_record_and_one_that_was_not_judged_do_not_count(directory: Path) -> None:
    assert store.read(directory, replace(KEY, suite_sha256="2" * 64)) is None
    store.write(directory, KEY, replace(ADA, outcome="not judged"), {})
    assert store.read(directory, KEY) is None


DAMAGED: dict[str, Any] = {
    "empty": lambda data: b"",
    "cut short": lambda data: data[:-2],
    "one byte changed": lambda data: data.replace(b"Twice", b"Trice"),
    "another score": lambda data: data.replace(b'"score": 4.0', b'"score": 5.0'),
    "not UTF-8": lambda data: data.replace(b"Twice", b"\xff\xfe"),
    "nested without end": lambda data: b"[" * 100_000,
    "another version": lambda data: data.replace(b'"format": 1', b'"format": 2'),
    "a list": lambda data: b"[1]",
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_record_is_judged_again_and_not_shown(directory: Path, damage: Any) -> None:
    path = stored(directory)
    data = path.read_bytes()
    assert damage(data) != data
    path.write_bytes(damage(data))

    assert store.read(directory, KEY) is None
    with pytest.raises(CourseFault, match=r"\.json.*(delete it and grade again|--force)"):
        store.load(path)


@pytest.mark.parametrize("facts", [None, b"", b"[]", b'{"record_sha256": 1}', b"\xff", b"[" * 100_000])
def test_without_the_file_beside_it_a_record_does_not_count(directory: Path, facts: bytes | None) -> None:
    beside = stored(directory).with_suffix(".run.json")
    beside.unlink()
    if facts is not None:
        beside.write_bytes(facts)

    assert store.read(directory, KEY) is None


def test_a_record_copied_to_another_student_does_not_count(directory: Path) -> None:
    other = directory.parent / "bob"
    other.mkdir()
    for path in directory.iterdir():
        (other / path.name).write_bytes(path.read_bytes())

    assert store.read(other, KEY) is None


def test_a_record_of_another_submission_under_the_same_name_does_not_count(directory: Path) -> None:
    similar = replace(KEY, submission_sha256=KEY.submission_sha256[:-1] + "1")
    assert similar.name == KEY.name

    assert store.read(directory, similar) is None


def test_a_record_that_may_not_be_read_is_said_at_once(directory: Path) -> None:
    stored(directory).unlink()
    stored(directory).mkdir()

    with pytest.raises(CourseFault, match="cannot be read: Is a directory"):
        store.read(directory, KEY)


EXERCISE: dict[str, Any] = {"name": "a", "points": 1, "score": 1, "checks": [], "mistake": None}
WRONG: dict[str, dict[str, Any]] = {
    "text for a score": {"score": "4"},
    "a truth value for a score": {"points": True},
    "no score": {"score": None},
    "a number for a truth value": {"confined": 1},
    "an outcome of its own": {"outcome": "excellent"},
    "an outcome that is a list": {"outcome": ["graded"]},
    "text for a list": {"flags": "abc"},
    "numbers for texts": {"alterations": [1]},
    "an object for exercises": {"exercises": {}},
    "a check without a weight": {"exercises": [{**EXERCISE, "checks": [{}]}]},
    "a mistake that is a number": {"exercises": [{**EXERCISE, "mistake": 3}]},
    "an output that is text": {"cells": [{"cell_id": "a", "outputs": ["x"], "note": ""}]},
    "a lone surrogate": {"reason": "\ud800"},
    "a field of its own": {"bonus": 3},
    "a truth value for the format": {"format": True},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_every_field_of_a_record_has_its_type(changes: dict[str, Any]) -> None:
    text = json.dumps({**json.loads(ADA.to_json()), **changes})

    with pytest.raises(CourseFault, match="not a record of this version"):
        Record.from_json(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "1" + "0" * 400])
def test_a_number_that_no_grade_can_be_is_refused(number: str) -> None:
    with pytest.raises(CourseFault, match="not a record of this version"):
        Record.from_json(ADA.to_json().replace('"score": 4.0', f'"score": {number}', 1))
