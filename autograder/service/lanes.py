"""Lanes: threads that judge side by side, each with a grader of one worker process, so that a slow one delays no other.

All lanes share the forkservers. An attempt is judged where it lies: the grader of a lane sees a course in which the
submission of a student is the attempt at hand.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from autograder.course.layout import Course
from autograder.errors import AutograderError
from autograder.grading.forkservers import Forkservers
from autograder.grading.grader import OURS, Grader, Options
from autograder.judge.forkserver import Forkserver
from autograder.record import Record
from autograder.suite.assignment import Assignment


@dataclass(frozen=True)
class Job:
    """One attempt to be judged. ``order`` is the order of regrading that wants it ("": the student does).

    ``records`` is where its record is kept, ``<records>/<assignment>/<student>/``; None: where the course keeps them.
    """

    assignment: str
    student: str
    number: int
    files: Path
    order: str = ""
    records: Path | None = None


@dataclass(frozen=True)
class Done:
    """What became of a job: its record, or why there is none."""

    job: Job
    record: Record | None
    fault: str = ""


@dataclass(frozen=True)
class _JobsCourse(Course):
    """The course in which a student's submission is the attempt of the job at hand."""

    jobs: dict[tuple[str, str], Job] = field(default_factory=dict, compare=False)

    def submitted(self, student: str, assignment: str) -> Path:
        """The snapshot of the job's attempt."""
        return self.jobs[assignment, student].files

    def records(self, assignment: str, student: str) -> Path:
        """Where the job's record is kept."""
        records = self.jobs[assignment, student].records
        return records / assignment / student if records else super().records(assignment, student)


class SharedForkservers(Forkservers):
    """Forkservers that several threads may ask for."""

    def __init__(self, root: Path, *, confined: bool) -> None:
        super().__init__(root, confined=confined)
        self._lock = threading.RLock()

    def start(self, assignment: Assignment) -> Forkserver:
        """The forkserver for an assignment, which may still import its libraries. Raises JudgeFault."""
        with self._lock:
            return super().start(assignment)

    def ready(self, assignment: Assignment) -> Forkserver:
        """The forkserver for an assignment, ready to fork. Raises JudgeFault."""
        with self._lock:
            return super().ready(assignment)

    def close(self) -> None:
        """End all of them, with every process forked from them."""
        with self._lock:
            super().close()


class Lanes:
    """The lanes of one engine; what they have done is put into ``done``. Use as a context manager."""

    def __init__(self, course: Course, number: int, *, trust: bool = False) -> None:
        self.done: queue.Queue[Done] = queue.Queue()
        self._forkservers = SharedForkservers(course.root, confined=not trust)
        self._lanes = [_Lane(course, self._forkservers, self.done, trust) for _ in range(number)]

    def __enter__(self) -> Lanes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._lanes)

    def warm_up(self, assignments: Sequence[str]) -> None:
        """Have workers and forkservers start, which takes seconds. What is wrong with one is said when it is judged."""
        for number, lane in enumerate(self._lanes):
            lane.give(list(assignments) if number == 0 else [])

    def free(self) -> int:
        """How many lanes have nothing to do."""
        return sum(not lane.busy for lane in self._lanes)

    def give(self, jobs: Sequence[Job]) -> None:
        """Have a free lane judge jobs of one assignment and different students."""
        lane = next(lane for lane in self._lanes if not lane.busy)
        lane.busy = True
        lane.give(jobs)

    def close(self) -> None:
        """End all of them, in the midst of their work."""
        for lane in self._lanes:
            lane.close()
        self._forkservers.close()


class _Lane:
    """One thread and its grader."""

    def __init__(self, course: Course, forkservers: Forkservers, done: queue.Queue[Done], trust: bool) -> None:
        settings = {one.name: getattr(course, one.name) for one in fields(Course)}
        self._course = _JobsCourse(**settings)
        self._grader = Grader(self._course, Options(workers=1, trust=trust), forkservers)
        self._done = done
        self._orders: queue.SimpleQueue[Sequence[Any] | None] = queue.SimpleQueue()
        self.busy = False
        self._thread = threading.Thread(target=self._run, name="lane", daemon=True)
        self._thread.start()

    def give(self, orders: Sequence[Job] | list[str]) -> None:
        """Judge these jobs, or get ready to judge these assignments."""
        self._orders.put(orders)

    def close(self) -> None:
        self._orders.put(None)
        self._grader.close()
        self._thread.join()

    def _run(self) -> None:
        while (orders := self._orders.get()) is not None:
            jobs = [job for job in orders if isinstance(job, Job)]
            if jobs:
                self._judge(jobs)
            else:
                self._warm_up([str(name) for name in orders])

    def _warm_up(self, assignments: list[str]) -> None:
        for names in ([], *([name] for name in assignments)):
            try:
                self._grader.warm_up(names)
            except (AutograderError, OSError):  # said with all that belongs to it when something is judged
                continue

    def _judge(self, jobs: Sequence[Job]) -> None:
        self._course.jobs.clear()
        self._course.jobs.update({(job.assignment, job.student): job for job in jobs})
        left = {job.student: job for job in jobs}

        def judged(record: Record) -> None:
            if len(left) == 1:  # before the engine hears of it, which then looks for a free lane
                self.busy = False
            self._done.put(Done(left.pop(record.student), record))

        try:
            self._grader.grade(jobs[0].assignment, list(left), judged)
            fault = "the grader gave no record of it"
        except AutograderError as error:
            fault = str(error)
        except Exception as error:  # a lane that ended would be missed by every later submission
            fault = f"{OURS}: {type(error).__name__}: {error}"
        if left:
            self.busy = False
        for job in left.values():
            self._done.put(Done(job, None, fault))
