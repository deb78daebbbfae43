"""Processes killed at random points while a class is graded: a rerun makes every record and grade exactly right.

``FAULT_POINTS`` is the number of points (``make faults`` runs 60); without it a few runs are disturbed, with several
points each.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.faults.classroom import ASSIGNMENT, Grading, check_honest, grade_again, has_written, wait_for
from tests.faults.conftest import Undisturbed
from tests.faults.processes import VICTIMS

POINTS = int(os.environ.get("FAULT_POINTS", "0"))
SURVIVED = [victim for victim in VICTIMS if victim != "the grading process"]


def kill(grading: Grading, victim: str, draw: random.Random) -> bool:
    """Kill one process of this role as soon as there is one; False if grading has ended before."""
    found: list[int] = []

    def seen() -> bool:
        found[:] = VICTIMS[victim](grading.pid)
        return bool(found) or grading.ended()

    wait_for(seen, pause=0.002)
    if grading.ended() or not found:
        return False
    try:
        os.kill(draw.choice(found), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def kill_while(grading: Grading, condition: Callable[[], bool]) -> bool:
    """Kill the grading process exactly while the condition holds; False if it ended before it was seen to."""
    while not grading.ended():
        if not condition():
            continue
        os.kill(grading.pid, signal.SIGSTOP)
        if condition():
            os.kill(grading.pid, signal.SIGKILL)
            return True
        os.kill(grading.pid, signal.SIGCONT)
    return False


def in_a_transaction(root: Path) -> bool:
    """SQLite has begun to change the gradebook: its journal is there."""
    return (root / "gradebook.db-journal").exists()


def between_file_and_grade(root: Path) -> bool:
    """A submission's graded notebook is being made, and nothing says yet that it is done."""
    made = (path.parent.name for path in (root / "autograded").glob(f"*/{ASSIGNMENT}"))
    return any(not (root / "records" / ASSIGNMENT / student / "in-gradebook").exists() for student in made)


def storing_a_record(root: Path) -> bool:
    """A record is written to its temporary file."""
    return any((root / "records").glob("*/*/.*.tmp"))


MOMENTS = {"in a transaction": in_a_transaction, "between file and grade": between_file_and_grade}
MOMENTS |= {"storing a record": storing_a_record}


@pytest.mark.parametrize("moment", MOMENTS if POINTS else ["in a transaction"])
def test_killed_exactly_while_it_writes(undisturbed: Undisturbed, root: Path, moment: str):
    """The process that writes the gradebook is killed there three times in a row, then the class is completed."""
    draw = random.Random(moment)
    for _ in range(3 if POINTS else 1):
        grading = Grading(root)
        wait_for(partial(has_written, grading, draw.randrange(6)), pause=0.002)
        assert kill_while(grading, partial(MOMENTS[moment], root)), f"never {moment}: {grading.printed}"
        assert grading.wait() == -signal.SIGKILL
        check_honest(root, undisturbed.expected)

    grade_again(root, undisturbed.expected)


def test_one_run_survives_many_kills(undisturbed: Undisturbed, root: Path):
    """What works for the grading process is killed, one after the other, in the same run."""
    draw = random.Random("many")
    grading = Grading(root)
    victims = ["a supervisor", "a worker", "what workers are forked from", "the student forkserver"]
    killed = [victim for victim in victims if kill(grading, victim, draw)]

    assert killed == victims, grading.printed
    assert grading.wait() in (0, 1)
    assert "Traceback" not in grading.printed
    check_honest(root, undisturbed.expected)
    grade_again(root, undisturbed.expected)


@pytest.mark.parametrize("point", range(POINTS))
def test_killed_at_a_random_point(undisturbed: Undisturbed, root: Path, point: int):
    """Each point takes its turn among the victims, and its place in the time that grading takes."""
    draw = random.Random(point)
    victim = ["the grading process", *SURVIVED][point % (1 + len(SURVIVED))]
    turns = -(-POINTS // (1 + len(SURVIVED)))
    moment = (point // (1 + len(SURVIVED)) + draw.random()) / turns * undisturbed.seconds
    grading = Grading(root)
    wait_for(grading.ended, moment)
    kill(grading, victim, draw)
    code = grading.wait()

    if victim in SURVIVED:
        assert code in (0, 1), grading.printed
        assert "Traceback" not in grading.printed, grading.printed
    else:
        assert code in (0, -signal.SIGKILL), grading.printed
    check_honest(root, undisturbed.expected)
    grade_again(root, undisturbed.expected)
