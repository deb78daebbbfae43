"""A hostile notebook process: running cells and forking exercise processes ends in time, whatever it answers."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import ForkserverLost, JudgeFault, LimitReached, ProcessEnded, SandboxUnavailable, StudentFault
from autograder.judge import session as session_module
from autograder.judge.cgroups import Group
from autograder.judge.contract import Banned
from autograder.judge.forkserver import Spawner
from autograder.judge.limits import Limits
from autograder.judge.session import Cell, CellRun, Session
from autograder.wire import Connection, ConnectionClosed, DeadlinePassed, decode, encode
from autograder.wire.frames import HEADER, pair

LIMITS = Limits(cell_seconds=0.3, notebook_seconds=3, call_seconds=0.3, output_kb=1, restarts=1)
OUTPUT = {"output_type": "stream", "name": "stdout", "text": "hello"}
Student = Callable[["Other"], object]


class Other:
    """The notebook process's end of its connection."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self.frames = Connection(raw)
        self.raw.setblocking(True)

    def request(self) -> dict[str, Any]:
        payload, fds = self.frames.receive_with_fds(time.monotonic() + 5)
        for fd in fds:
            socket.socket(fileno=fd).close()
        return dict(decode(payload))

    def reply(self, message: Any) -> None:
        self.frames.send(encode(message), time.monotonic() + 5)

    def start(self) -> None:
        """Be an honest process up to its first cell."""
        assert self.request()["op"] == "files"
        self.reply({"value": 0})


class FakeSpawner(Spawner):
    """Gives out connections to threads; the supervisor is an honest one unless ``supervisor`` says otherwise."""

    def __init__(self, *students: Student, supervisor: Callable[[Connection, Other], object] | None = None) -> None:
        super().__init__("nowhere", confined=True)
        self.students = list(students)
        self.supervisor = supervisor or self.supervise
        self.started = 0
        self._threads: list[threading.Thread] = []
        self._ends: list[socket.socket] = []

    def group(self, limits: Limits) -> None:
        return None

    def spawn(
        self, limits: Limits, home: Path | None = None, group: Group | None = None, banned: Banned | None = None
    ) -> tuple[Connection, Connection]:
        student, student_end = pair()
        link, link_end = pair(max_frame=2**16)
        other = Other(student_end)
        script = self.students[min(self.started, len(self.students) - 1)]
        self.started += 1
        for target, arguments in ((script, (other,)), (self.supervisor, (Connection(link_end), other))):
            thread = threading.Thread(target=self._play, args=(target, *arguments), daemon=True)
            thread.start()
            self._threads.append(thread)
        self._ends += [student_end, link_end]
        return student, link

    @staticmethod
    def _play(script: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(OSError, ConnectionClosed):
            script(*arguments)

    @staticmethod
    def supervise(link: Connection, other: Other) -> None:
        """Report the start, obey, and report the end."""
        link.send(encode({"event": "started"}))
        while decode(link.receive(None))["op"] != "kill":
            pass
        other.raw.shutdown(socket.SHUT_RDWR)
        link.send(encode({"event": "ended", "status": -9, "reason": "ordered"}))

    def close(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()
        for end in self._ends:
            end.close()


@pytest.fixture
def spawner_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., FakeSpawner]]:
    for name in ("FORK_SECONDS", "INTERRUPT_SECONDS"):
        monkeypatch.setattr(session_module, name, 0.2)
    made: list[FakeSpawner] = []

    def make(*students: Student, **settings: Any) -> FakeSpawner:
        made.append(FakeSpawner(*students, **settings))
        return made[-1]

    yield make
    for spawner in made:
        spawner.close()


def honest(other: Other) -> None:
    other.start()
    while True:
        op = other.request()["op"]
        other.reply({"outputs": [OUTPUT], "succeeded": True} if op == "cell" else {"value": 7})


def misbehaving(reply: Student, good_cells: int = 1) -> Student:
    """A process that runs some cells, and answers the next request in its own way."""

    def script(other: Other) -> None:
        other.start()
        for _ in range(good_cells):
            other.request()
            other.reply({"outputs": [OUTPUT], "succeeded": True})
        other.request()
        reply(other)
        while True:
            other.request()

    return script


def trickle(other: Other) -> None:
    other.raw.sendall(HEADER.pack(10**6))
    while True:
        other.raw.sendall(b"x")
        time.sleep(0.02)


