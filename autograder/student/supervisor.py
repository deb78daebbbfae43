"""The supervisor of one submission: forks the confined notebook process, watches its memory, reports how it ended.

Trusted: it runs no student code and is out of the student's sight (an outer pid namespace). Its connection to the judge
is another one than the student's, so what it says cannot be forged.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import Any, NoReturn

from autograder.student import confine
from autograder.student.memory import MemoryWatch
from autograder.student.notebook import NotebookShell
from autograder.student.process import prepare
from autograder.wire import Connection, ConnectionClosed, decode, encode

WATCH_SECONDS = 0.1


def supervise(link: Connection, student_fd: int, job: dict[str, Any], shell: NotebookShell) -> NoReturn:
    """Confine, fork and watch one notebook process. Never returns: this process ends with it."""
    try:
        if job["confined"]:
            confine.enter_namespaces(job["uid"])
        confine.die_with_parent()
        ready_read, ready_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ready_read)
            _become_notebook_process(link, ready_write, student_fd, job, shell)
    except Exception as error:
        link.send(encode({"event": "unconfined", "reason": f"{type(error).__name__}: {error}"}))
        os._exit(1)
    os.close(student_fd)
    os.close(ready_write)
    with open(ready_read, "rb") as stream:
        trouble = stream.read().decode()
    if trouble:
        link.send(encode({"event": "unconfined", "reason": trouble}))
        os._exit(1)
    link.send(encode({"event": "started"}))
    _watch(link, pid, job["limits"])


def _become_notebook_process(
    link: Connection, ready: int, student_fd: int, job: dict[str, Any], shell: NotebookShell
) -> NoReturn:
    link.close()
    try:
        os.setsid()
        if job["confined"]:
            confine.seal(job["limits"], job["filter"])
        else:
            confine.die_with_parent()
            os.chdir(job["home"])
        notebook = prepare(student_fd, shell)
    except Exception as error:
        os.write(ready, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.close(ready)
    notebook.serve()


def _watch(link: Connection, pid: int, limits: dict[str, Any]) -> NoReturn:
    process = os.pidfd_open(pid)
    poller = select.poll()
    poller.register(process, select.POLLIN)
    poller.register(link, select.POLLIN)
    memory, reason = MemoryWatch(pid, int(limits["memory_mb"]) * 1024), ""
    while True:
        ready = {fd for fd, _ in poller.poll(WATCH_SECONDS * 1000)}
        if process in ready:
            break
        if link.fileno() in ready:
            _obey(link, pid)
        elif memory.exceeded():
            reason = "memory"
            os.kill(pid, signal.SIGKILL)
    _, status, used = os.wait4(pid, 0)
    if not reason and used.ru_utime + used.ru_stime >= 0.9 * int(limits["cpu_seconds"]):  # the limit's clock is coarse
        reason = "cpu"
    # The judge may be gone: then nobody needs the report.
    with contextlib.suppress(ConnectionClosed):
        link.send(encode({"event": "ended", "status": os.waitstatus_to_exitcode(status), "reason": reason}))
    os._exit(0)


def _obey(link: Connection, pid: int) -> None:
    try:
        order = decode(link.receive(time.monotonic() + 5))["op"]
    except ConnectionClosed:
        order = "kill"
    with contextlib.suppress(ProcessLookupError):  # it ended by itself just now
        os.kill(pid, signal.SIGINT if order == "interrupt" else signal.SIGKILL)
    if order == "kill":
        # Pid 1's end takes its whole namespace along; unconfined processes have no such end, so their group goes.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
