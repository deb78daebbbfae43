"""Judge notebooks straight from pytest's command line: ``--submission`` and ``--submissions``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.errors import CourseFault, SandboxUnavailable
from autograder.grading.prepare import Prepared, prepare_directory, prepare_file, read_release
from autograder.judge.forkserver import Forkserver
from autograder.suite.assignment import Assignment
from autograder.suite.banned import static_findings
from autograder.suite.subjects import Submission

_FORKSERVERS = pytest.StashKey[dict[str, Forkserver]]()


def submissions(config: pytest.Config, assignment: Assignment) -> Sequence[Submission]:
    """The submissions that the options name, each ready to run in a confined process. Raises CourseFault."""
    if config.option.device != "cpu" and not config.option.trust_submissions:
        raise SandboxUnavailable("--device cuda: the sandbox has no GPU yet, use --device cpu")
    course, name = Course.find(assignment.suite), assignment.name
    release = read_release(course, name)
    prepared = [
        prepare_directory(course, name, directory.parent.name, directory, release)
        for directory in _handed_in(config.option.submissions, name)
    ]
    prepared += [prepare_file(course, name, Path(path), release) for path in config.option.submission]
    return [_submission(config, assignment, one) for one in prepared]


def _handed_in(submitted: str | None, assignment: str) -> list[Path]:
    """The directories <student>/<assignment> in nbgrader's submitted/ directory."""
    if submitted is None:
        return []
    found = sorted(path for path in Path(submitted).glob(f"*/{assignment}") if path.is_dir())
    if not found:
        raise CourseFault(f"{submitted} holds no submission: expected {submitted}/<student>/{assignment}/")
    return found


def _submission(config: pytest.Config, assignment: Assignment, prepared: Prepared) -> Submission:
    if prepared.unreadable:
        raise CourseFault(f"{prepared.student}: {prepared.unreadable}")
    findings = static_findings(assignment, [cell.source for cell in prepared.cells])
    return Submission(prepared.student, prepared.cells, prepared.files, _forkserver(config, assignment), findings)


def _forkserver(config: pytest.Config, assignment: Assignment) -> Forkserver:
    """One forkserver for each assignment of this run, ended with it."""
    running = config.stash.setdefault(_FORKSERVERS, {})
    if assignment.name not in running:
        environment = replace(assignment.environment, confined=not config.option.trust_submissions)
        running[assignment.name] = Forkserver(environment, [assignment.suite, assignment.solutions])
        config.add_cleanup(running[assignment.name].close)
    return running[assignment.name]
