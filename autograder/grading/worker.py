"""Runs in a worker process: judge a batch of prepared submissions in one pytest run.

The worker is a judge: it holds the suites and references, and runs student code only through the forkserver, whose
address it is given. Importing this module loads what judging needs, once, before workers are forked.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import torch

import autograder.suite.plugin as plugin
from autograder.course.sanitize import clean_outputs
from autograder.errors import AutograderError
from autograder.grading.ahead import Ahead
from autograder.grading.batch import Batch, common, not_judged_record
from autograder.grading.prepare import Prepared
from autograder.judge.forkserver import Spawner
from autograder.record import Record
from autograder.suite.assignment import Assignment, load_assignment
from autograder.suite.banned import static_findings, unsearched
from autograder.suite.naming import Namer
from autograder.suite.records import Collector, not_judged
from autograder.suite.subjects import Subject, Submission
from autograder.suite.unusual import unusual


class _Job:
    """The pytest plugin object that says who is judged."""

    def __init__(self, subjects: Sequence[Subject], suite: Path) -> None:
        self._subjects = subjects
        self._suite = suite

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[plugin.SUBJECTS] = lambda _: self._subjects
        config.stash[plugin.NAMERS] = _namers.setdefault(self._suite, {})
        # Nobody reads pytest's tracebacks here, and making one costs more than the check that failed.
        config.option.tbstyle = "line"


def judge(batch: Batch) -> list[tuple[Record, float]]:
    """Judge a batch.

    Returns each submission's record and the seconds it took. Faults of ours become records "not judged".
    """
    torch.set_num_threads(1)
    _forget_other_versions(batch)
    began = time.monotonic()
    clock: dict[str, float] = {}
    try:
        assignment = load_assignment(batch.suite)
        room = int(assignment.limits.file_mb * 2**20 * 0.9)
        banned = assignment.environment.banned_packages
        fitting = tuple(_fitting(_without(prepared, banned), room) for prepared in batch.submissions)
        batch = replace(batch, submissions=fitting)
        collector = Collector(lambda student: clock.__setitem__(student, time.monotonic()))
        trouble = _run_pytest(batch, assignment, collector)
    except AutograderError as error:
        return [(not_judged_record(batch, prepared, str(error)), 0.0) for prepared in batch.submissions]
    if trouble:
        _loaded.pop(batch.suite, None)  # Python keeps what it has loaded of a module: half a suite would judge the next
    records = [(_record(batch, prepared, collector, trouble), prepared) for prepared in batch.submissions]
    return [(record, _seconds(prepared.student, clock, began)) for record, prepared in records]


def _without(prepared: Prepared, packages: Sequence[str]) -> Prepared:
    """Leave out, with a note, files beside the notebook that would be imported in a banned package's place."""
    stands_for = {name: PurePosixPath(name).parts[0].partition(".")[0] for name in prepared.files}
    banned = {name: package for name, package in stands_for.items() if package in packages}
    if not banned:
        return prepared
    notes = [f"the file {name!r} was left out: this assignment bans {package}" for name, package in banned.items()]
    kept = {name: content for name, content in prepared.files.items() if name not in banned}
    return replace(prepared, files=kept, alterations=(*prepared.alterations, *notes))


def _fitting(prepared: Prepared, room: int) -> Prepared:
    """Leave out, with a note, what would overflow a submission's home directory: the largest files first."""
    kept: dict[str, bytes] = {}
    left_out = []
    for name, content in sorted(prepared.files.items(), key=lambda item: len(item[1])):
        room -= len(content)
        if room >= 0:
            kept[name] = content
        else:
            left_out.append(f"the file {name!r} was left out: the files are too large together")
    return replace(prepared, files=kept, alterations=(*prepared.alterations, *left_out)) if left_out else prepared


_loaded: dict[Path, str] = {}
_namers: dict[Path, dict[str, Namer]] = {}  # what a misconception does in a check is found out once for the class


def _forget_other_versions(batch: Batch) -> None:
    """Drop the modules of a suite that has changed since this worker loaded it: pytest would use them again."""
    if _loaded.get(batch.suite) != batch.suite_sha256:
        for name, module in list(sys.modules.items()):
            if Path(getattr(module, "__file__", None) or "/").is_relative_to(batch.suite):
                del sys.modules[name]
        _namers.pop(batch.suite, None)
        _loaded[batch.suite] = batch.suite_sha256


def _seconds(student: str, clock: dict[str, float], began: float) -> float:
    """Wall time from the end of the submission before (they are judged one after the other) to the end of this one."""
    if student not in clock:
        return 0.0
    before = [at for at in clock.values() if at < clock[student]]
    return clock[student] - max(before, default=began)


def _run_pytest(batch: Batch, assignment: Assignment, collector: Collector) -> str:
    spawner = Spawner(batch.forkserver, batch.confined)
    subjects = [
        Submission(p.student, p.cells, p.files, spawner, static_findings(assignment, [c.source for c in p.cells]))
        for p in batch.submissions
    ]
    # Settings and plugins of the surroundings must not decide grades: no ini file, no plugin but ours.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    arguments = [str(batch.suite), "-c", os.devnull, "--rootdir", str(batch.suite), "--import-mode=importlib"]
    arguments += ["-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:junitxml", "-p", "no:logging"]
    # The last two collect garbage after each run, a quarter of a second over torch's many objects.
    arguments += ["-p", "no:unraisableexception", "-p", "no:threadexception", "-p", "autograder.suite.plugin"]
    arguments += ["--assert=plain"]  # rewriting would explain values that nobody may see
    arguments += ["--capture=no", "-p", "no:warnings"]  # both cost something at each of a check's three phases
    with Ahead(subjects) as ahead:
        code = _with_room(
            pytest.main, [*arguments, "--device", batch.device], [_Job(ahead.subjects, batch.suite), collector]
        )
    if collector.broken:
        return f"the suite cannot be loaded: {collector.broken[0]}"
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return f"pytest could not run the suite (exit code {int(code)})"
    return ""


def _with_room(run: Callable[..., Any], *arguments: Any) -> Any:
    """Call ``run`` with one large piece of the interpreter's stack under it.

    CPython keeps its frames in pieces of 16 KiB and hands a piece back to the system when its first frame returns: some
    500 times a submission, where the checks' frames happen to lie at the end of one. This frame asks for much.
    """
    return run(*arguments)


_with_room.__code__ = _with_room.__code__.replace(co_stacksize=20_000)  # 160 kB: its piece becomes 256 KiB


def _flags(prepared: Prepared, collector: Collector) -> tuple[str, ...]:
    sources = [cell.source for cell in prepared.cells]
    large = len(unsearched(sources))
    searched = f"{large} cells are too large to be searched for banned functions" if large else ""
    return tuple(flag for flag in (*collector.flags(prepared.student), unusual(sources), searched) if flag)


def _record(batch: Batch, prepared: Prepared, collector: Collector, trouble: str) -> Record:
    exercises = collector.exercises(prepared.student, batch.points)
    reason = trouble or not_judged(exercises)
    if reason:
        return not_judged_record(batch, prepared, reason)
    return Record(
        **common(batch, prepared),
        outcome="graded",
        score=round(sum(exercise.score for exercise in exercises), 6),
        exercises=exercises,
        cells=collector.cells(prepared.student, clean_outputs),
        alterations=prepared.alterations,
        flags=_flags(prepared, collector),
    )
