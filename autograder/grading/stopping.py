"""Ending a run on request: Ctrl-C and SIGTERM stop it soon, but never in the midst of one submission's grades.

nbgrader takes an interrupt for one more submission that failed and goes on with the next; Python drops one that comes
at a bad moment of an import. So a request to stop waits until such work is whole.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """This run is to end; ``number`` is the signal that said so."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


class _Requests:
    """Whether somebody asked for the end, and whether that has to wait."""

    def __init__(self) -> None:
        self._asked: int | None = None
        self._holding = 0

    def ask(self, number: int, _: FrameType | None) -> None:
        """The signal handler."""
        self._asked = number
        self._answer()

    def hold(self) -> None:
        self._holding += 1

    def release(self) -> None:
        self._holding -= 1
        self._answer()

    def _answer(self) -> None:
        if self._asked is not None and not self._holding:
            number, self._asked = self._asked, None
            raise Stopped(number)


_requests = _Requests()


@contextmanager
def stoppable() -> Iterator[None]:
    """Have Ctrl-C and SIGTERM raise ``Stopped`` here. What the caller's shell had ignored (nohup) stays ignored."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    heard = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, _requests.ask)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


@contextmanager
def whole() -> Iterator[None]:
    """What is done here is done to its end; then ``Stopped`` is raised, where somebody asked for it meanwhile."""
    _requests.hold()
    try:
        yield
    finally:
        _requests.release()


@contextmanager
def deaf_to_the_keyboard() -> Iterator[None]:
    """Processes started here do not hear a Ctrl-C, which a terminal sends to all of them: this one ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
