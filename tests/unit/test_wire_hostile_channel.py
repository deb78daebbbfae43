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

import pytest
import torch

from autograder.errors import (
    ForkserverLost,
    LimitReached,
    ProcessEnded,
    StudentError,
    StudentFault,
    SuiteFault,
    WireViolation,
)
from autograder.judge.channel import SocketChannel
from autograder.judge.contract import Contract, Function, Returned
from autograder.judge.limits import Limits
from autograder.judge.proxies import Conversation, Handle, StudentProxy
from autograder.wire import CALLBACK, REPLY, Callback, Connection, ConnectionClosed, Remote, decode, encode
from autograder.wire.frames import HEADER, pair

LIMITS = Limits(call_seconds=0.4, exercise_seconds=1, callbacks=20)
CONTRACT = Contract(
    {
        "pair": Function("pair", "e", (Returned("out", "tensor"), Returned("mask", "opaque"))),
        "single": Function("single", "e", Returned("dx", "tensor")),
        "kept": Function("kept", "e", Returned("module", "opaque")),
        "number": Function("number", "e", Returned("loss", "number")),
        "array": Function("array", "e", Returned("labels", "array")),
    }
)
Script = Callable[["Other"], object]


class Other:
    """The student's end: frames where they are wanted, raw bytes where not."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self.frames = Connection(raw)
        self.raw.setblocking(True)

    def request(self) -> dict[str, Any]:
        return dict(decode(self.frames.receive(time.monotonic() + 5), lambda remote: remote))

    def reply(self, message: Any) -> None:
        self.frames.send(REPLY + encode(message), time.monotonic() + 5)

    def ask(self, number: Any = 0, args: Any = (), kwargs: Any = None) -> Any:
        """Call the judge's function and return what comes back."""
        message = {"callback": number, "args": args, "kwargs": {} if kwargs is None else kwargs}
        self.frames.send(CALLBACK + encode(message), time.monotonic() + 5)
        return decode(self.frames.receive(time.monotonic() + 5), lambda remote: remote)


class Stage:
    """A conversation whose other side runs a script in a thread."""

    def __init__(self) -> None:
        self.killed: list[str] = []
        self.ended = ""
        self._threads: list[threading.Thread] = []
        self._channels: list[SocketChannel] = []
        self._ends: list[socket.socket] = []

    def open(self, script: Script) -> tuple[SocketChannel, StudentProxy]:
        ours, theirs = pair(max_frame=2**22)
        channel = SocketChannel(ours, LIMITS, lambda: self.killed.append("yes"), self._why_ended)
        thread = threading.Thread(target=self._play, args=(script, theirs), daemon=True)
        thread.start()
        self._threads.append(thread)
        self._channels.append(channel)
        self._ends.append(theirs)
        return channel, StudentProxy(Conversation(channel, CONTRACT))

    def _why_ended(self) -> str:
        if self.ended == "forkserver":
            raise ForkserverLost("gone")
        return self.ended

    @staticmethod
    def _play(script: Script, end: socket.socket) -> None:
        with contextlib.suppress(OSError, ConnectionClosed):
            script(Other(end))

    def close(self) -> None:
        for channel in self._channels:
            channel.close()
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()
        for end in self._ends:
            end.close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


def answering(message: Any) -> Script:
    """A student side that gives the same reply to every request."""

    def script(other: Other) -> None:
        while True:
            other.request()
            other.reply(message)

    return script


def sending(data: bytes) -> Script:
    """A student side that reads the request, and then sends bytes."""

    def script(other: Other) -> None:
        other.request()
        other.raw.sendall(data)

    return script


def framed(payload: bytes) -> bytes:
    return HEADER.pack(len(payload)) + payload


def trickle(other: Other) -> None:
    other.request()
    other.raw.sendall(HEADER.pack(1000))
    for _ in range(1000):
        other.raw.sendall(b"x")
        time.sleep(0.02)


def flood(other: Other) -> None:
    other.request()
    while True:
        other.raw.sendall(framed(CALLBACK + encode({"callback": 0, "args": (), "kwargs": {}})) * 100)


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


def not_even_read(other: Other) -> None:
    time.sleep(0.01)


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
    assert time.monotonic() - began < 1.5
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
        ("number", torch.ones(1)),
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


CALLS: dict[str, tuple[Script, str]] = {
    "a forged number": (lambda other: other.ask(7), "never handed in"),
    "a negative number": (lambda other: other.ask(-1), "never handed in"),
    "a number that is true": (lambda other: other.ask(True), "never handed in"),
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


def test_a_suite_that_hands_in_too_much_is_at_fault_itself(stage: Stage) -> None:
    _, student = stage.open(answering({"value": True}))
    with pytest.raises(SuiteFault, match="too much at once"):
        student.put(torch.zeros(2**20))
    _, student = stage.open(answering({"value": True}))
    with pytest.raises(SuiteFault, match="cannot cross"):
        student.put(object())


def test_a_suites_own_mistake_in_a_callback_is_not_the_students(stage: Stage) -> None:
    def script(other: Other) -> None:
        other.request()
        other.ask()

    _, student = stage.open(script)
    with pytest.raises(NameError):
        student.number(lambda: undefined)  # type: ignore[name-defined]  # noqa: F821 - the mistake


def test_descriptors_sent_to_the_judge_are_closed(stage: Stage) -> None:
    before = len(os.listdir("/proc/self/fd"))

    def script(other: Other) -> None:
        other.request()
        with open(os.devnull) as stream:
            socket.send_fds(other.raw, [framed(REPLY + encode({"value": True}))], [stream.fileno()] * 50)

    _, student = stage.open(script)
    assert student.has("f")
    assert len(os.listdir("/proc/self/fd")) <= before + 4  # the two ends, and the script's own
