"""Judge notebooks straight from pytest's command line: ``--submission`` and ``--submissions``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.errors import AutograderError
from autograder.grading.prepare import Prepared, prepare, prepare_file, read_release
from autograder.judge.forkserver import Forkserver
from autograder.suite.assignment import Assignment
from autograder.suite.banned import static_findings
from autograder.suite.subjects import Submission

_FORKSERVERS = pytest.StashKey[dict[str, Forkserver]]()


def submissions(config: pytest.Config, assignment: Assignment) -> Sequence[Submission]:
    """The submissions that the options name, each ready to run in a confined process.

    Unreadable ones are usage errors.
    """
    try:
        course = replace_submitted(Course.find(assignment.suite), config.option.submissions)
        release = read_release(course, assignment.name)
        students = course.submitters(assignment.name) if config.option.submissions else []
        prepared = [prepare(course, assignment.name, student, release) for student in students]
        prepared += [prepare_file(course, assignment.name, Path(path), release) for path in config.option.submission]
        return [_submission(config, assignment, one) for one in prepared]
    except AutograderError as error:
        raise pytest.UsageError(str(error)) from error


def replace_submitted(course: Course, directory: str | None) -> Course:
    """The course with another directory of submissions."""
    return course if directory is None else replace(course, submitted_directory=str(Path(directory).absolute()))


def _submission(config: pytest.Config, assignment: Assignment, prepared: Prepared) -> Submission:
    if prepared.unreadable:
        raise pytest.UsageError(f"{prepared.student}: {prepared.unreadable}")
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
