"""policies.toml: what it may say, what it means, and what is said of what is wrong in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder.errors import CourseFault
from autograder.service.attempts import Attempt, Result
from autograder.service.policy import Policies, Policy, load_policies
from autograder.service.rules import attempts_used, counting, verdicts
from autograder.service.waiting import Waiting, in_order

DUE = datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TEXT = """
[default]
due = 2026-12-01T23:59:00+01:00
late = "penalty"
wait_minutes = 2.5
[ridge]
attempts = 3
counts = "best"
before_due = "visible"
[ridge.extensions]
ada = 2026-12-03T23:59:00+01:00
[gp]
late = "refuse"
due = 2027-01-01T00:00:00Z
"""


def read(tmp_path: Path, text: str) -> Policies:
    (tmp_path / "policies.toml").write_text(text)
    return load_policies(tmp_path)


def test_without_a_file_nothing_is_restricted(tmp_path: Path) -> None:
    assert load_policies(tmp_path) == Policies()
    policy = load_policies(tmp_path).of("ridge")
    assert policy == Policy()
    assert not policy.is_late("ada", DUE)
    assert policy.penalty("ada", DUE) == 0.0
    assert policy.visibility("ada", DUE) == "mistakes"


def test_keys_of_an_assignment_replace_the_defaults(tmp_path: Path) -> None:
    policies = read(tmp_path, TEXT)
    ridge, gp, other = (policies.of(name) for name in ("ridge", "gp", "other"))
    assert (ridge.due, ridge.late, ridge.attempts, ridge.wait_minutes, ridge.counts) == (DUE, "penalty", 3, 2.5, "best")
    assert (gp.late, gp.attempts, gp.counts) == ("refuse", 0, "last")
    assert gp.due == datetime(2027, 1, 1, tzinfo=UTC)
    assert other == policies.default
    assert ridge.due_for("ada") == DUE + timedelta(days=2)
    assert ridge.due_for("bob") == DUE


def test_late_and_the_penalty_for_each_day_begun(tmp_path: Path) -> None:
    ridge = read(tmp_path, TEXT).of("ridge")
    assert not ridge.is_late("bob", DUE)
    assert ridge.is_late("bob", DUE + SECOND)
    assert not ridge.is_late("ada", DUE + SECOND)
    late = [
        timedelta(0),
        SECOND,
        timedelta(days=1),
        timedelta(days=1) + SECOND,
        timedelta(days=9.5),
        timedelta(days=40),
    ]
    assert [ridge.penalty("bob", DUE + by) for by in late] == [0, 0.1, 0.1, 0.2, 1.0, 1.0]
    assert ridge.penalty("ada", DUE + timedelta(days=2.5)) == 0.1
    assert Policy(due=DUE, late="accept").penalty("bob", DUE + SECOND) == 0


def test_what_is_seen_before_and_after(tmp_path: Path) -> None:
    ridge = read(tmp_path, TEXT).of("ridge")
    assert [ridge.visibility("bob", now) for now in (DUE, DUE + SECOND)] == ["visible", "mistakes"]
    assert ridge.visibility("ada", DUE + SECOND) == "visible"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[ridge\n", "cannot be read"),
        ("due = 1\n", "due = 1 stands in no table"),
        ("[ridge]\ndeadline = 1\n", "[ridge] has an unknown key 'deadline'; known are: due, late,"),
        ("[ridge]\ndue = 2026-12-01T23:59:00\n", "[ridge] due = datetime.datetime(2026, 12, 1, 23, 59)"),
        ('[ridge]\ndue = "soon"\n', "[ridge] due = 'soon'; expected a date, time and zone"),
        ('[ridge]\nlate = "maybe"\n', "[ridge] late = 'maybe'; expected one of \"accept\", \"refuse\", \"penalty\""),
        ("[ridge]\nlate_penalty = 10\n", "[ridge] late_penalty = 10; expected a number from 0 to 1"),
        ("[ridge]\nattempts = 2.5\n", "[ridge] attempts = 2.5; expected a whole number from 0"),
        ("[ridge]\nattempts = true\n", "[ridge] attempts = True; expected a whole number"),
        ("[ridge]\nattempts = -1\n", "[ridge] attempts = -1; expected a whole number"),
        ("[ridge]\nwait_minutes = nan\n", "[ridge] wait_minutes = nan; expected a number"),
        ("[ridge]\nextensions = 3\n", "[ridge] extensions = 3; expected a table"),
        ("[ridge.extensions]\nada = 2026-12-01T00:00:00Z\n", "ada: there is no due date to extend"),
        ("[ridge]\ndue=2026-12-02T00:00:00Z\n[ridge.extensions]\nada=2026-12-01T00:00:00Z\n", "expected a date after"),
        ("[ridge]\ndue=2026-12-02T00:00:00Z\n[ridge.extensions]\nada=2026-12-05\n", "extensions.ada = "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_table_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CourseFault) as raised:
        read(tmp_path, text)
    assert str(tmp_path / "policies.toml") in str(raised.value)
    assert said in str(raised.value)


# --- what a policy makes of a student's attempts ----------------------------------------------------------------------


def attempt(number: int, minutes: float, content: str = "", score: float | None = None, **more: object) -> Attempt:
    """An attempt that arrived so many minutes before (or after) the due date."""
    at = DUE + timedelta(minutes=minutes)
    result = None if score is None else Result("r.json", "graded", score, 4.0, at)
    return Attempt(
        Path(), "ridge", str(more.pop("student", "bob")), number, at, f"in{number}", content or f"bytes {number}",
        result=result, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_used_up_attempts_are_refused_and_the_same_bytes_use_none() -> None:
    history = [attempt(1, -50, "a"), attempt(2, -40, "a"), attempt(3, -30, "b"), attempt(4, -20, "b"), attempt(5, -10)]
    policy = Policy(due=DUE, attempts=2)
    assert [one.refused for one in verdicts(policy, history)] == ["", "", "", "", "all 2 attempts are used up"]
    assert [one.uses_one for one in verdicts(policy, history)] == [True, False, True, False, False]
    assert attempts_used(policy, history) == 2


def test_what_was_refused_or_unreadable_uses_no_attempt() -> None:
    history = [attempt(1, -50, unreadable="no notebook"), attempt(2, -40), attempt(3, -30)]
    found = verdicts(Policy(attempts=1), history)
    assert [one.refused for one in found] == ["no notebook", "", "all 1 attempts are used up"]
    late = verdicts(Policy(due=DUE, late="refuse", attempts=1), [attempt(1, -5), attempt(2, 5)])
    assert [one.refused for one in late] == ["", f"it came after the due date {DUE}"]


def test_what_is_graded_stays_graded() -> None:
    history = [attempt(1, -5, score=1.0), attempt(2, 5, score=2.0), attempt(3, 6)]
    found = verdicts(Policy(due=DUE, late="refuse", attempts=1), history)
    assert [bool(one.refused) for one in found] == [False, False, True]


def test_each_waits_for_the_one_before() -> None:
    history = [attempt(1, 0), attempt(2, 1), attempt(3, 1, "bytes 2"), attempt(4, 2), attempt(5, 100)]
    waits = [(one.not_before - DUE) / timedelta(minutes=1) for one in verdicts(Policy(wait_minutes=10), history)]
    assert waits == [0, 10, 1, 20, 100]


def test_which_counts() -> None:
    history = [attempt(1, -5, score=3.0), attempt(2, -4, score=3.0), attempt(3, 5, score=3.2), attempt(4, 6)]
    last, best = Policy(due=DUE), Policy(due=DUE, late="penalty", counts="best")
    assert counting(last, history) == history[2]
    assert counting(best, history) == history[1]
    assert counting(Policy(counts="best"), history) == history[2]
    assert counting(best, history[3:]) is None


def test_the_order_is_fair() -> None:
    def one(number: int, student: str) -> Waiting:
        made = attempt(number, number, student=student)
        return Waiting(made, made.arrived)

    now = DUE + timedelta(minutes=60)
    flood = [one(number, "flooder") for number in range(1, 5)]
    waiting = [*flood, one(5, "ada"), one(6, "bob"), one(7, "busy"), one(8, "often")]
    later = Waiting(one(9, "cyd").attempt, now + SECOND)
    found = in_order([*waiting, later], {"busy": 1}, {"often": 3}, now)
    assert [(w.attempt.student, w.attempt.number) for w in found] == [
        ("flooder", 1), ("ada", 5), ("bob", 6), ("flooder", 2), ("flooder", 3), ("flooder", 4), ("often", 8),
        ("busy", 7), ("cyd", 9),
    ]  # fmt: skip
