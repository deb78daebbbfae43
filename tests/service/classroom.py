"""A tiny course with its exchange: submissions as ``nbgrader submit`` leaves them, and engines that grade them."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import nbformat

from autograder.course.layout import Course
from autograder.service import attempts
from autograder.service.attempts import Attempt
from autograder.service.engine import Engine
from autograder.service.status import Status, read_status
from tests.faults.classroom import ASSIGNMENT, CELLS, RIGHT, STUB
from tests.faults.classroom import wait_for as wait_so_long
from tests.nbgrader.course_builder import find

SQUARES = CELLS["bob"]  # 1 of 4 points, with a named mistake
SCALARS = CELLS["dan"]  # 3 of 4 points
ENDLESS = CELLS["cyd"]
__all__ = ["ASSIGNMENT", "ENDLESS", "RIGHT", "SCALARS", "SQUARES", "STUB", "Classroom", "wait_for"]


def wait_for(condition: Callable[[], object]) -> bool:
    """Whether the condition holds soon."""
    return wait_so_long(condition, seconds=40, pause=0.05)


class Classroom:
    """One course, below ``directory``, and what students and the engine do in it."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "course"
        self.exchange = directory / "exchange"
        self.inbound = self.exchange / "ridge-to-bayes" / "inbound"
        self.inbound.mkdir(parents=True)
        with (self.root / "nbgrader_config.py").open("a") as stream:
            stream.write(f"c.Exchange.root = {str(self.exchange)!r}\n")
        self.course = Course.find(self.root)
        self.clock = 0

    def notebook(self, source: str) -> bytes:
        """The released notebook with this solution."""
        released = nbformat.read(self.course.release_notebook(ASSIGNMENT), as_version=4)
        find(released, "double").source = source
        return json.dumps(released).encode()

    def submit(self, student: str, source: str = RIGHT, *, assignment: str = ASSIGNMENT, whole: bool = True) -> Path:
        """Hand in as nbgrader does."""
        self.clock += 1
        now = datetime.now(UTC).strftime(f"%Y-%m-%d %H:%M:%S.{self.clock:06d} UTC")
        directory = self.inbound / f"{student}+{assignment}+{now}+{secrets.token_urlsafe(9)}"
        directory.mkdir()
        (directory / f"{assignment}.ipynb").write_bytes(self.notebook(source))
        (directory / "timestamp.txt").write_text(now)
        if whole:
            self.complete(directory)
        return directory

    def complete(self, directory: Path) -> None:
        """Write what nbgrader writes last."""
        (directory / "submission_secret.txt").write_text(secrets.token_hex(64))
        directory.chmod(0o777)

    def policies(self, text: str) -> None:
        """Write the instructor's file."""
        (self.root / "policies.new").write_text(text)
        (self.root / "policies.new").rename(self.root / "policies.toml")

    def attempts(self, student: str) -> list[Attempt]:
        return attempts.attempts_of(self.root, ASSIGNMENT, student)

    def scores(self, student: str) -> list[float | None]:
        """The score of each attempt, None where it is not graded."""
        return [one.result.score if one.result else None for one in self.attempts(student)]

    def grade(self, student: str) -> tuple[float, float] | None:
        """What the gradebook holds: the automatic score, and the late penalty."""
        query = (
            "SELECT g.auto_score, n.late_submission_penalty FROM grade g JOIN submitted_notebook n "
            "ON n.id = g.notebook_id JOIN submitted_assignment s ON s.id = n.assignment_id "
            "JOIN base_cell c ON c.id = g.cell_id WHERE s.student_id = ? AND c.name = 'test_double'"
        )
        with closing(sqlite3.connect(self.root / "gradebook.db", timeout=60)) as database:
            rows = database.execute(query, [student]).fetchall()
        assert len(rows) <= 1, rows
        return (rows[0][0], rows[0][1] or 0.0) if rows and rows[0][0] is not None else None

    def counted(self, student: str) -> attempts.Counted | None:
        return attempts.counted(self.root, ASSIGNMENT, student)

    def status(self) -> Status:
        found = read_status(self.root)
        assert found is not None
        return found

    def judged(self, student: str) -> int:
        """How many records a student has."""
        records = self.course.records(ASSIGNMENT, student).glob("*.run.json")
        return sum(1 for _ in records)

    @contextmanager
    def engine(self, *, workers: int = 1, check_owner: bool = False) -> Iterator[Engine]:
        """An engine in a thread of this process."""
        stop, failed = threading.Event(), []
        engine = Engine(self.course, workers=workers, check_owner=check_owner)

        def run() -> None:
            try:
                engine.run(stop)
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run, name="engine")
        thread.start()
        try:
            yield engine
        finally:
            stop.set()
            thread.join()
        assert not failed, failed

    def graded(self, *students: str) -> bool:
        """Whether the gradebook holds each student's last attempt that is not refused."""
        for student in students:
            accepted = [one for one in self.attempts(student) if not one.refused]
            counted = self.counted(student)
            if not accepted or any(one.result is None for one in accepted) or counted is None:
                return False
            if counted.number != accepted[-1].number:
                return False
        return True

    def told(self, *students: str) -> bool:
        """Whether everything is done for these students, the page of feedback included."""
        counted = [self.counted(student) for student in students]
        return self.graded(*students) and all(one is not None and one.feedback for one in counted)

    def run_until(self, condition: Callable[[], object], **options: bool) -> None:
        """Have an engine run until the condition holds."""
        with self.engine(**options):
            assert wait_for(condition), self.status()


class Process:
    """An engine in a process of its own, which kills itself at ``point`` (see tests/service/killed.py)."""

    def __init__(self, root: Path, point: str = "") -> None:
        self._log = root.parent / f"log-{time.monotonic_ns()}.txt"
        arguments = [sys.executable, "-m", "tests.service.killed", str(root), point]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=Path(__file__).parents[2]
            )

    @property
    def printed(self) -> str:
        return self._log.read_text()

    def wait(self, seconds: float = 120) -> int:
        """Wait until it ends by itself."""
        return self.process.wait(seconds)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def alive(self) -> bool:
        return self.process.poll() is None


def own_name() -> str:
    """The user that runs the tests."""
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name
