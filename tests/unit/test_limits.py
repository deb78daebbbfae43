"""The limits table of an assignment."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import SuiteFault
from autograder.judge.limits import Limits
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
