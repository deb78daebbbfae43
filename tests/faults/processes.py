"""The processes of a running ``autograder grade``, by their role, and what is left of them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans(adopt: bool = True) -> None:
    """Have processes that lose their parent become children of this one, so that none is out of sight."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0) == 0


def children(pid: int) -> list[int]:
    """The processes that any thread of a process has started, the oldest first."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return sorted(int(child) for thread in threads for child in (thread / "children").read_text().split())
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return []


def descendants(pid: int) -> list[int]:
    found = children(pid)
    return found + [below for child in found for below in descendants(child)]


def words(pid: int) -> str:
    """The command line of a process; "" if it is gone, or has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


_not_ours: set[int] = set()  # what other tests have running below this process


def begin() -> None:
    """From now on, what is started below this process is ours."""
    _not_ours.update(children(os.getpid()))


def _ours() -> list[int]:
    return [pid for pid in children(os.getpid()) if pid not in _not_ours]


def left_running() -> list[str]:
    """What runs below this process: a test starts with nothing, and ends with nothing. Collects what has ended."""
    left = []
    for pid in _ours():
        if words(pid):
            left += [f"{one}: {words(one)[:200]}" for one in (pid, *descendants(pid))]
        else:
            with contextlib.suppress(ChildProcessError):  # its ``Popen`` has collected it
                os.waitpid(pid, os.WNOHANG)
    return left


def end_all() -> None:
    """Kill what a failed test has left, so that it disturbs no other."""
    for pid in (one for child in _ours() if words(child) for one in (child, *descendants(child))):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _source_of_workers(grading: int) -> list[int]:
    return [pid for pid in children(grading) if "multiprocessing.forkserver" in words(pid)]


def _bubblewrap(grading: int) -> list[int]:
    return [pid for pid in children(grading) if "autograder.student.forkserver" in words(pid)]


def _below(pids: list[int]) -> list[int]:
    return [child for pid in pids for child in children(pid)]


def _student_forkserver(grading: int) -> list[int]:
    """The first process below bubblewrap that is no bubblewrap."""
    found = _bubblewrap(grading)
    while any("bwrap" in words(pid).split(" ")[0] for pid in found):
        found = _below(found)
    return found


VICTIMS = {
    "the grading process": lambda grading: [grading],
    "a worker": lambda grading: _below(_source_of_workers(grading)),
    "what workers are forked from": _source_of_workers,
    "bubblewrap": _bubblewrap,
    "the student forkserver": _student_forkserver,
    "a supervisor": lambda grading: _below(_student_forkserver(grading)),
    "a notebook process": lambda grading: _below(_below(_student_forkserver(grading))),
}
