"""The supervisor of one submission: forks the confined notebook process, watches its memory, reports how it ended.

Trusted: it runs no student code and is out of the student's sight (an outer pid namespace). Its connection to the judge
is another one than the student's, so what it says cannot be forged: how the process ended, and which system calls were
refused.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from typing import Any, NoReturn

from autograder.student import confine
from autograder.student.memory import MemoryWatch, alive, process_tree
from autograder.student.notebook import NotebookShell
from autograder.student.process import prepare
from autograder.student.refused import Refusals
from autograder.student.sockets import Sockets
from autograder.wire import Connection, ConnectionClosed, decode, encode

WATCH_SECONDS = 0.1
LISTENER = b"listener "
END_SECONDS = 10.0  # for what was killed to be gone: on a busy machine that may take a while, and is nobody's fault


def supervise(
    link: Connection, student_fd: int, entrance: int, kept: Sequence[int], job: dict[str, Any], shell: NotebookShell
) -> NoReturn:
    """Confine, fork and watch one notebook process. Never returns: this process ends with it.

    ``entrance`` is where the notebook process enters its control group (-1: it has none). ``kept`` are descriptors that
    stay open until the end, here and nowhere else.
    """
    try:
        if job["confined"]:
            confine.enter_namespaces(job["nobody"], job.get("user", job["nobody"]))
        confine.die_with_parent()
        sockets = Sockets() if job["confined"] else None  # unconfined, they would be the whole machine's
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            for fd in kept:
                os.close(fd)
            if sockets:
                sockets.close()
            _become_notebook_process(link, theirs, (student_fd, entrance), job, shell)
    except Exception as error:
        link.send(encode({"event": "unconfined", "reason": f"{type(error).__name__}: {error}"}))
        os._exit(1)
    os.close(student_fd)
    if entrance >= 0:
        os.close(entrance)
    theirs.close()
    trouble, listener = _heard(ours)
    if trouble:
        link.send(encode({"event": "unconfined", "reason": trouble}))
        os._exit(1)
    link.send(encode({"event": "started"}))
    memory = MemoryWatch(pid, int(job["limits"]["memory_mb"]) * 1024, sockets)
    refusals = Refusals(listener, job["filters"]["numbers"] if job["confined"] else {})
    _watch(link, pid, job["limits"], memory, refusals)


def _heard(ready: socket.socket) -> tuple[str, int]:
    """What the notebook process says before any student code runs: its trouble, if any, and the filter's listener."""
    listener, said = -1, b""
    with ready:
        while True:
            data, fds, _, _ = socket.recv_fds(ready, 4096, 1)
            if fds:
                (listener,) = fds
                said += data.removeprefix(LISTENER)
            elif data:
                said += data
            else:
                return said.decode(), listener


def _become_notebook_process(
    link: Connection, ready: socket.socket, fds: tuple[int, int], job: dict[str, Any], shell: NotebookShell
) -> NoReturn:
    link.close()
    student_fd, entrance = fds
    try:
        if entrance >= 0:
            confine.enter_group(entrance)
        os.setsid()
        if job["confined"]:
            listener = confine.seal(job["limits"], job["filters"])
            if listener >= 0:
                socket.send_fds(ready, [LISTENER], [listener])
                os.close(listener)
            confine.limit_descriptors()
        else:
            confine.die_with_parent()
            os.chdir(job["home"])
        notebook = prepare(student_fd, shell, job["ban"])
    except Exception as error:
        ready.sendall(f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    ready.close()
    notebook.serve()


def _watch(link: Connection, pid: int, limits: dict[str, Any], memory: MemoryWatch, refusals: Refusals) -> NoReturn:
    process = os.pidfd_open(pid)
    poller = select.poll()
    for fd in (process, link.fileno(), refusals.listener):
        if fd >= 0:
            poller.register(fd, select.POLLIN)
    reason, looked = "", 0.0
    while True:
        ready = dict(poller.poll(WATCH_SECONDS * 1000))
        if process in ready:
            break
        if refusals.listener in ready:
            _refuse(refusals, ready[refusals.listener], poller)
        if link.fileno() in ready:
            reason = _obey(link, pid, process, refusals) or reason
        elif not ready or time.monotonic() - looked >= WATCH_SECONDS:
            looked = time.monotonic()
            if memory.exceeded():
                reason = "memory"
                os.kill(pid, signal.SIGKILL)
    _, status, used = os.wait4(pid, 0)
    # The limit's clock is one of ticks: on a busy machine it runs far ahead of what was really used.
    if reason != "memory" and used.ru_utime + used.ru_stime >= 0.5 * int(limits["cpu_seconds"]):
        reason = "cpu"
    # The judge may be gone: then nobody needs the report.
    with contextlib.suppress(ConnectionClosed):
        ended = {"event": "ended", "status": os.waitstatus_to_exitcode(status), "reason": reason}
        link.send(encode(ended | {"refused": sorted(refusals.noted)}))
    os._exit(0)


def _refuse(refusals: Refusals, events: int, poller: select.poll) -> None:
    listener = refusals.listener
    if events & select.POLLIN:
        refusals.answer()
    else:  # nobody is left whom the filter confines
        refusals.close()
    if refusals.listener < 0:
        poller.unregister(listener)


def _obey(link: Connection, pid: int, process: int, refusals: Refusals) -> str:
    """Carry out the judge's order; returns "ordered" where that is what ends the process."""
    try:
        order = decode(link.receive(time.monotonic() + 5))["op"]
    except ConnectionClosed:
        order = "kill"
    if order == "close in":
        refusals.programs = False
        link.send(encode({"event": "closed in", "alone": _end_others(pid)}))
        return ""
    ended = bool(select.select([process], [], [], 0)[0])  # by itself, just now
    os.kill(pid, signal.SIGINT if order == "interrupt" else signal.SIGKILL)  # not collected yet: it is still this one
    if order == "kill":
        # Pid 1's end takes its whole namespace along; unconfined processes have no such end, so their group goes.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return "" if ended or order != "kill" else "ordered"


def _end_others(pid: int) -> bool:
    """End every process that the notebook process left running; tells whether it is alone now."""
    deadline = time.monotonic() + END_SECONDS
    while others := [other for other in process_tree(pid)[1:] if alive(other)]:
        for other in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(other, signal.SIGKILL)  # in a namespace of ours: its number is not soon used again
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True
