"""A stage for the tests of the judge's end of the wire: a script in a thread plays the student's process."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from autograder.errors import ForkserverLost
from autograder.judge.channel import SocketChannel
from autograder.judge.contract import Contract, Function, Returned
from autograder.judge.limits import Limits
from autograder.judge.proxies import Conversation, StudentProxy
from autograder.wire import CALLBACK, REPLY, Connection, ConnectionClosed, decode, encode
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
