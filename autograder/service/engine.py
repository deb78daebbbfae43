"""The engine: one process that takes submissions in, has them judged in fair order, and records what comes out.

Level-triggered: each step looks at what lies on disk and does what is missing. So it may be killed at any point, and a
new one goes on. Judging runs in lanes, beside; all else, the gradebook above all, in this one thread.
"""

from __future__ import annotations

import fcntl
import logging
import os
import queue
import threading
import time
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

from autograder.course.layout import Course
from autograder.errors import AutograderError, CourseFault, JudgeFault
from autograder.service import attempts, policy
from autograder.service.files import make_directory
from autograder.service.intake import Intake, inbound_of
from autograder.service.lanes import Done, Job, Lanes
from autograder.service.logs import event
from autograder.service.policy import Policies, load_policies
from autograder.service.recording import DamagedRecord, Recorder
from autograder.service.retries import Retries
from autograder.service.state import Key, State
from autograder.service.status import SERVICE, Fault, Queued, Refused, Running, Status, read_status, write_status
from autograder.service.waiting import Waiting, graded_of_late, in_order
from autograder.service.workshop import Workshop

LOOK = 0.2  # seconds between two looks at the exchange
SOON = 0.1  # the same while something arrives
RECORDING = 0.3  # seconds a step, about, that go into the gradebook before new submissions are looked at again
FEEDBACK = 30.0  # seconds that pages of feedback wait, at most, while there is something to grade
HEARTBEAT = 1.0
BATCH = 4  # submissions that one lane is given at once, at most
MOST_SHOWN = 200  # refused directories in the status


