"""One submission's processes, from the judge's side: run the notebook, then fork a process for each exercise.

What comes over the student's connection is untrusted; what comes over the supervisor's is the truth about how a
process ended. A cell that hangs is interrupted; one that will not be interrupted, or that ends the process, is left out
and the notebook runs again without it, so that one bad cell costs no other exercise's points.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.errors import ForkserverLost, JudgeFault, ProcessEnded, SandboxUnavailable
from autograder.judge.cgroups import Group
from autograder.judge.channel import SocketChannel
from autograder.judge.contract import Banned
from autograder.judge.forkserver import Spawner, advice
from autograder.judge.limits import Limits
from autograder.wire import (
    Connection,
    ConnectionClosed,
    DeadlinePassed,
    FrameTooLarge,
    Unasked,
    Undecodable,
    decode,
    encode,
)
from autograder.wire.frames import pair

START_SECONDS = 30.0
FORK_SECONDS = 10.0  # takes some 10 ms; but it is the code's own process that is asked
INTERRUPT_SECONDS = 2.0
REPORT_SECONDS = 0.1  # between the end of a namespace and its supervisor's report of it
BROKEN = (ConnectionClosed, DeadlinePassed, FrameTooLarge, Unasked, Undecodable)
MOST_PID = 2**22  # Linux has no larger process id
SMALL = 2**16  # bytes; replies that are not outputs are far smaller
MAX_TOLD = 300  # characters of what the code's process says
SEED = 20_240_229  # of the generators when the notebook starts: judging again gives the same record


@dataclass(frozen=True)
class Cell:
    """One code cell to run: its id in the canonical notebook and its source."""

    id: str
    source: str


@dataclass
class CellRun:
    """What a cell did: raw outputs (untrusted), and a note when it did not end by itself."""

    outputs: list[Any] = field(default_factory=list)
    note: str = ""


class _CellEndedProcess(Exception):
    """The cell's process ended, or had to be ended; the text is the note for the student."""


