"""Judge the submissions of a class in parallel worker processes, and keep their records.

One forkserver per environment serves all workers. A worker that is lost costs nobody a point: its submissions are
judged again, one at a time, and one that loses its worker twice is set aside as "not judged".
"""

from __future__ import annotations

import datetime
import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.course.layout import Course
from autograder.errors import JudgeFault, SandboxUnavailable
from autograder.grading import store
from autograder.grading.batch import Batch, end_with_the_grader, judge_batch, not_judged_record, unreadable_record
from autograder.grading.prepare import Prepared, points_of, prepare, read_release, suite_files
from autograder.judge.forkserver import Forkserver
from autograder.judge.sandbox import Environment
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


class Grader:
    """Judges submissions of one course. Use as a context manager: it owns forkservers and workers."""

    def __init__(self, course: Course, options: Options | None = None) -> None:
        self._course = course
        self._options = options or Options()
        if self._options.device != "cpu":
            found = f"device {self._options.device!r}"
            raise SandboxUnavailable(f"{found}: grading runs on the cpu; the sandbox has no GPU yet, use --device cpu")
        self._workers = self._options.workers or len(os.sched_getaffinity(0))
        self._forkservers: dict[Environment, Future[Forkserver]] = {}
        # One thread, kept to the end: the kernel ends a forkserver with the thread that started it.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="forkservers")
        self._pool: Executor | None = None

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers and forkservers."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        for starting in self._forkservers.values():
            if not starting.cancel() and starting.exception() is None:
                starting.result().close()
        self._forkservers.clear()

    def expect(self, names: Sequence[str]) -> None:
        """Start what the assignments of these names run in, one after the other, while the first ones are graded."""
        for name in names:
            self._start(self._environment(load_assignment(self._course.hidden_suite(name))))

    def grade(self, name: str, students: Sequence[str], judged: Judged = lambda _: None) -> list[Record]:
        """Return the record of each student, from the store or judged now; ``judged`` hears of each as it is done."""
        assignment = load_assignment(self._course.hidden_suite(name))
        release = read_release(self._course, name)
        points = points_of(release)
        suite_sha256 = assignment.fingerprint(*suite_files(self._course, name))
        template = self._template(assignment, suite_sha256, points)
        done: dict[str, Record] = {}
        work: list[Prepared] = []
        for student in students:
            prepared = prepare(self._course, name, student, release)
            record = self._known(template, prepared)
            if record is None:
                work.append(prepared)
            else:
                done[student] = record
                judged(record)
        for record, seconds in self._judge(template, assignment, work) if work else ():
            self._keep(template, record, seconds)
            done[record.student] = record
            judged(record)
        return [done[student] for student in students]

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

    def _start_pool(self) -> Executor:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["autograder.grading.worker"])
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context, initializer=end_with_the_grader)
            self._pool.submit(os.getpid)  # the workers import torch while the forkserver does
        return self._pool

    def _forkserver(self, assignment: Assignment) -> Forkserver:
        environment = self._environment(assignment)
        known = self._forkservers.get(environment)
        if known is not None and known.done() and known.exception() is None and not known.result().alive():
            known.result().close()
            del self._forkservers[environment]
        starting = self._start(environment)
        try:
            return starting.result()
        except BaseException:
            self._forkservers.pop(environment, None)
            raise

    def _environment(self, assignment: Assignment) -> Environment:
        return replace(assignment.environment, confined=not self._options.trust)

    def _start(self, environment: Environment) -> Future[Forkserver]:
        if environment not in self._forkservers:
            secrets = (self._course.root / "tests", self._course.root / "solutions", self._course.root / "records")
            self._forkservers[environment] = self._starter.submit(Forkserver, environment, secrets)
        return self._forkservers[environment]

    def _judge(
        self, template: Batch, assignment: Assignment, work: Sequence[Prepared]
    ) -> Iterable[tuple[Record, float]]:
        size = max(1, min(BATCH, -(-len(work) // (2 * self._workers))))
        batches = [
            replace(template, submissions=tuple(work[first : first + size])) for first in range(0, len(work), size)
        ]
        lost: list[Batch] = []
        yield from self._run(batches, assignment, lost)
        singles = [replace(batch, submissions=(one,)) for batch in lost for one in batch.submissions]
        for single in singles:
            yield from self._alone(single, assignment)

    def _alone(self, single: Batch, assignment: Assignment) -> Iterable[tuple[Record, float]]:
        """Judge again, alone, a submission whose worker was lost."""
        lost: list[Batch] = []
        yield from self._run([single], assignment, lost)
        if lost:
            reason = "its worker process ended twice while judging it"
            yield from ((not_judged_record(single, prepared, reason), 0.0) for prepared in single.submissions)

    def _run(
        self, batches: Sequence[Batch], assignment: Assignment, lost: list[Batch]
    ) -> Iterable[tuple[Record, float]]:
        pool = self._start_pool()
        try:
            address = self._forkserver(assignment).address
        except JudgeFault as error:
            for batch in batches:
                yield from ((not_judged_record(batch, prepared, str(error)), 0.0) for prepared in batch.submissions)
            return
        futures: dict[Future[Any], Batch] = {}
        for batch in batches:
            try:
                futures[pool.submit(judge_batch, replace(batch, forkserver=address))] = batch
            except BrokenProcessPool:  # a worker that was lost between two batches
                lost.append(batch)
                self._pool = None
        for future in as_completed(futures):
            try:
                yield from future.result()
            except BrokenProcessPool:
                lost.append(futures[future])
                self._pool = None


def _key(template: Batch, submission_sha256: str) -> store.Key:
    return store.Key(submission_sha256, template.suite_sha256, template.device, template.confined)