class Engine:
    """Grades one course. ``check_owner``: files in the exchange must be those of the user who is the student."""

    def __init__(self, course: Course, *, workers: int = 0, check_owner: bool = True, trust: bool = False) -> None:
        self._course = course
        self._number = workers or len(os.sched_getaffinity(0))
        self._check_owner = check_owner
        self._trust = trust
        self._started = _now()
        self._policies: Policies | None = None
        self._policies_seen: object = ()
        self._running: dict[Job, datetime] = {}
        self._faults: dict[Hashable, Fault] = {}
        self._judging, self._recording = Retries(), Retries()
        self._storing = Retries(longest=5.0)
        self._unsettled: dict[Key, None] = {}
        self._feedback: dict[Key, float] = {}  # whose page is to be released, and since when
        self._feedback_sought = 0.0
        self._told: tuple[float, object] = (0.0, None)
        self._refused_before: dict[tuple[str, str], datetime] = {}

    def run(self, stop: threading.Event) -> None:
        """Grade until ``stop`` is set. Raises CourseFault where another engine does, or the course is broken."""
        root = self._course.root
        with alone(root), Lanes(self._course, self._number, trust=self._trust) as lanes:
            self._begin(lanes)
            event("the engine has started", pid=os.getpid(), workers=self._number, check_owner=self._check_owner)
            if not self._check_owner:
                event("owners in the exchange are NOT checked: any user may submit for any other", level=logging.WARN)
            while not stop.is_set():
                self.step()
            self._tell(now=True)
        event("the engine has ended", pid=os.getpid())

    def _begin(self, lanes: Lanes) -> None:
        root = self._course.root
        self._lanes = lanes
        self._state = State(root)
        for directory, reason in self._state.damaged.items():
            self._fault(("damaged", directory), reason)
        known = self._state.inbound()
        self._intake = Intake(self._course, inbound_of(self._course), known, check_owner=self._check_owner)
        self._recorder = Recorder(self._course)
        self._workshop = Workshop(root, self._state)
        self._unsettled = dict.fromkeys(self._state.everybody())
        try:
            before = read_status(root)
        except CourseFault:  # it is written anew in a moment
            before = None
        if before is not None:
            self._refused_before = {(one.inbound, one.reason): one.at for one in before.refused}
        ready = [name for name in self._course.assignments() if self._course.release_notebook(name).is_file()]
        lanes.warm_up(ready)

    def step(self) -> None:
        """Do what is to be done now; waits a moment where there is nothing."""
        self._read_policies()
        self._take_in()
        if self._policies is not None:
            with self._guard(("orders",), self._storing):
                self._workshop.look(self._policies, self._settle_soon)
            self._dispatch()
        self._hear(SOON if self._intake.waiting else LOOK)
        if self._policies is not None:
            self._settle(self._policies)
            self._release_feedback(self._policies)
        self._tell()

    def tries(self, assignment: str, student: str, number: int) -> int:
        """How often an attempt could not be judged since this engine has started."""
        return self._judging.times((assignment, student, number))

    # --- taking in ----------------------------------------------------------------------------------------------------

    def _read_policies(self) -> None:
        path = self._course.root / policy.FILE
        seen = _stamp(path)
        if seen == self._policies_seen:
            return
        self._policies_seen = seen
        with self._guard(("policies",), None):
            self._policies = load_policies(self._course.root)
            event("policies were read")
        self._feedback_sought = -FEEDBACK
        for key in self._state.everybody():
            self._judge_by(key)
            self._settle_soon(key)

    def _take_in(self) -> None:
        if not self._storing.may(("intake",)):
            return
        with self._guard(("intake",), self._storing):
            for attempt in self._intake.look():
                self._state.add(attempt)
                event("taken in", **_facts(attempt), inbound=attempt.inbound, refused=attempt.refused)
                self._judge_by((attempt.assignment, attempt.student))

    def _judge_by(self, key: Key) -> None:
        if self._policies is not None:
            with self._guard(("attempts", key), None):
                self._state.judge_by(self._policies, key)

    # --- judging ------------------------------------------------------------------------------------------------------

    def _queue(self, now: datetime) -> list[Waiting]:
        """What waits, in order; those that run now are left out, and those whose student's other attempt runs."""
        running = {(job.assignment, job.student, job.number) for job in self._running if not job.order}
        waiting = [one for one in self._state.waiting() if _named(one.attempt) not in running]
        delayed = [Waiting(one.attempt, max(one.not_before, self._retry_at(one.attempt, now))) for one in waiting]
        students = Counter(job.student for job in self._running if not job.order)
        return in_order(delayed, students, graded_of_late(self._state.attempts(), now), now)

    def _retry_at(self, attempt: attempts.Attempt, now: datetime) -> datetime:
        pauses = (self._judging.wait(_named(attempt)), self._judging.wait(attempt.assignment))
        return now + timedelta(seconds=max(pauses))

    def _dispatch(self) -> None:
        free = self._lanes.free()
        if not free:
            return
        now = _now()
        busy = {(job.assignment, job.student) for job in self._running if not job.order}
        ready = [one.attempt for one in self._queue(now) if one.not_before <= now]
        ready = [one for one in ready if (one.assignment, one.student) not in busy]
        size = max(1, min(BATCH, ceil(len(ready) / len(self._lanes))))
        for _ in range(free):
            jobs: dict[str, Job] = {}
            for one in ready:
                same = not jobs or one.assignment == ready[0].assignment
                if same and len(jobs) < size and one.student not in jobs:
                    jobs[one.student] = Job(*_named(one), one.files)
            found = list(jobs.values()) or self._workshop.next_jobs(BATCH)
            if not found:
                return
            self._lanes.give(found)
            self._running |= dict.fromkeys(found, now)
            taken = {(job.assignment, job.student) for job in jobs.values()}
            ready = [one for one in ready if (one.assignment, one.student) not in taken]

    def _hear(self, patience: float) -> None:
        """Take in what the lanes have done; waits so long for the first."""
        while True:
            try:
                done = self._lanes.done.get(timeout=patience)
            except queue.Empty:
                return
            patience = 0.001
            del self._running[done.job]
            if done.job.order:
                with self._guard(("orders",), self._storing):
                    self._workshop.hear(done)
            else:
                self._hear_one(done)

    def _hear_one(self, done: Done) -> None:
        job, record = done.job, done.record
        name, key = (job.assignment, job.student, job.number), (job.assignment, job.student)
        (attempt,) = [one for one in self._state.history(key) if one.number == job.number]
        if record is None:  # nothing of the assignment can be judged
            if self._judging.may(job.assignment):
                self._judging.failed(job.assignment)
            self._fault(job.assignment, done.fault, job.assignment)
            return
        self._judging.done(job.assignment)
        self._mended(job.assignment)
        if record.outcome == "not judged":
            self._judging.failed(name)
            self._fault(name, f"attempt {job.number} was not judged: {record.reason}", *key)
            return
        tries = self._judging.times(name) + 1
        with self._guard(name, self._judging, *key):
            self._state.set_result(attempt, attempts.result_of(record, tries))
            event("graded", **_facts(attempt), outcome=record.outcome, score=record.score, points=record.points)
        self._judge_by(key)
        self._settle_soon(key)

    # --- recording ----------------------------------------------------------------------------------------------------

    def _settle_soon(self, key: Key) -> None:
        self._unsettled[key] = None

    def _settle(self, policies: Policies) -> None:
        began = time.monotonic()
        for key in list(self._unsettled):
            if time.monotonic() - began > RECORDING:
                return
            if not self._recording.may(("gradebook", key)):
                continue
            with self._guard(("gradebook", key), self._recording, *key):
                self._settle_one(key, policies)

    def _settle_one(self, key: Key, policies: Policies) -> None:
        try:
            changed = self._recorder.settle(policies.of(key[0]), self._state.history(key))
        except DamagedRecord as damaged:  # judged again, and settled then
            event("a record is damaged", level=logging.ERROR, text=str(damaged), **_facts(damaged.attempt))
            self._state.forget_result(damaged.attempt)
            self._judge_by(key)
            changed = False
        if changed:
            event("recorded", assignment=key[0], student=key[1])
            self._feedback.setdefault(key, time.monotonic())
        del self._unsettled[key]

    def _release_feedback(self, policies: Policies) -> None:
        """Release one page, where nobody waits to be graded, or the page has waited for long."""
        now = time.monotonic()
        if now - self._feedback_sought > FEEDBACK:  # also those that may be seen since the due date, or a restart
            self._feedback_sought = now
            for key in self._state.everybody():
                self._feedback.setdefault(key, now)
        idle = not self._running and not self._unsettled
        for key, since in list(self._feedback.items()):
            if not self._recorder.wants_feedback(policies.of(key[0]), *key, _now()):
                del self._feedback[key]
            elif self._recording.may(("feedback", key)) and (idle or now - since > FEEDBACK):
                with self._guard(("feedback", key), self._recording, *key):
                    self._recorder.release_feedback(*key)
                    event("feedback was released", assignment=key[0], student=key[1])
                    del self._feedback[key]
                return

    # --- telling ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _guard(self, key: Hashable, retries: Retries | None, assignment: str = "", student: str = "") -> Iterator[None]:
        """Make a fault of what is raised here, and have it tried again later; it stops nothing else."""
        try:
            yield
        except AutograderError as error:
            self._fault(key, str(error), assignment, student)
        except Exception as error:  # nbgrader may raise anything, and the service must go on for all others
            event("an error of the service", level=logging.ERROR, error=error)
            self._fault(key, f"an error of the service: {type(error).__name__}: {error}", assignment, student)
        else:
            self._mended(key)
            if retries is not None:
                retries.done(key)
            return
        if retries is not None:
            retries.failed(key)

    def _fault(self, key: Hashable, text: str, assignment: str = "", student: str = "") -> None:
        known = self._faults.get(key)
        if known is None or known.text != text:
            self._faults[key] = Fault(text, known.since if known else _now(), assignment, student)
            event("fault", level=logging.ERROR, text=text, assignment=assignment, student=student)

    def _mended(self, key: Hashable) -> None:
        if self._faults.pop(key, None) is not None:
            event("the fault is mended", key=str(key))

    def _tell(self, now: bool = False) -> None:
        """Write the status, where it has changed or is a second old."""
        at = _now()
        queued = tuple(
            Queued(*_named(one.attempt), one.attempt.arrived, one.not_before if one.not_before > at else None)
            for one in self._queue(at)
        )
        running = tuple(Running(j.assignment, j.student, j.number, since) for j, since in self._running.items())
        content = (
            [one if one.not_before is None else (one.assignment, one.student, one.number) for one in queued],
            running,
            dict(self._faults),
            dict(self._intake.refused),
        )
        told_at, told = self._told
        if not now and told == content and time.monotonic() - told_at < HEARTBEAT:
            return
        self._told = (time.monotonic(), content)
        refused = [
            Refused(inbound.encode("utf-8", "replace").decode(), reason, self._refused_at(inbound, reason, when))
            for inbound, (reason, when) in self._intake.refused.items()
        ]
        self._refused_before = {(one.inbound, one.reason): one.at for one in refused}
        refused.sort(key=lambda one: one.at, reverse=True)
        status = Status(
            at=at,
            workers=self._number,
            pid=os.getpid(),
            started=self._started,
            check_owner=self._check_owner,
            queue=queued,
            running=running,
            faults=tuple(self._faults.values()),
            refused=tuple(refused[:MOST_SHOWN]),
        )
        try:
            write_status(self._course.root, status)
        except JudgeFault as fault:
            event("the status cannot be written", level=logging.ERROR, text=str(fault))

    def _refused_at(self, inbound: str, reason: str, when: datetime) -> datetime:
        name = inbound.encode("utf-8", "replace").decode()
        if (name, reason) not in self._refused_before:
            self._refused_before[name, reason] = when
            event("not taken in", inbound=name, reason=reason)
        return self._refused_before[name, reason]


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the lock of a course's engine. Raises CourseFault where another process does."""
    make_directory(root / SERVICE)
    handle = os.open(root / SERVICE / "engine.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CourseFault(f"another engine grades {root}; end it first, or leave the work to it") from error
        yield
    finally:
        os.close(handle)


def _stamp(path: Path) -> object:
    try:
        state = path.stat()
    except OSError:
        return None
    return (state.st_mtime_ns, state.st_size, state.st_ino)


def _named(attempt: attempts.Attempt) -> tuple[str, str, int]:
    return attempt.assignment, attempt.student, attempt.number


def _facts(attempt: attempts.Attempt) -> dict[str, Any]:
    return {"assignment": attempt.assignment, "student": attempt.student, "number": attempt.number}


def _now() -> datetime:
    return datetime.now(UTC)
