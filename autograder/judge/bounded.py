"""Bounds on what the judge computes for student code: functions of the suite's, called with arguments of the code's.

A reference that is handed in may be asked for a million sweeps, a kernel for a matrix of 20 GB. What is cut off is the
code's doing. An alarm interrupts Python; one call into a library ends by itself, as its memory bounds its size.
"""

from __future__ import annotations

import resource
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from autograder.errors import LimitReached

ROOM_MB = 1024  # beyond what this process holds when it begins
SLOW = "a function that was handed in was asked for more than {seconds:g} s of work"


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Let this process take at most ROOM_MB more; then MemoryError. It may lower no limit that is lower already."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = _data_bytes() + ROOM_MB * 2**20
    lower = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([wanted, *lower]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@contextmanager
def bounded_time(seconds: float) -> Iterator[None]:
    """Raise LimitReached here when ``seconds`` of wall time are over. No bound outside a process's main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise LimitReached(SLOW.format(seconds=seconds))

    before: Callable[[int, FrameType | None], object] | int | None = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        signal.signal(signal.SIGALRM, before)


def _data_bytes() -> int:
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[5]) * resource.getpagesize()
