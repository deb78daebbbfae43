"""The class, graded once without a fault: what every disturbed grading must come to in the end."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import processes
from tests.faults.classroom import SCORES, State, build, grade, state


@dataclass(frozen=True)
class Undisturbed:
    """The course before and after it was graded, what that came to, and how long it took."""

    before: Path
    after: Path
    expected: State
    seconds: float


@pytest.fixture(scope="module", autouse=True)
def _nobody_out_of_sight() -> Iterator[None]:
    """Orphans are ours to see; and a shell that runs the tests in the background has not made them deaf to Ctrl-C."""
    processes.begin()
    processes.adopt_orphans()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
    processes.adopt_orphans(False)


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    processes.end_all()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """One run without a fault."""
    processes.begin()
    before = build(tmp_path_factory.mktemp("released") / "course")
    after = tmp_path_factory.mktemp("graded") / "course"
    shutil.copytree(before, after)
    began = time.monotonic()
    code, printed = grade(after)
    assert code == 0, printed
    expected = state(after)
    scores = {student: score for student, cell, score, *_ in expected.gradebook["grade"] if cell == "test_double"}
    assert scores == SCORES
    assert len(expected.records) == len(SCORES)
    return Undisturbed(before, after, expected, time.monotonic() - began)


@pytest.fixture
def root(undisturbed: Undisturbed, tmp_path: Path) -> Path:
    """A course that nobody has graded yet."""
    shutil.copytree(undisturbed.before, tmp_path / "course")
    return tmp_path / "course"


@pytest.fixture
def judged(undisturbed: Undisturbed, tmp_path: Path) -> Path:
    """A course whose records are all there, and whose gradebook holds nobody yet: no worker is wanted."""
    root = tmp_path / "course"
    shutil.copytree(undisturbed.before, root)
    shutil.copytree(undisturbed.after / "records", root / "records", ignore=shutil.ignore_patterns("in-gradebook"))
    return root
