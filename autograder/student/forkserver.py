"""The forkserver: imports an environment's libraries once, then forks a process for each submission.

Runs inside bubblewrap (or, for one's own code only, without it). It runs no student code: for every request it forks a
supervisor, which confines itself and forks the notebook process. Requests come over a listening Unix socket whose path
lies outside the sandbox; each brings two sockets, the student's and the supervisor's, where the submission has a user
id of its own the lock that keeps it, and where it has a control group the file to enter by. It ends when its lifeline
(a pipe) closes, or when the judge's process (a pidfd) ends: a process forked from the judge may hold the pipe open.

    python -m autograder.student.forkserver LISTENER LIFELINE OWNER READY SETTINGS(json)
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from typing import Any, NoReturn

import numpy as np

from autograder.student import trace
from autograder.student.answer import Answerer
from autograder.student.ban import find
from autograder.student.notebook import NotebookShell, make_shell
from autograder.student.supervisor import supervise
from autograder.wire import Connection, ConnectionClosed, DeadlinePassed, FrameTooLarge, Undecodable, decode, encode

REQUEST_SECONDS = 10
REHEARSAL = (
    """
import math
from typing import Any

def rehearsed(*values: Any) -> list[Any]:
    \"\"\"Return what it is given.\"\"\"
    return list(values)

class Rehearsed:
    def __init__(self, value: float = 1.0) -> None:
        self.value = value

def raises(text: str = "text") -> None:
    raise ValueError(f"a {text} of {math.pi:.3f}")
""",
    """
assert rehearsed(Rehearsed().value) == [1.0]
for number, name in enumerate(["a", "b"]):
    print(f"{number:<8}{name:>8}")
""",
    "raises()",
    "{'value': 1.0}",
)
HUGE_PAGE = 2 * 2**20
MADV_COLLAPSE = 25


def prepare(preload: list[str]) -> NotebookShell:
    """Import the libraries, on one thread, and make the shell that every submission inherits."""
    gc.disable()  # imports make a million objects that stay: looking through them again and again finds nothing
    shell = make_shell(preload)
    for name in (*preload, "numpy.random"):
        importlib.import_module(name)
    if "torch" in sys.modules:
        # A fork under live OpenMP or autograd threads can hang the child.
        torch = sys.modules["torch"]
        torch.set_num_threads(1)
        torch.randn(2, 2) @ torch.ones(2, 2)  # reads /proc/cpuinfo once; submissions have no /proc
        trace.prepare()
    _rehearse(shell)
    shell.forget()
    gc.collect()
    gc.freeze()
    gc.enable()
    use_huge_pages()
    return shell


def _rehearse(shell: NotebookShell) -> None:
    """Run cells and answer calls as every submission will, once, ahead of the fork.

    What is done here for the first time (patterns compiled, caches filled, operators set up) is inherited; done after
    the fork it would cost each process the time, and a copy of each page of memory that it is written to.
    """
    for _ in range(2):
        for cell in REHEARSAL:
            shell.run(cell, 10_000)
    answerer = Answerer(shell.user_ns, lambda number, args, kwargs: None)
    values: list[Any] = [1, 2.0, True, "text", None, (1, 2), [1.0], {"key": 1}, np.ones((2, 3))]
    if "torch" in sys.modules:
        values += [sys.modules["torch"].ones(2, 3, dtype=dtype) for dtype in (None, sys.modules["torch"].float64)]
    call: dict[str, Any] = {"op": "call", "kwargs": {}, "returns": None, "guard": True, "traced": True}
    for name, args in (("rehearsed", values), ("raises", ()), ("missing", ())):
        for returns in (None, "keep"):
            request = call | {"target": ("name", name), "args": tuple(args), "seed": 1, "returns": returns}
            decode(answerer.answer(encode(request)), lambda remote: remote)


def use_huge_pages() -> None:
    """Have the kernel keep the libraries' memory in huge pages: a fork then copies a few hundred entries, not 60,000.

    Linux before 6.1 cannot (EINVAL), and memory may be too fragmented: then forks take a little longer, no more.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/maps") as stream:
        lines = [line.split() for line in stream]
    for line in lines:
        if line[1] == "rw-p" and line[4] == "0":
            start, end = (int(part, 16) for part in line[0].split("-"))
            first, last = -(-start // HUGE_PAGE) * HUGE_PAGE, end // HUGE_PAGE * HUGE_PAGE
            if last > first:
                libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), MADV_COLLAPSE)


