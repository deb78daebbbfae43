"""Functions that the judge hands in, called by hostile code: forged, misused, endless, and never the judge's fault."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from autograder.errors import LimitReached, StudentError, StudentFault, SuiteFault
from autograder.judge import channel as channel_module
from autograder.wire import CALLBACK, Remote, encode
from tests.unit.stage import LIMITS, Other, Script, Stage, framed


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


def flood(other: Other) -> None:
    other.request()
    while True:
        other.raw.sendall(framed(CALLBACK + encode({"callback": 0, "args": (), "kwargs": {}})) * 100)


CALLS: dict[str, tuple[Script, str]] = {
    "a forged number": (lambda other: other.ask(7), "never handed in"),
    "a negative number": (lambda other: other.ask(-1), "never handed in"),
    "a number that is true": (lambda other: other.ask(True), "never handed in"),
    "a number that is false": (lambda other: other.ask(False), "never handed in"),  # it equals 0, which was handed in
    "a number that is text": (lambda other: other.ask("0"), "never handed in"),
    "arguments that are a number": (lambda other: other.ask(0, 5), "arguments that are none"),
    "arguments that are a handle": (lambda other: other.ask(0, Remote(1, "list")), "arguments that are none"),
    "keywords that are a handle": (lambda other: other.ask(0, (), Remote(1, "dict")), "arguments that are none"),
    "keywords that are numbers": (lambda other: other.ask(0, (), {1: 2}), "arguments that are none"),
    "too many arguments": (lambda other: other.ask(0, (1.0, 2.0)), "do not fit"),
    "an unknown keyword": (lambda other: other.ask(0, (), {"y": 1.0}), "do not fit"),
    "a shape that does not fit": (lambda other: other.ask(0, (torch.ones(3),)), "do not fit"),
    "nothing": (lambda other: other.ask(0, (None,)), "do not fit"),
    "a handle": (lambda other: other.ask(0, (Remote(1, "range"),)), "unknown kind of value"),
    "one that fits no more, and then silence": (lambda other: other.ask(0, (None,)) and time.sleep(0.6), "do not fit"),
    "garbage": (lambda other: other.frames.send(CALLBACK + b"\xc1", time.monotonic() + 5), "cannot be read"),
    "no message": (lambda other: other.frames.send(CALLBACK + encode([1]), time.monotonic() + 5), "no message"),
    "an empty question": (lambda other: other.frames.send(CALLBACK, time.monotonic() + 5), "cannot be read"),
}


@pytest.mark.parametrize(("call", "text"), CALLS.values(), ids=CALLS)
def test_calls_of_the_judges_function(stage: Stage, call: Script, text: str) -> None:
    def script(other: Other) -> None:
        other.request()
        call(other)
        other.reply({"operators": [], "changed": False, "value": 1.0})

    _, student = stage.open(script)
    with pytest.raises(StudentFault, match=text):
        student.number(lambda x: float(x.reshape(2) @ torch.ones(2)))


def test_a_fault_in_a_callback_counts_even_if_the_code_hides_it(stage: Stage) -> None:
    def script(other: Other) -> None:
        other.request()
        assert "refused" in other.ask(0, (None,))
        assert other.ask(0, (torch.ones(2),)) == {"value": 2.0}
        other.reply({"operators": [], "changed": False, "value": 1.0})

    _, student = stage.open(script)
    with pytest.raises(StudentError, match="do not fit"):
        student.number(lambda x: float(x.sum()))


def test_endless_callbacks_end(stage: Stage) -> None:
    calls: list[int] = []
    _, student = stage.open(flood)
    with pytest.raises(LimitReached, match="more than 20 calls"):
        student.number(lambda: calls.append(1))
    assert len(calls) == LIMITS.callbacks + 1
    assert stage.killed == ["yes"]


def test_callbacks_with_too_much_data_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "CALLBACK_BYTES", 10_000)
    kept: list[torch.Tensor] = []

    def script(other: Other) -> None:
        other.request()
        while True:
            other.ask(0, (torch.zeros(250),))

    _, student = stage.open(script)
    with pytest.raises(LimitReached, match="too much data"):
        student.number(kept.append)
    assert len(kept) == 9


def test_slow_callbacks_extend_the_time_of_a_call_but_not_for_ever(stage: Stage) -> None:
    def script(other: Other) -> None:
        other.request()
        for _ in range(5):
            other.ask()
        other.reply({"operators": [], "changed": False, "value": 1.0})

    channel, student = stage.open(script)
    assert student.number(lambda: time.sleep(0.15)) == 1.0
    assert channel.spent > 0.7
    _, student = stage.open(script)
    began = time.monotonic()
    with pytest.raises(LimitReached):
        student.number(lambda: time.sleep(0.5))
    assert time.monotonic() - began < 2.5


def test_nested_callbacks_are_refused(stage: Stage) -> None:
    depth: list[int] = []

    def script(other: Other) -> None:
        other.request()
        while True:
            other.ask(0, (Remote(1, "function"),))

    def function(again: Any) -> Any:
        depth.append(1)
        return again(lambda: function(again))

    _, student = stage.open(script)
    with pytest.raises(StudentFault):
        student.number(function)
    assert len(depth) == LIMITS.callbacks + 1


def test_a_suite_that_asks_within_a_callback_is_at_fault_itself(stage: Stage) -> None:
    def script(other: Other) -> None:
        other.request()
        other.ask()
        other.reply({"operators": [], "changed": False, "value": 1.0})

    _, student = stage.open(script)
    with pytest.raises(SuiteFault, match="waits for its result"):
        student.number(lambda: student.has("f"))


def test_a_suites_own_mistake_in_a_callback_is_not_the_students(stage: Stage) -> None:
    def script(other: Other) -> None:
        other.request()
        other.ask()

    _, student = stage.open(script)
    with pytest.raises(NameError):
        student.number(lambda: undefined)  # type: ignore[name-defined]  # noqa: F821 - the mistake
