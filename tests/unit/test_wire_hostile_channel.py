"""A hostile exercise process: whatever it sends, the judge gets a StudentFault in time, and goes on judging."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.errors import ForkserverLost, LimitReached, ProcessEnded, StudentFault, SuiteFault, WireViolation
from autograder.judge.contract import Banned, Contract
from autograder.judge.proxies import Conversation, Handle, StudentProxy
from autograder.wire import REPLY, Callback, Remote, decode, encode
from autograder.wire.frames import HEADER
from tests.unit.stage import CONTRACT, Other, Script, Stage, answering, framed, sending


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


def trickle(other: Other) -> None:
    other.request()
    other.raw.sendall(HEADER.pack(1000))
    for _ in range(1000):
        other.raw.sendall(b"x")
        time.sleep(0.02)


def bytewise_flood(other: Other) -> None:
    other.request()
    other.raw.sendall(HEADER.pack(2**22))
    while True:
        other.raw.sendall(b"x")


def leave(other: Other) -> None:
    other.request()
    other.raw.shutdown(socket.SHUT_RDWR)


def leave_within_a_frame(other: Other) -> None:
    other.request()
    other.raw.sendall(HEADER.pack(100) + b"x")
    other.raw.shutdown(socket.SHUT_RDWR)


def say_nothing(other: Other) -> None:
    other.request()


class Replying:
    """A channel that gives one reply, and asks one question before it."""

    broken = False

    def __init__(self, question: bytes, reply: bytes) -> None:
        self._question, self._reply = question, reply

    def exchange(self, request: bytes, on_callback: Callable[[bytes], bytes]) -> bytes:
        decode(on_callback(self._question), lambda remote: remote)
        return self._reply

    def close(self) -> None:
        """Nothing is open."""


odd = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=3) | st.binary(max_size=3)
    | st.sampled_from([torch.ones(2), torch.tensor(1.5), np.ones(2), np.float32(1)])
    | st.sampled_from([Remote(1, "x"), Callback(0), Callback(9)]),
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple)
    | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
REPLY_KEYS = ["value", "error", "operators", "changed", "misfit", "missing", "kinds", "message", "detail"]
QUESTION_KEYS = ["callback", "args", "kwargs"]


def messages(names: list[str]) -> st.SearchStrategy[bytes]:
    good = st.just({"operators": [], "changed": False, "value": (torch.ones(2), Remote(1, "x"))})
    made = st.dictionaries(st.sampled_from(names), odd, max_size=5)
    mixed = st.builds(lambda a, b: a | b, good, made)
    return (odd | made | mixed).map(encode) | st.binary(max_size=40)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(messages(QUESTION_KEYS), messages(REPLY_KEYS), st.sampled_from([*CONTRACT.functions, "free"]))
def test_any_reply_and_any_question_end_in_a_value_or_a_students_fault(
    question: bytes, reply: bytes, name: str
) -> None:
    contract = Contract(CONTRACT.functions, Banned(("torch.nn.*",), ("aten::x*",), autograd=True))
    student = StudentProxy(Conversation(Replying(question, reply), contract))
    with contextlib.suppress(StudentFault):
        student[name](lambda x, *rest: [float(x.sum()), x[0]], torch.ones(2))
    with contextlib.suppress(StudentFault):
        student.put(1).attribute = 5
    with contextlib.suppress(StudentFault):
        student.has("f")


BREAKING: dict[str, tuple[Script, type[StudentFault]]] = {
    "silence": (say_nothing, LimitReached),
    "a trickle of bytes": (trickle, LimitReached),
    "a flood of single bytes": (bytewise_flood, LimitReached),
    "a closed connection": (leave, ProcessEnded),
    "a connection closed within a frame": (leave_within_a_frame, ProcessEnded),
    "a frame that announces four gigabytes": (sending(b"\xff\xff\xff\xff"), WireViolation),
    "a frame one byte too large": (sending(HEADER.pack(2**22 + 1)), WireViolation),
    "an empty frame": (sending(framed(b"")), WireViolation),
    "an unknown kind of frame": (sending(framed(b"X" + encode({"value": 1}))), WireViolation),
    "text of another protocol": (sending(b"HTTP/1.1 200 OK\r\n\r\n"), WireViolation),
    "a request of its own": (sending(framed(encode({"op": "call"}))), WireViolation),
}


@pytest.mark.parametrize(("script", "fault"), BREAKING.values(), ids=BREAKING)
def test_what_ends_the_conversation(stage: Stage, script: Script, fault: type[StudentFault]) -> None:
    channel, student = stage.open(script)
    began = time.monotonic()
    with pytest.raises(fault):
        student.has("f")
    assert time.monotonic() - began < 3
    assert channel.broken
    with pytest.raises(ProcessEnded, match="earlier in this check"):
        student.has("f")
    assert stage.killed == ([] if fault is ProcessEnded else ["yes"])
    _, other = stage.open(answering({"value": True}))  # the judge goes on
    assert other.has("f")


MALFORMED: dict[str, Any] = {
    "no message": 5,
    "a list": [{"value": 1}],
    "nothing": {},
    "another key": {"values": 1},
    "an error that is text": {"error": "ValueError"},
    "an error whose kinds are text": {"error": {"kinds": "ValueError"}},
    "an error whose kinds are numbers": {"error": {"kinds": [1, 2]}},
    "an error of handles": {"error": {"kinds": [Remote(1, "x")], "message": Remote(2, "x")}},
    "an error that is nothing at all": {"error": {}},
    "an error of lists": {"error": {"kinds": [], "message": [[1]], "detail": {"a": 1}}},
    "a tuple of the wrong length": {"operators": [], "changed": False, "value": (torch.ones(2),)},
    "a tensor where a tuple belongs": {"operators": [], "changed": False, "value": torch.ones(2)},
    "a list where a tuple belongs": {"operators": [], "changed": False, "value": [torch.ones(2), Remote(1, "x")]},
    "a tensor where a handle belongs": {"operators": [], "changed": False, "value": (torch.ones(2), torch.ones(2))},
    "a handle where a tensor belongs": {"operators": [], "changed": False, "value": (Remote(1, "x"), Remote(2, "x"))},
    "names that are long": {"error": {"kinds": ["x" * 10**6]}},
    "a change that is not told": {"operators": [], "value": (torch.ones(2), Remote(1, "x"))},
    "a change that is nothing": {"operators": [], "changed": None, "value": (torch.ones(2), Remote(1, "x"))},
    "a misfit that is a number": {"operators": [], "changed": False, "misfit": 5},
    "a misfit that is long": {"operators": [], "changed": False, "misfit": "x" * 10**6},
    "a missing name that is there": {"missing": 5},
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED)
def test_replies_that_are_none(stage: Stage, message: Any) -> None:
    _, student = stage.open(answering(message))
    with pytest.raises(StudentFault) as caught:
        student.pair(torch.ones(2))
    assert len(str(caught.value)) < 5000


def test_a_forged_handle_is_a_handle_and_nothing_else(stage: Stage) -> None:
    _, student = stage.open(answering({"value": Remote(-5, "torch.Tensor"), "changed": False}))
    handle = student.kept()
    assert type(handle) is Handle
    assert type(handle.weight) is Handle
    assert type(handle(1)) is Handle
    assert not student.isinstance(handle, "torch.Tensor")


def test_a_forged_callback_in_a_reply(stage: Stage) -> None:
    _, student = stage.open(answering({"value": Callback(3)}))
    with pytest.raises(WireViolation, match="never handed in"):
        student.has("f")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("single", Remote(1, "Tensor")),
        ("single", "text"),
        ("single", (torch.ones(2),)),
        ("kept", torch.ones(2)),
        ("kept", None),
        ("number", [1.0]),
        ("number", torch.ones(2)),
        ("number", Remote(1, "float")),
        ("array", "text"),
        ("array", ["a" * 10**6] + [""] * 60000),
        ("array", [[1, 2], [3]]),
        ("array", [torch.ones(2, requires_grad=True)]),
        ("array", [Remote(1, "x")]),
        ("array", [10**30]),
        ("array", {"a": 1}),
        ("array", None),
    ],
)
def test_values_that_are_not_what_was_declared(stage: Stage, name: str, value: Any) -> None:
    _, student = stage.open(answering({"operators": [], "changed": False, "value": value}))
    with pytest.raises(StudentFault):
        student[name](torch.ones(2))


def test_garbage_for_an_answer_leaves_the_connection_in_step(stage: Stage) -> None:
    rest = itertools.repeat(encode({"value": True}))
    garbage = itertools.chain([b"\xc1", b"", b"\xdd\xff\xff\xff\xff", b"\x80"], rest)

    def script(other: Other) -> None:
        for payload in garbage:
            other.request()
            other.frames.send(REPLY + payload, time.monotonic() + 5)

    _, student = stage.open(script)
    for _ in range(4):
        with pytest.raises(WireViolation, match="cannot be read"):
            student.has("f")
    assert student.has("f")


@pytest.mark.parametrize("early", [True, False], ids=["before the request", "after the reply"])
def test_frames_that_nobody_asked_for(stage: Stage, early: bool) -> None:
    ready = threading.Event()

    def script(other: Other) -> None:
        if early:
            other.reply({"value": True})
            ready.set()
        other.request()
        other.reply({"value": True})
        other.reply({"value": True})
        ready.set()

    channel, student = stage.open(script)
    if not early:
        assert student.has("f")
    assert ready.wait(5)
    time.sleep(0.02)
    with pytest.raises(WireViolation, match="without being asked"):
        student.has("f")
    assert channel.broken
    assert stage.killed == ["yes"]


def test_a_late_reply_is_never_taken_for_the_next_one(stage: Stage) -> None:
    def script(other: Other) -> None:
        other.request()
        time.sleep(0.6)
        other.reply({"value": True})

    _, student = stage.open(script)
    with pytest.raises(LimitReached, match=r"no answer within 0\.4 s"):
        student.has("f")
    time.sleep(0.3)
    with pytest.raises(ProcessEnded):
        student.has("f")


def test_the_reason_comes_from_the_supervisor_where_it_has_one(stage: Stage) -> None:
    stage.ended = "the notebook's process used more than 10 MiB of memory"
    with pytest.raises(ProcessEnded, match="10 MiB"):
        stage.open(leave)[1].has("f")
    stage.ended = "forkserver"
    with pytest.raises(ForkserverLost):
        stage.open(leave)[1].has("f")


def test_a_suite_that_hands_in_too_much_is_at_fault_itself(stage: Stage) -> None:
    _, student = stage.open(answering({"value": True}))
    with pytest.raises(SuiteFault, match="too much at once"):
        student.put(torch.zeros(2**20))
    _, student = stage.open(answering({"value": True}))
    with pytest.raises(SuiteFault, match="cannot cross"):
        student.put(object())


def test_descriptors_sent_to_the_judge_are_closed(stage: Stage) -> None:
    before = len(os.listdir("/proc/self/fd"))

    def script(other: Other) -> None:
        other.request()
        with open(os.devnull) as stream:
            socket.send_fds(other.raw, [framed(REPLY + encode({"value": True}))], [stream.fileno()] * 50)

    _, student = stage.open(script)
    assert student.has("f")
    assert len(os.listdir("/proc/self/fd")) <= before + 4  # the two ends, and the script's own
