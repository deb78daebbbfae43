"""Ctrl-C and SIGTERM end a run soon, with one clear line; a rerun completes it."""

from __future__ import annotations

import os
import random
import signal
import threading
from functools import partial
from pathlib import Path

import pytest

from autograder.grading.stopping import Stopped, stoppable, whole
from tests.faults.classroom import SECONDS, STUDENTS, Grading, check_honest, grade_again, has_written, wait_for
from tests.faults.conftest import Undisturbed
from tests.faults.processes import VICTIMS

POINTS = int(os.environ.get("FAULT_POINTS", "0"))
LIMITS = {"cell_seconds = 2": "cell_seconds = 900", "call_seconds = 1": "call_seconds = 900"}
LIMITS |= {"exercise_seconds = 5": "exercise_seconds = 900"}


def send(grading: Grading, number: int) -> None:
    """SIGINT goes to all processes of the group, as a terminal sends it; SIGTERM to the one that was named."""
    if number == signal.SIGINT:
        os.killpg(grading.pid, number)
    else:
        os.kill(grading.pid, number)


def check_stopped(grading: Grading, number: int) -> None:
    """It ended by itself, leaves nothing running, and says in one line that it was told to."""
    assert grading.wait() == 128 + number, grading.printed
    assert "Traceback" not in grading.printed, grading.printed
    name = signal.Signals(number).name
    lines = [line for line in grading.printed.splitlines() if line.strip()]
    assert lines[-1] == f"autograder: stopped by {name}; run the same command again to go on"


def has_started(grading: Grading) -> bool:
    """It has got as far as starting its first process."""
    return grading.ended() or bool(VICTIMS["what workers are forked from"](grading.pid))


def test_a_judge_in_the_midst_of_its_work_is_not_waited_for(root: Path):
    """With limits of 15 minutes, an endless loop would keep a worker that long."""
    settings = root / "tests/hidden/tiny/assignment.toml"
    text = settings.read_text()
    for short, long in LIMITS.items():
        assert short in text
        text = text.replace(short, long)
    settings.write_text(text)
    grading = Grading(root)
    assert wait_for(partial(has_written, grading, len(STUDENTS) - 3)), "all but the batch with the endless loop"
    assert not grading.ended(), grading.printed
    send(grading, signal.SIGTERM)
    check_stopped(grading, signal.SIGTERM)


def test_the_keyboard_and_the_system(undisturbed: Undisturbed, root: Path):
    """At random times after the first process was started."""
    draw = random.Random("stop")
    for number in (signal.SIGINT, signal.SIGTERM) * (POINTS // 8) or (signal.SIGINT,):
        grading = Grading(root)
        wait_for(partial(has_started, grading))
        wait_for(grading.ended, draw.random() * undisturbed.seconds * 0.8)
        if not grading.ended():
            send(grading, number)
            check_stopped(grading, number)
        check_honest(root, undisturbed.expected)

    grade_again(root, undisturbed.expected)


def test_what_must_be_whole_is_done_first():
    """A request to stop waits for the end of the block; then nothing after it is done."""
    done = []

    def work() -> None:
        with whole():
            with whole():
                os.kill(os.getpid(), signal.SIGTERM)
                done.append("inner")
            done.append("outer")
        done.append("never")

    with stoppable(), pytest.raises(Stopped, match="stopped by SIGTERM") as stopped:
        work()
    assert done == ["inner", "outer"]
    assert stopped.value.number == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_outside_such_blocks_it_stops_at_once():
    """Also where a wait would go on for ever."""
    with stoppable():
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(Stopped):
            threading.Event().wait(SECONDS)
