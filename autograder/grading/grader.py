"""Judge the submissions of a class in parallel worker processes, and keep their records.

One forkserver per environment serves all workers. A worker that is lost costs nobody a point: its submissions are
judged again, one at a time, and one that loses its worker twice is set aside as "not judged".
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.course.layout import Course
from autograder.errors import AutograderError, JudgeFault, SandboxUnavailable
from autograder.grading import store
from autograder.grading.batch import Batch, judge_batch, not_judged_record, unreadable_record
from autograder.grading.forkservers import Forkservers
from autograder.grading.pool import Workers, warmed_up
from autograder.grading.prepare import Prepared, points_of, prepare, read_release, suite_files
from autograder.record import Record
from autograder.suite.assignment import Assignment, load_assignment

BATCH = 16  # submissions a pytest run: collecting a suite costs as much as judging one of them
Judged = Callable[[Record], None]


@dataclass(frozen=True)
class Options:
    """How to judge.

    Worker processes, device, whether records are made anew, and whether code is trusted (one's own).
    """

    workers: int = 0  # 0: one for each processor that this process may use
    device: str = "cpu"
    force: bool = False
    trust: bool = False


@dataclass
class _Task:
    """One assignment to grade: who is to be judged, and the records that are there."""

    assignment: Assignment
    template: Batch
    work: list[Prepared] = field(default_factory=list)
    done: dict[str, Record] = field(default_factory=dict)


_Planned = tuple[Assignment, Batch]
_Lost = tuple[str, _Planned]  # why, in case that it is lost again
LOST_WORKER = "its worker process ended twice while judging it"
OURS = "an error of the grader"
MAX_SAID = 300  # characters of an exception


class Grader:
    """Judges submissions of one course. Use as a context manager: it ends forkservers and workers.

    ``forkservers`` may have been started before the course was read.
    """

    def __init__(self, course: Course, options: Options | None = None, forkservers: Forkservers | None = None) -> None:
        self._course = course
        self._options = options or Options()
        if self._options.device != "cpu":
            found = f"device {self._options.device!r}"
            raise SandboxUnavailable(f"{found}: grading runs on the cpu; the sandbox has no GPU yet, use --device cpu")
        self._workers = self._options.workers or len(os.sched_getaffinity(0))
        self.forkservers = forkservers or Forkservers(course.root, confined=not self._options.trust)
        self._pool: Workers | None = None
        self._closed = False

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers and forkservers, also in the midst of their work; another thread that grades is told so."""
        self._closed = True
        if self._pool is not None:
            self._lose(self._pool)
        self.forkservers.close()

    def warm_up(self, names: Sequence[str]) -> None:
        """Start the workers and forkservers that assignments need, without waiting for them. Raises JudgeFault."""
        try:
            self._start_pool()
        except BrokenProcessPool as error:
            raise JudgeFault(f"worker processes cannot be started: {error}") from error
        for name in names:
            self.forkservers.start(load_assignment(self._course.hidden_suite(name)))

    def grade(self, name: str, students: Sequence[str], judged: Judged = lambda _: None) -> list[Record]:
        """Return the record of each student, from the store or judged now; ``judged`` hears of each as it is done."""
        return self.grade_all({name: students}, judged)[name]

    def grade_all(
        self, wanted: Mapping[str, Sequence[str]], judged: Judged = lambda _: None
    ) -> dict[str, list[Record]]:
        """The same for several assignments (name -> students), which share the workers: none waits for another."""
        tasks: dict[str, _Task] = {}
        for name, students in wanted.items():
            task = tasks[name] = self._task(name, students)
            if task.work:  # what takes seconds to start does so while the next assignment is read
                with suppress(JudgeFault, BrokenProcessPool):  # said, or mended, when its turn comes
                    self._start_pool()
                    self.forkservers.start(task.assignment)
        for task in tasks.values():
            for record in task.done.values():
                judged(record)
        for record, seconds in self._judge([task for task in tasks.values() if task.work]):
            task = tasks[record.assignment]
            self._keep(task.template, record, seconds)
            task.done[record.student] = record
            judged(record)
        return {name: [tasks[name].done[student] for student in students] for name, students in wanted.items()}

    def _task(self, name: str, students: Sequence[str]) -> _Task:
        assignment = load_assignment(self._course.hidden_suite(name))
        release = read_release(self._course, name)
        suite_sha256 = assignment.fingerprint(*suite_files(self._course, name))
        task = _Task(assignment, self._template(assignment, suite_sha256, points_of(release)))
        for student in students:
            try:
                prepared = prepare(self._course, name, student, release)
            except AutograderError:
                raise
            except Exception as error:  # what we did not think of in one submission stops nobody else's
                reason = f"{OURS} while reading it: {_told(error)}"
                task.done[student] = not_judged_record(task.template, Prepared(student, ""), reason)
                continue
            record = self._known(task.template, prepared)
            if record is None:
                task.work.append(prepared)
            else:
                task.done[student] = record
        return task

    def _template(self, assignment: Assignment, suite_sha256: str, points: dict[str, float]) -> Batch:
        return Batch(assignment.suite, suite_sha256, points, self._options.device, "", not self._options.trust, ())

    def _known(self, template: Batch, prepared: Prepared) -> Record | None:
        if prepared.unreadable:
            record = unreadable_record(template, prepared)
            self._keep(template, record, 0.0)
            return record
        if self._options.force:
            return None
        return store.read(self._directory(template, prepared.student), _key(template, prepared.submission_sha256))

    def _directory(self, template: Batch, student: str) -> Path:
        return self._course.records(template.suite.name, student)

    def _keep(self, template: Batch, record: Record, seconds: float) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        key = _key(template, record.submission_sha256)
        store.write(self._directory(template, record.student), key, record, {"seconds": round(seconds, 3), "at": now})

    def _start_pool(self) -> Workers:
        if self._closed:
            raise JudgeFault("the grader was closed")
        if self._pool is None:
            self._pool = warmed_up(self._workers)
        return self._pool

    def _lose(self, pool: Workers) -> None:
        """Have no more to do with these workers: one of them was lost, or nobody needs them."""
        if pool is self._pool:
            self._pool = None
        pool.end()

    def _judge(self, tasks: Sequence[_Task]) -> Iterable[tuple[Record, float]]:
        planned: list[_Planned] = []
        for task in tasks:
            size = max(1, min(BATCH, -(-len(task.work) // (2 * self._workers))))
            for first in range(0, len(task.work), size):
                some = tuple(task.work[first : first + size])
                planned.append((task.assignment, replace(task.template, submissions=some)))
        lost: list[_Lost] = []
        yield from self._run(planned, lost)
        for _, (assignment, batch) in lost:
            for one in batch.submissions:
                yield from self._alone((assignment, replace(batch, submissions=(one,))))

    def _alone(self, single: _Planned) -> Iterable[tuple[Record, float]]:
        """Judge again, alone, a submission whose worker was lost, or in whose batch the judge failed."""
        lost: list[_Lost] = []
        yield from self._run([single], lost)
        for reason, (_, batch) in lost:
            yield from _not_judged(batch, reason)

    def _run(self, planned: Sequence[_Planned], lost: list[_Lost]) -> Iterable[tuple[Record, float]]:
        futures: dict[Future[Any], tuple[Workers, _Planned]] = {}
        faults: dict[str, str] = {}  # what could not be started for one batch is not tried again for each of the others
        for assignment, batch in planned:
            if assignment.name in faults:
                yield from _not_judged(batch, faults[assignment.name])
                continue
            try:
                address = self.forkservers.ready(assignment).address
                pool = self._start_pool()
                order = pool.order(judge_batch, replace(batch, forkserver=address))
                futures[order] = (pool, (assignment, batch))
            except JudgeFault as error:
                faults[assignment.name] = str(error)
                yield from _not_judged(batch, str(error))
            except BrokenProcessPool:  # a worker that was lost between two batches
                lost.append((LOST_WORKER, (assignment, batch)))
                if self._pool is not None:
                    self._lose(self._pool)
        for future in as_completed(futures):
            try:
                yield from future.result()
            except BrokenProcessPool:
                pool, one = futures[future]
                lost.append((LOST_WORKER, one))
                self._lose(pool)
            except Exception as error:
                lost.append((f"{OURS} while judging it: {_told(error)}", futures[future][1]))


def _told(error: Exception) -> str:
    said = f"{type(error).__name__}: {error}"
    return said if len(said) <= MAX_SAID else f"{said[:MAX_SAID]}…"


def _not_judged(batch: Batch, reason: str) -> Iterable[tuple[Record, float]]:
    return ((not_judged_record(batch, prepared, reason), 0.0) for prepared in batch.submissions)


def _key(template: Batch, submission_sha256: str) -> store.Key:
    return store.Key(submission_sha256, template.suite_sha256, template.device, template.confined)