def flood(other: Other) -> None:
    payload = encode({"outputs": [OUTPUT], "succeeded": True})
    while True:
        other.raw.sendall((HEADER.pack(len(payload)) + payload) * 100)


CELL_REPLIES: dict[str, tuple[Student, str]] = {
    "silence": (lambda other: time.sleep(0.01), "left out after 0.3 s"),
    "a trickle": (trickle, "left out after 0.3 s"),
    "a closed connection": (lambda other: other.raw.shutdown(socket.SHUT_RDWR), "SIGKILL"),
    "half a frame": (lambda other: other.raw.sendall(HEADER.pack(9) + b"x"), "left out after 0.3 s"),
    "a huge frame": (lambda other: other.raw.sendall(b"\xff" * 8), "not a cell's result"),
    "garbage": (lambda other: other.frames.send(b"\xc1"), "not a cell's result"),
    "no message": (lambda other: other.reply([1]), "not a cell's result"),
    "no outputs": (lambda other: other.reply({"value": 1}), "not a cell's result"),
    "outputs that are text": (lambda other: other.reply({"outputs": "text"}), "not a cell's result"),
    "outputs beyond the limit": (lambda other: other.reply({"outputs": ["x" * 10**6]}), "fit the limits"),
    "a handle": (lambda other: other.frames.send(b"\x93\x05\x01\xa1x"), "not a cell's result"),
    "a flood": (flood, "without being asked"),
}


@pytest.mark.parametrize(("reply", "note"), CELL_REPLIES.values(), ids=CELL_REPLIES)
def test_a_cell_whose_process_misbehaves_is_left_out(spawner_of: Any, reply: Student, note: str) -> None:
    spawner = spawner_of(misbehaving(reply), honest)
    began = time.monotonic()
    with Session(spawner, LIMITS) as session:
        runs = session.run_notebook([Cell("a", "1"), Cell("b", "2"), Cell("c", "3")])
        channel = session.exercise()
        channel.close()
    assert time.monotonic() - began < 5
    assert spawner.started == 2
    assert note in "".join(run.note for run in runs)
    assert [run.note for run in runs].count("") == 2


def test_a_notebook_that_always_misbehaves_leaves_nothing_to_check(spawner_of: Any) -> None:
    spawner = spawner_of(misbehaving(lambda other: other.reply(5), good_cells=0))
    with Session(spawner, LIMITS) as session:
        runs = session.run_notebook([Cell(name, "1") for name in "abc"])
        assert [bool(run.note) for run in runs] == [True, True, True]
        for _ in range(2):
            with pytest.raises(ProcessEnded, match="2 times"):
                session.exercise()
    assert spawner.started == 1 + LIMITS.restarts


def test_outputs_of_any_kind_are_handed_on_as_data(spawner_of: Any) -> None:
    odd = [None, 5, "text", [1, [2]], {"output_type": {"a": 1}}, {1: 2}]
    script = misbehaving(lambda other: other.reply({"outputs": odd}), good_cells=0)
    with Session(spawner_of(script), LIMITS) as session:
        assert session.run_notebook([Cell("a", "1")]) == [CellRun(odd)]


FORK_REPLIES: dict[str, tuple[Student, str]] = {
    "a closed connection": (lambda other: other.raw.shutdown(socket.SHUT_RDWR), "before the checks"),
    "garbage": (lambda other: other.frames.send(b"\xc1"), "before the checks"),
    "a huge frame": (lambda other: other.raw.sendall(b"\xff" * 8), "before the checks"),
    "no message": (lambda other: other.reply(7), "before the checks"),
    "silence": (lambda other: time.sleep(0.01), "before the checks"),
    "a refusal": (lambda other: other.reply({"refused": "too many"}), "too many"),
}


@pytest.mark.parametrize(("reply", "text"), FORK_REPLIES.values(), ids=FORK_REPLIES)
def test_a_process_that_does_not_fork(spawner_of: Any, reply: Student, text: str) -> None:
    with Session(spawner_of(misbehaving(reply)), LIMITS) as session:
        session.run_notebook([Cell("a", "1")])
        with pytest.raises(ProcessEnded, match=text):
            session.exercise()
        with pytest.raises(ProcessEnded):
            session.exercise()


