"""How a request reaches an answerer: over a socket to an exercise process, or directly in this process.

``SocketChannel`` carries student code; ``MemoryChannel`` carries our own reference solutions and variants, through the
same bytes, so that a suite means the same for both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Protocol

from autograder.errors import LimitReached, ProcessEnded, SuiteFault, WireViolation
from autograder.judge.bounded import bounded_memory, bounded_time
from autograder.judge.limits import Limits
from autograder.student.answer import Answerer, CallbackFailed
from autograder.wire import (
    CALLBACK,
    REPLY,
    Connection,
    ConnectionClosed,
    DeadlinePassed,
    FrameTooLarge,
    Unasked,
    Undecodable,
)

CALLBACK_BYTES = 256 * 2**20  # of all arguments within one call: a suite may keep them, as the log of an optimization

OnCallback = Callable[[bytes], bytes]


class Channel(Protocol):
    """One conversation with an answerer."""

    def exchange(self, request: bytes, on_callback: OnCallback) -> bytes:
        """Send a request, serve callbacks, return the reply. Raises StudentFault; JudgeFault where it is ours."""

    @property
    def broken(self) -> bool:
        """True once the other side cannot be talked to any more: the next test gets a fresh process."""

    def close(self) -> None:
        """End the conversation."""


class SocketChannel:
    """A conversation with an exercise process, under the limits of time and size."""

    def __init__(
        self, connection: Connection, limits: Limits, give_up: Callable[[], None], why_ended: Callable[[], str]
    ) -> None:
        self._connection = connection
        self._limits = limits
        self._give_up = give_up
        self._why_ended = why_ended  # raises JudgeFault where it was not the student's doing
        self.spent = 0.0  # seconds of the student's own time in this process
        self.hung = False  # whether a call had no answer in its time
        self._broken = False

    @property
    def broken(self) -> bool:
        """See Channel."""
        return self._broken

    def exchange(self, request: bytes, on_callback: OnCallback) -> bytes:
        """See Channel."""
        if self._broken:
            raise ProcessEnded("not run: the code's process ended earlier in this check")
        seconds = self._limits.call_seconds
        started = time.monotonic()
        try:
            self._connection.expect_silence()
            return self._converse(request, on_callback, started + seconds)
        except DeadlinePassed as error:
            self.hung = True
            self._break(kill=True)
            raise LimitReached(f"no answer within {seconds:g} s (an endless loop, or far too slow?)") from error
        except ConnectionClosed as error:
            self._break()
            ended = self._why_ended()
            raise ProcessEnded(ended or "the code ended its own process (a crash, an exit, or memory)") from error
        except (FrameTooLarge, Unasked, Undecodable) as error:
            self._break(kill=True)
            raise WireViolation(f"the code's process broke the rules of its connection: {error}") from error
        except BaseException:
            self._break(kill=True)
            raise
        finally:
            self.spent += time.monotonic() - started

    def close(self) -> None:
        """See Channel. The process ends by itself when its connection closes; it is killed if it does not listen."""
        self._connection.close()

    def _converse(self, request: bytes, on_callback: OnCallback, deadline: float) -> bytes:
        # The judge's own time in callbacks is not the code's; but what the code sends decides how long that is.
        latest = deadline + self._limits.exercise_seconds
        self._send(request, deadline)
        with ExitStack() as bounds:
            return self._answered(on_callback, deadline, latest, bounds)

    def _answered(self, on_callback: OnCallback, deadline: float, latest: float, bounds: ExitStack) -> bytes:
        asked = 0
        for number in range(self._limits.callbacks + 1):
            frame = self._connection.receive(deadline)
            if frame[:1] == REPLY:
                return frame[1:]
            if number == 0:
                bounds.enter_context(bounded_memory())
            asked += len(frame)
            if frame[:1] != CALLBACK:
                raise Undecodable("neither an answer nor a call of a function that was handed in")
            if asked > CALLBACK_BYTES:
                raise LimitReached("the function that was handed in was called with too much data in all")
            began = time.monotonic()
            with bounded_time(min(self._limits.call_seconds, max(latest - began, 0.01))):
                answer = on_callback(frame[1:])
            deadline = min(latest, deadline + time.monotonic() - began)
            try:
                self._connection.send(answer, deadline)
            except FrameTooLarge as error:
                said = "the function that was handed in was asked for too much at once"
                raise LimitReached(f"{said}: {error}") from error
        raise LimitReached(f"more than {self._limits.callbacks} calls of the function that was handed in")

    def _send(self, message: bytes, deadline: float) -> None:
        try:
            self._connection.send(message, deadline)
        except FrameTooLarge as error:
            raise SuiteFault(f"the suite hands in too much at once: {error}") from error

    def _break(self, kill: bool = False) -> None:
        if not self._broken:
            self._broken = True
            self._connection.close()
            if kill:
                self._give_up()


class MemoryChannel:
    """A conversation with trusted code in this process: a reference solution or a variant."""

    broken = False

    def __init__(self, namespace: dict[str, Any], draw: int = 0) -> None:
        self.draw = draw  # which of several gradings with other random numbers this is (0: as submissions are graded)
        self._answerer = Answerer(namespace, self._call_judge)
        self._on_callback: OnCallback | None = None

    def exchange(self, request: bytes, on_callback: OnCallback) -> bytes:
        """See Channel."""
        self._on_callback = on_callback
        return self._answerer.answer(request)

    def close(self) -> None:
        """See Channel."""

    def _call_judge(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        assert self._on_callback is not None
        question = self._answerer.encode({"callback": number, "args": args, "kwargs": kwargs})
        reply = self._answerer.decode(self._on_callback(question))
        if "refused" in reply:
            raise CallbackFailed(reply["refused"])
        return reply["value"]