def main() -> None:
    """Serve until the judge ends it, or ends itself."""
    fds = listener_fd, lifeline, owner, ready = [int(argument) for argument in sys.argv[1:5]]
    settings = json.loads(sys.argv[5])
    for fd in fds:
        os.set_inheritable(fd, False)
    _settle()
    try:
        shell = prepare(settings["preload"])
    except Exception:
        os.write(ready, ("failed: " + traceback.format_exc()).encode()[-4000:])
        raise
    os.write(ready, b"ready")
    os.close(ready)
    serve(socket.socket(fileno=listener_fd), (lifeline, owner), settings, shell)


def _settle() -> None:
    """Depend on nothing of the process that started this one: its arguments, umask, signals, and directory."""
    sys.argv[1:] = []
    sys.path[0] = ""  # as in Jupyter, modules beside the notebook can be imported
    os.umask(0o022)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)


def serve(listener: socket.socket, ends: tuple[int, int], settings: dict[str, Any], shell: NotebookShell) -> None:
    """Fork a supervisor for each connection and collect the ended ones, until one of ``ends`` becomes readable."""
    if settings["filters"]:
        settings["filters"]["programs"] = [base64.b64decode(text) for text in settings["filters"]["programs"]]
    signal.signal(signal.SIGCHLD, lambda *_: None)
    wake_read, wake_write = os.pipe()
    for end in (wake_read, wake_write):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    poller = select.poll()
    for fd in (listener.fileno(), *ends, wake_read):
        poller.register(fd, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poller.poll()}
        if wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake_read, 4096)
            _reap()
        if ready.intersection(ends):
            return
        if listener.fileno() in ready:
            inherited = [listener.fileno(), *ends, wake_read, wake_write]
            _accept(listener, inherited, settings, shell)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _accept(listener: socket.socket, inherited: list[int], settings: dict[str, Any], shell: NotebookShell) -> None:
    peer, _ = listener.accept()
    with contextlib.closing(Connection(peer)) as request:
        try:
            payload, fds = request.receive_with_fds(time.monotonic() + REQUEST_SECONDS, max_fds=4)
        except (ConnectionClosed, DeadlinePassed, FrameTooLarge):
            return  # a judge that went away before it had asked for anything
        try:
            job = decode(payload)
            if not isinstance(job, dict) or len(fds) != 2 + ("user" in job) + bool(job.get("grouped")):
                raise Undecodable("it needs limits, two sockets, a lock for a user and the entrance to a group")
            # Looked up here, the names are looked up once for a class.
            job["ban"] = find(tuple(job["banned"]["functions"]), tuple(job["banned"]["operators"]))
            if os.fork() == 0:
                _become_supervisor(fds, [*inherited, request.fileno()], settings | job, shell)
        except (OSError, Undecodable) as error:
            # No process can be had just now, or the request is none: the judge sees its connections closed.
            print(f"a request was not served: {error}", file=sys.stderr, flush=True)
        finally:
            for fd in fds:
                os.close(fd)


def _become_supervisor(fds: list[int], inherited: list[int], job: dict[str, Any], shell: NotebookShell) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for fd in inherited:
            os.close(fd)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.close(null)
        student_fd, link_fd, *kept = fds
        entrance = kept.pop() if job["grouped"] else -1
        supervise(Connection(socket.socket(fileno=link_fd)), student_fd, entrance, kept, job, shell)
    finally:
        os._exit(70)  # never back into the forkserver's loop


if __name__ == "__main__":
    main()
