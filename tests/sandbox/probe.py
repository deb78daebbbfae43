"""Run a few cells in a real sandbox and look at what they did."""

from __future__ import annotations

import contextlib
import json
import os
import textwrap
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from autograder.judge.contract import Contract
from autograder.judge.forkserver import Forkserver, Spawner
from autograder.judge.limits import Limits
from autograder.judge.proxies import Conversation, StudentProxy
from autograder.judge.session import Cell, CellRun, Session
from autograder.judge.users import IDS, NOBODY

LIMITS = Limits(cell_seconds=10, notebook_seconds=30, call_seconds=5, memory_mb=512, file_mb=8, processes=24)


def cells(*sources: str) -> list[Cell]:
    return [Cell(f"cell {number}", textwrap.dedent(source)) for number, source in enumerate(sources)]


def run(
    spawner: Spawner, *sources: str, limits: Limits = LIMITS, files: Mapping[str, bytes] | None = None
) -> list[CellRun]:
    """Run the sources as the cells of one notebook."""
    with Session(spawner, limits, files) as session:
        return session.run_notebook(cells(*sources))


def text_of(run: CellRun) -> str:
    """What a cell printed, its errors included."""
    parts = [output.get("text") or "\n".join(output.get("traceback", ())) for output in run.outputs]
    return "".join(parts)


def told(spawner: Spawner, source: str, limits: Limits = LIMITS) -> Any:
    """Run one cell that prints JSON on its last line, and return that."""
    (only,) = run(spawner, source, limits=limits)
    try:
        return json.loads(text_of(only).splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise AssertionError(f"{only.note} {text_of(only)}") from error


def student_of(session: Session, contract: Contract | None = None) -> StudentProxy:
    return StudentProxy(Conversation(session.exercise(), contract or Contract()))


# Put before the source of a cell that tries many things: ``attempt(name, function)`` notes what became of each.
ATTEMPTS = """
import ctypes, errno, json, os, socket
libc = ctypes.CDLL(None, use_errno=True)
results = {}

def attempt(name, function, *arguments):
    try:
        value = function(*arguments)
    except OSError as error:
        results[name] = errno.errorcode.get(error.errno, str(error.errno))
    except Exception as error:
        results[name] = type(error).__name__
    else:
        results[name] = "worked"
        return value

def call(number, *arguments):
    ctypes.set_errno(0)
    if libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)) == -1:
        raise OSError(ctypes.get_errno(), "syscall")
"""


def attempted(spawner: Spawner, source: str, limits: Limits = LIMITS) -> dict[str, str]:
    """Run a cell of attempts and return what became of each: "worked", or the name of the error."""
    found = told(spawner, ATTEMPTS + textwrap.dedent(source) + "\nprint(json.dumps(results))", limits)
    assert isinstance(found, dict)
    return found


def descendants(pid: int) -> dict[int, str]:
    """All processes below ``pid`` on this machine, with their command lines."""
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {child: command_of(child) for child in sorted(found - {pid})}


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:200]
    except OSError:
        return "(ended)"


def student_processes(forkserver: Forkserver) -> dict[int, str]:
    """The processes of submissions that live now: everything below the forkserver itself."""
    return descendants(server_of(forkserver))


def server_of(forkserver: Forkserver) -> int:
    """The forkserver's own process: below it are submissions, above it bubblewrap's two."""
    (inner,) = children_of(forkserver.pid)
    return children_of(inner)[0]  # further ones are orphans that the inner bubblewrap adopted


def living(pids: Iterable[int]) -> list[int]:
    """Those of the processes that have not ended; one that has may wait as a zombie for the machine's init."""
    found = []
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                found.append(pid)
    return found


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def eventually(condition: Callable[[], object], seconds: float = 5) -> bool:
    """Wait until the condition holds; False if it never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def host_processes_of_student() -> list[int]:
    """Processes of the users that student code becomes where the grader is root."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.stat(f"/proc/{entry}").st_uid in (*IDS, NOBODY):
                    found.append(int(entry))
            except OSError:
                continue
    return found