class Session:
    """The processes of one submission. Use as a context manager; everything ends with it."""

    def __init__(
        self,
        spawner: Spawner,
        limits: Limits,
        files: Mapping[str, bytes] | None = None,
        banned: Banned | None = None,
    ) -> None:
        self._spawner = spawner
        self._limits = limits
        self._banned = banned or Banned()
        self._closed_in = False
        self._files = dict(files or {})
        self._student: Connection | None = None
        self._supervisor: Connection | None = None
        self._group: Group | None = None
        self._home: Path | None = None
        self._cells: Sequence[Cell] = ()
        self._left_out: dict[int, str] = {}
        self._channels: list[SocketChannel] = []
        self.dead = ""  # why no exercise process can be had any more
        self.open_ban = ""  # why what is banned still works, for an instructor
        self.refused: set[tuple[int, int]] = set()  # system calls, by number and first argument; all once closed

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run_notebook(self, cells: Sequence[Cell]) -> list[CellRun]:
        """Run the cells in order; returns what each printed. Raises JudgeFault, never a fault of the student's."""
        self._cells = cells
        deadline = time.monotonic() + self._limits.notebook_seconds
        while True:
            self._start()
            runs: list[CellRun] = []
            for number, cell in enumerate(cells):
                try:
                    runs.append(self._run_cell(number, cell, deadline))
                except _CellEndedProcess as error:
                    self._left_out[number] = str(error)
                    break
            else:
                return runs
            if len(self._left_out) > self._limits.restarts:
                self.dead = f"the notebook ended or blocked its process {len(self._left_out)} times; last: " + str(
                    self._left_out[number]
                )
                rest = [CellRun(note="not run") for _ in cells[len(runs) :]]
                rest[0].note = self._left_out[number]
                return runs + rest

    def exercise(self, call_seconds: float | None = None) -> SocketChannel:
        """Fork an exercise process. Raises ProcessEnded where the notebook left no process to fork.

        ``call_seconds``: what each of its calls may take, where that is less than the assignment's limit.
        """
        if self.dead:
            raise ProcessEnded(self.dead)
        assert self._student is not None, "run_notebook comes first"
        if self._banned.anything and not self._closed_in:
            self._close_in()
        ours, theirs = pair()
        try:
            with theirs:
                reply = self._ask({"op": "fork"}, time.monotonic() + FORK_SECONDS, [theirs.fileno()])
        except BROKEN as error:
            ours.close()
            self.dead = f"the notebook's process {self._how_it_ended()} before the checks"
            raise ProcessEnded(self.dead) from error
        if "refused" in reply:
            ours.close()
            raise ProcessEnded(f"no process can be started for the checks: {reply['refused']}")
        give_up = functools.partial(self._kill_exercise, reply.get("value"))
        limits = self._limits if call_seconds is None else replace(self._limits, call_seconds=call_seconds)
        channel = SocketChannel(ours, limits, give_up, self._why_ended)
        self._channels.append(channel)
        return channel

    def _close_in(self) -> None:
        """Before the first exercise: end what the cells left running, and shut what is banned.

        From here on no program can be started: a fresh Python would not know of any ban. Raises ProcessEnded.
        """
        self._closed_in = True
        if self._spawner.confined:
            self._order("close in")
            event = self._event(START_SECONDS)
            if event["event"] == "ended":
                self.dead = f"the notebook's process {self._how_it_ended(event)} before the checks"
            elif not event["alone"]:
                self.dead = "the notebook left processes behind that start others without end"
            if self.dead:
                raise ProcessEnded(self.dead)
        try:
            reply = self._ask({"op": "ban", "arguments": {}}, time.monotonic() + FORK_SECONDS)
        except BROKEN as error:
            self.dead = f"the notebook's process {self._how_it_ended()} before the checks"
            raise ProcessEnded(self.dead) from error
        if "refused" in reply:  # the trace still sees what is used; odd code that is right must not be a zero for this
            self.open_ban = f"what is banned could not be shut: {str(reply['refused'])[:MAX_TOLD]}"

    def close(self) -> None:
        """End all processes of the submission."""
        for channel in self._channels:
            channel.close()
        self._channels.clear()
        if self._supervisor is not None:
            # A supervisor that is gone has taken its submission's processes along.
            with contextlib.suppress(ForkserverLost):
                self._kill()
        for connection in (self._student, self._supervisor):
            if connection is not None:
                connection.close()
        self._student = self._supervisor = None
        self._leave_group()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None

    def _start(self) -> None:
        self.close()
        if not self._spawner.confined:
            self._home = Path(tempfile.mkdtemp(prefix="autograder-home-"))
        self._group = self._spawner.group(self._limits)
        self._closed_in = False
        self._student, self._supervisor = self._spawner.spawn(self._limits, self._home, self._group, self._banned)
        event = self._event(START_SECONDS)
        if event["event"] == "unconfined":
            reason = str(event["reason"])
            raise SandboxUnavailable(f"a submission's process could not be confined: {reason}. {advice(reason)}")
        arguments = {"files": self._files, "seed": SEED}
        try:
            reply = self._ask({"op": "files", "arguments": arguments}, time.monotonic() + START_SECONDS)
        except BROKEN as error:
            raise ForkserverLost(f"a fresh notebook process did not start ({error})") from error
        if "refused" in reply:
            raise JudgeFault(f"a file beside the notebook cannot be written: {reply['refused']}; see the limit file_mb")

    def _run_cell(self, number: int, cell: Cell, notebook_deadline: float) -> CellRun:
        if number in self._left_out:
            return CellRun(note=self._left_out[number])
        now = time.monotonic()
        if now >= notebook_deadline:
            return CellRun(note=f"not run: the notebook's {self._limits.notebook_seconds:g} s were used up")
        limit = self._limits.output_kb * 1024
        request = {"op": "cell", "arguments": {"source": cell.source, "limit": limit}}
        try:
            deadline = min(now + self._limits.cell_seconds, notebook_deadline)
            return CellRun(_outputs(self._ask(request, deadline, most=_most_bytes(limit))))
        except DeadlinePassed:
            return self._interrupt(self._time_note(notebook_deadline - now), _most_bytes(limit))
        except ConnectionClosed as error:
            raise _CellEndedProcess(f"left out: it {self._how_it_ended()}") from error
        except (FrameTooLarge, Unasked, Undecodable) as error:
            raise _CellEndedProcess(f"left out: it sent something that is not a cell's result ({error})") from error

    def _time_note(self, left: float) -> str:
        if left < self._limits.cell_seconds:
            return f"stopped: the {self._limits.notebook_seconds:g} s for the whole notebook were used up"
        return f"stopped after {self._limits.cell_seconds:g} s: the limit for one cell"

    def _interrupt(self, note: str, most: int) -> CellRun:
        assert self._student is not None
        self._order("interrupt")
        try:
            return CellRun(_outputs(_decoded(self._student.receive(time.monotonic() + INTERRUPT_SECONDS), most)), note)
        except BROKEN as error:
            raise _CellEndedProcess(note.replace("stopped", "ended and left out")) from error

    def _ask(
        self, message: dict[str, Any], deadline: float, fds: Sequence[int] = (), most: int = SMALL
    ) -> dict[str, Any]:
        assert self._student is not None
        self._student.expect_silence()
        self._student.send(encode(message), deadline, fds)
        return _decoded(self._student.receive(deadline), most)

    def _event(self, seconds: float) -> dict[str, Any]:
        assert self._supervisor is not None
        try:
            event: dict[str, Any] = decode(self._supervisor.receive(time.monotonic() + seconds))
        except (ConnectionClosed, DeadlinePassed) as error:
            raise ForkserverLost("the supervisor of a submission did not report; was it killed?") from error
        self.refused.update(event.get("refused", ()))
        return event

    def _order(self, order: str) -> None:
        assert self._supervisor is not None
        # It ended on its own a moment ago: its last report is still to be read.
        with contextlib.suppress(ConnectionClosed, DeadlinePassed):
            self._supervisor.send(encode({"op": order}), time.monotonic() + START_SECONDS)

    def _kill(self) -> None:
        self._order("kill")
        self._event(START_SECONDS)

    def _how_it_ended(self, event: dict[str, Any] | None = None) -> str:
        """Say how the notebook process ended (killing it where it did not), in words for the student.

        ``event`` is the supervisor's report, where it has been read already.
        """
        assert self._supervisor is not None
        if event is None:
            if not self._supervisor.readable(REPORT_SECONDS):
                self._order("kill")
            event = self._event(START_SECONDS)
        assert self._student is not None
        self._student.close()
        self._supervisor.close()
        self._student = self._supervisor = None
        if self._leave_group():
            event["reason"] = "memory"
        if event["status"] == -signal.SIGKILL and not event["reason"] and self._spawner.confined:
            # Nothing inside can kill the first process of a namespace: the machine ran out of memory, or somebody did.
            raise ForkserverLost("a submission's process was killed from outside; is the machine out of memory?")
        return ending(int(event["status"]), str(event["reason"]), self._limits)

    def _leave_group(self) -> bool:
        """Remove the control group, if there is one; tells whether the kernel ended it for its memory."""
        group, self._group = self._group, None
        if group is None:
            return False
        try:
            return group.ran_out()
        finally:
            group.close()

    def _why_ended(self) -> str:
        """Why an exercise process went together with the whole submission; "" if it went alone, by its own doing.

        Raises ForkserverLost if the supervisor went too: then it was not the student's doing.
        """
        if self.dead or self._supervisor is None:
            return self.dead
        if not self._supervisor.readable(REPORT_SECONDS):
            return ""
        self.dead = f"the notebook's process {self._how_it_ended()} during the checks"
        return self.dead

    def _kill_exercise(self, pid: Any) -> None:
        """Ask for the end of an exercise process that was given up. One that does not obey ends with the session."""
        if self._student is None or type(pid) is not int or not 0 < pid <= MOST_PID:
            return
        try:
            self._ask({"op": "kill", "arguments": {"pid": pid}}, time.monotonic() + INTERRUPT_SECONDS)
        except BROKEN:
            self.dead = f"the notebook's process {self._how_it_ended()} during the checks"


def ending(status: int, reason: str, limits: Limits) -> str:
    """Say in words how a process ended; ``status`` as of ``os.waitstatus_to_exitcode``."""
    if reason == "memory":
        return f"used more than {limits.memory_mb} MiB of memory"
    if status >= 0:
        return f"ended its process (exit code {status})"
    if -status == signal.SIGXCPU or (-status == signal.SIGKILL and reason == "cpu"):
        return f"used more than {limits.cpu_seconds} s of processor time"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = str(-status)
    return f"crashed or was killed (signal {name})"


def _most_bytes(limit: int) -> int:
    """What a cell's reply may measure whose text is at most ``limit`` characters: UTF-8 takes four bytes for some."""
    return 4 * limit + SMALL


def _decoded(data: bytes, most: int) -> dict[str, Any]:
    if len(data) > most:
        raise Undecodable(f"a reply of {len(data)} bytes, where at most {most} fit the limits")
    message = decode(data)
    if not isinstance(message, dict):
        raise Undecodable("a reply that is no message")
    return message


def _outputs(reply: dict[str, Any]) -> list[Any]:
    outputs = reply.get("outputs")
    if not isinstance(outputs, list):
        raise Undecodable("a reply without outputs")
    return outputs