@pytest.mark.parametrize("pid", [-1, 1, 2**70, "7", None, [7]], ids=repr)
def test_a_forged_process_number_harms_nobody(spawner_of: Any, pid: Any) -> None:
    def script(other: Other) -> None:
        other.start()
        other.request()
        other.reply({"value": pid})
        with contextlib.suppress(DeadlinePassed):
            asked.append(other.request()["arguments"]["pid"])
            other.reply({"value": None})

    asked: list[Any] = []
    with Session(spawner_of(script), Limits(call_seconds=0.1)) as session:
        session.run_notebook([])
        channel = session.exercise()
        with pytest.raises(StudentFault):
            channel.exchange(b"x", lambda question: question)
    assert asked in ([], [pid])


def test_a_notebook_process_that_does_not_end_its_child_is_ended_itself(spawner_of: Any) -> None:
    ends: list[int] = []

    def script(other: Other) -> None:
        other.start()
        _, fds = other.frames.receive_with_fds(time.monotonic() + 5)
        ends.extend(fds)
        other.reply({"value": 7})
        other.request()
        released.wait(10)

    released = threading.Event()
    spawner = spawner_of(script)
    limits = Limits(call_seconds=0.2)
    began = time.monotonic()
    with Session(spawner, limits) as session:
        session.run_notebook([])
        channel = session.exercise()
        with pytest.raises(LimitReached):
            channel.exchange(b"x", lambda question: question)
        assert time.monotonic() - began < 4
        with pytest.raises(ProcessEnded, match="during the checks"):
            session.exercise()
    released.set()
    for fd in ends:
        socket.socket(fileno=fd).close()


def unconfined(link: Connection, other: Other) -> None:
    link.send(encode({"event": "unconfined", "reason": "unshare: Operation not permitted"}))
    gone(link, other)


def gone(link: Connection, other: Other) -> None:
    other.raw.shutdown(socket.SHUT_RDWR)
    link._socket.shutdown(socket.SHUT_RDWR)


def gone_after_the_start(link: Connection, other: Other) -> None:
    link.send(encode({"event": "started"}))
    time.sleep(0.1)
    gone(link, other)


@pytest.mark.parametrize(
    ("supervisor", "fault"),
    [(unconfined, SandboxUnavailable), (gone, ForkserverLost), (gone_after_the_start, ForkserverLost)],
    ids=["unconfined", "gone", "gone later"],
)
def test_faults_of_ours_are_never_the_students(spawner_of: Any, supervisor: Any, fault: type[JudgeFault]) -> None:
    slow = misbehaving(lambda other: time.sleep(0.2), good_cells=0)
    with Session(spawner_of(slow, supervisor=supervisor), LIMITS) as session, pytest.raises(fault):
        session.run_notebook([Cell("a", "1")])


def test_a_supervisor_that_goes_during_a_check_is_not_the_students_fault(spawner_of: Any) -> None:
    leave = threading.Event()

    def supervisor(link: Connection, other: Other) -> None:
        link.send(encode({"event": "started"}))
        leave.wait(5)
        gone(link, other)

    with Session(spawner_of(honest, supervisor=supervisor), LIMITS) as session:
        session.run_notebook([])
        channel = session.exercise()
        leave.set()
        time.sleep(0.05)
        with pytest.raises(ForkserverLost):
            channel.exchange(b"x", lambda question: question)


def test_a_file_that_cannot_be_written_is_told(spawner_of: Any) -> None:
    def script(other: Other) -> None:
        other.request()
        other.reply({"refused": "data.csv: No space left on device"})
        other.request()

    with Session(spawner_of(script), LIMITS, {"data.csv": b"x"}) as session, pytest.raises(JudgeFault, match="file_mb"):
        session.run_notebook([Cell("a", "1")])


def test_the_notebooks_time_is_limited_as_a_whole(spawner_of: Any) -> None:
    def script(other: Other) -> None:
        other.start()
        while True:
            other.request()
            time.sleep(0.12)
            other.reply({"outputs": []})

    limits = Limits(cell_seconds=5, notebook_seconds=0.3)
    with Session(spawner_of(script), limits) as session:
        runs = session.run_notebook([Cell(str(n), "1") for n in range(5)])
    assert [run.note for run in runs[:2]] == ["", ""]
    assert runs[2].note == "stopped: the 0.3 s for the whole notebook were used up"
    assert {run.note for run in runs[3:]} == {"not run: the notebook's 0.3 s were used up"}
