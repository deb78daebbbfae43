"""The limits table of an assignment."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, fields
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import SuiteFault
from autograder.judge.limits import FEWEST_PROCESSES, Limits
from autograder.wire import decode, encode


def test_defaults_hold_where_nothing_is_said() -> None:
    assert Limits.from_settings({}, "here") == Limits()
    changed = Limits.from_settings({"cell_seconds": 2, "memory_mb": 512}, "here")
    assert (changed.cell_seconds, changed.memory_mb, changed.call_seconds) == (2, 512, Limits().call_seconds)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"cell_second": 5}, "unknown limit 'cell_second'; known are cell_seconds, notebook_seconds"),
        ({"cell_seconds": "5"}, "limit cell_seconds is '5'; expected a finite number above zero"),
        ({"cell_seconds": 0}, "above zero"),
        ({"cell_seconds": -1}, "above zero"),
        ({"cell_seconds": True}, "above zero"),
        ({"cell_seconds": None}, "above zero"),
        ({"cell_seconds": float("nan")}, "above zero"),
        ({"cell_seconds": float("inf")}, "above zero"),
        ({"memory_mb": 1.5}, "expected a whole number"),
        ({"processes": 2.0}, "expected a whole number"),
        ({"memory_mb": [1]}, "above zero"),
        ({"processes": 2}, "ours alone need 8"),
        ({"processes": 7}, "limit processes is 7; ours alone need 8"),
        ({"processes": -8}, "limit processes is -8; expected a finite number above zero"),
        ({"cell_seconds": 2, "cell second": 5}, "unknown limit 'cell second'"),
    ],
)
def test_other_settings_are_the_suites_fault(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(SuiteFault, match=r"assignment\.toml") as caught:
        Limits.from_settings(settings, "assignment.toml")
    assert text in str(caught.value)


def test_the_student_side_gets_all_of_them_as_plain_values() -> None:
    told = Limits(cell_seconds=2.5).for_student_side()
    assert told == asdict(Limits(cell_seconds=2.5))
    assert decode(encode(told)) == told


def test_every_limit_is_documented() -> None:
    text = Path(__file__).parents[2].joinpath("docs", "limits.md").read_text()
    assert [field.name for field in fields(Limits) if f"`{field.name}`" not in text] == []


WHOLE = [field.name for field in fields(Limits) if isinstance(field.default, int)]
SECONDS = [field.name for field in fields(Limits) if isinstance(field.default, float)]


def test_the_limits_of_two_kinds() -> None:
    assert SECONDS == ["cell_seconds", "notebook_seconds", "call_seconds", "exercise_seconds"]
    assert len(SECONDS) + len(WHOLE) == len(fields(Limits))


@pytest.mark.parametrize("name", WHOLE)
def test_each_whole_number_may_be_set_and_nothing_else_for_it(name: str) -> None:
    changed = Limits.from_settings({name: 9}, "here")
    assert asdict(changed) == asdict(Limits()) | {name: 9}
    assert type(getattr(changed, name)) is int
    for value, mend in ((9.0, "a whole number"), (True, "above zero"), ("9", "above zero"), (0, "above zero")):
        with pytest.raises(SuiteFault) as caught:
            Limits.from_settings({name: value}, "here")
        assert str(caught.value).startswith(f"here: limit {name} is {value!r}; expected ")
        assert mend in str(caught.value)


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("value", [0.25, 3])
def test_seconds_may_be_parts_or_whole(name: str, value: float) -> None:
    assert asdict(Limits.from_settings({name: value}, "here")) == asdict(Limits()) | {name: value}


def test_the_fewest_processes_are_enough() -> None:
    assert Limits.from_settings({"processes": FEWEST_PROCESSES}, "here").processes == 8


def test_an_unknown_name_is_answered_with_all_that_are_known() -> None:
    with pytest.raises(SuiteFault) as caught:
        Limits.from_settings({"memory": 5}, "here")
    known = str(caught.value).partition("known are ")[2]
    assert known.split(", ") == [field.name for field in fields(Limits)]


def test_what_the_student_side_was_told_changes_nothing_here() -> None:
    limits = Limits()
    limits.for_student_side()["processes"] = 10**6
    assert limits == Limits()
    with pytest.raises(FrozenInstanceError):
        limits.processes = 10**6  # type: ignore[misc]  # that is the point
