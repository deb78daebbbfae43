"""Room between answers and tolerances: what is too near is found, unless a reason for it is stated beside the suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.audit.findings import of_margins
from autograder.audit.jobs import Earned
from autograder.audit.margins import Accepted, accepted, margins
from autograder.errors import SuiteFault

EXACT, CHANCE = ("test_a.py::test_one", "y", "value"), ("test_a.py::test_two", "the share", "statistic")
EXERCISE = {"test_a.py::test_one": "double", "test_a.py::test_two": "double", "test_a.py::test_three": "double"}


def right(share: float, key: tuple[str, str, str] = EXACT, name: str = "adds") -> Earned:
    return Earned("equivalent", "double", name, 1.0, 1.0, taken={key: share})


def wrong(*shares: tuple[tuple[str, str, str], float], also: tuple[str, ...] = (), name: str = "squares") -> Earned:
    failed = tuple(f"{key[0]}: y differs" for key, share in shares if share > 1) + also
    return Earned("misconception", "double", name, 0.0, 1.0, failed=failed, taken=dict(shares))


def found(*earned: Earned, exceptions: tuple[Accepted, ...] = (), whole: bool = True) -> list[str]:
    measured = margins(earned, EXERCISE)
    return [finding.text for finding in of_margins(measured, earned, exceptions, whole=whole)]


def test_answers_far_from_the_tolerance_are_no_finding() -> None:
    assert found(right(0.09), right(0.0), wrong((EXACT, 11.0))) == []


def test_a_right_answer_near_the_tolerance_is_told_once_with_its_nearest_comparison() -> None:
    other = ("test_a.py::test_three", "z", "value")
    near = Earned("equivalent", "double", "adds", 1.0, 1.0, taken={EXACT: 0.3, other: 0.7})
    (text,) = found(near)
    assert "right solution adds takes 0.7 of the tolerance of z in test_a.py::test_three; at most 0.1" in text


def test_a_wrong_answer_found_out_by_little_is_told() -> None:
    (text,) = found(wrong((EXACT, 3.0)))
    assert "wrong solution squares is found out by 3 tolerances (y in test_a.py::test_one); at least 10" in text


@pytest.mark.parametrize(
    "other",
    [
        wrong((EXACT, 3.0), (("test_a.py::test_three", "z", "value"), 40.0)),
        wrong((EXACT, 3.0), also=("test_a.py::test_three: raised no error",)),
        wrong((EXACT, 3.0), (CHANCE, 1.5)),
        wrong(also=("test_a.py::test_three: raised no error",)),
    ],
    ids=["another comparison", "another check", "a statistic", "no comparison at all"],
)
def test_a_wrong_answer_that_is_found_out_otherwise_too_has_room(other: Earned) -> None:
    assert found(other) == []


def test_statistics_need_no_room() -> None:
    assert found(right(0.9, CHANCE), wrong((CHANCE, 1.2))) == []


def test_a_stated_reason_excepts_a_solution_in_the_checks_that_it_names() -> None:
    reason = Accepted("double", "add*", "rounding of the other order", check="*test_one")
    assert found(right(0.5), exceptions=(reason,)) == []
    elsewhere = Accepted("double", "add*", "rounding of the other order", check="*test_two")
    assert len(found(right(0.5), exceptions=(elsewhere,), whole=False)) == 1
    assert len(found(right(0.5), exceptions=(Accepted("halve", "add*", "of another exercise"),), whole=False)) == 1


def test_a_reason_without_such_a_solution_is_told_where_all_were_run() -> None:
    stale = (Accepted("double", "adds", "rounding of the other order"),)
    (text,) = found(right(0.01), exceptions=stale)
    assert text == "margins.toml excepts 'adds' (*), which comes near no tolerance"
    assert found(right(0.01), exceptions=stale, whole=False) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[accepted]]\nexercise = 'a'\nsolution = 'b'\nreason = 'so'", "has no reason"),
        ("[[accepted]]\nexercise = 'a'\nsolution = 'b'", "reason"),
        ("[[accepted]]\nexercise = 'a'\nsolution = 'b'\nreason = 'r'\nwhy = 'x'", "why"),
        ("[[accepted", "margins.toml"),
    ],
    ids=["too short", "none", "an unknown key", "no TOML"],
)
def test_exceptions_that_cannot_be_read_are_our_fault(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "margins.toml").write_text(text)
    with pytest.raises(SuiteFault, match=message):
        accepted(tmp_path)


def test_a_suite_without_exceptions_has_none(tmp_path: Path) -> None:
    assert accepted(tmp_path) == []
