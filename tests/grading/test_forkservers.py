"""Forkservers are started before the course is read; what is wrong with it is said later, by the grader."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import SandboxUnavailable
from autograder.grading.forkservers import started_ahead
from autograder.judge import forkserver as forkserver_module
from autograder.suite.assignment import load_assignment
from tests.tiny_course import TinyCourse


@pytest.fixture
def tiny(tmp_path: Path) -> TinyCourse:
    return TinyCourse(tmp_path / "course")


def test_what_is_started_ahead_is_what_serves(tiny: TinyCourse) -> None:
    suite = tiny.root / "tests" / "hidden" / "tiny"
    with started_ahead(tiny.root / "source", ["tiny"], confined=True) as forkservers:
        (started,) = forkservers._running.values()
        assert forkservers.ready(load_assignment(suite)) is started
        started.close()
        assert forkservers.ready(load_assignment(suite)) is not started, "one that has ended is replaced"


def test_an_assignment_that_does_not_exist_starts_nothing(tiny: TinyCourse) -> None:
    with started_ahead(tiny.root, ["no_such_assignment"], confined=True) as forkservers:
        assert not forkservers._running


def test_no_course_starts_nothing(tmp_path: Path) -> None:
    with started_ahead(tmp_path, ["tiny"], confined=True) as forkservers:
        assert not forkservers._running


def test_a_machine_that_cannot_confine_is_left_to_the_grader(tiny: TinyCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise SandboxUnavailable("no")

    monkeypatch.setattr(forkserver_module.sandbox, "check_kernel", refuse)
    with started_ahead(tiny.root, ["tiny"], confined=True) as forkservers:
        assert not forkservers._running
