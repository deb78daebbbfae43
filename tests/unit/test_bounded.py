"""What the judge computes for student code has an end, in time and in memory, and leaves no bound behind."""

from __future__ import annotations

import resource
import signal
import threading
import time

import numpy as np
import pytest

from autograder.errors import LimitReached, StudentError
from autograder.judge import bounded
from autograder.judge.bounded import bounded_memory, bounded_time
from autograder.judge.contract import Contract
from autograder.judge.forkserver import Forkserver
from autograder.judge.limits import Limits
from autograder.judge.proxies import Conversation, StudentProxy
from autograder.judge.sandbox import Environment
from autograder.judge.session import Cell, Session


def test_work_without_end_is_cut_off() -> None:
    began = time.monotonic()
    with pytest.raises(LimitReached, match=r"more than 0\.2 s of work"), bounded_time(0.2):
        all(True for _ in iter(int, 1))
    assert time.monotonic() - began < 5


def test_the_alarm_of_somebody_else_goes_on() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with bounded_time(5):
            pass
        time.sleep(0.5)
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, before)
    assert rung == [signal.SIGALRM]


def test_another_thread_has_no_alarm_and_no_fault() -> None:
    done: list[bool] = []

    def work() -> None:
        with bounded_time(0.01):
            time.sleep(0.05)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


def test_memory_is_bounded_and_given_free_again() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    size = (bounded.ROOM_MB + 512) * 2**20
    with bounded_memory():
        np.zeros(2**20, dtype=np.uint8)
        with pytest.raises(MemoryError):
            np.zeros(size, dtype=np.uint8)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    np.zeros(size, dtype=np.uint8)


@pytest.mark.parametrize(
    ("function", "fault", "text"),
    [
        (lambda n: all(True for _ in iter(int, 1)), LimitReached, "more than 1 s of work"),
        (lambda n: np.zeros(n, dtype=np.uint8).sum(), StudentError, "MemoryError"),
    ],
    ids=["time", "memory"],
)  # fmt: skip
def test_what_a_submission_asks_of_a_function_is_its_own_fault(function: object, fault: type, text: str) -> None:
    limits = Limits(call_seconds=1)
    with Forkserver(Environment(preload=("json",))) as forkserver, Session(forkserver, limits) as session:
        session.run_notebook([Cell("ask", "def ask(f): return f(2**33)")])
        channel = session.exercise()
        student = StudentProxy(Conversation(channel, Contract()))
        with pytest.raises(fault, match=text):
            student.ask(function)
