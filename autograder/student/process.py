"""The notebook process and its exercise processes: serve the judge over the student's connection.

Untrusted from the first cell on: student code shares this process and may change any of it. Nothing here protects
anything but the student's own comfort; protection is in ``confine`` and in the judge.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from autograder.student.answer import Answerer, CallbackFailed, describe, seed_generators, unsendable
from autograder.student.ban import Ban
from autograder.student.notebook import NotebookShell, interruptible
from autograder.wire import CALLBACK, REPLY, Connection, ConnectionClosed, FrameTooLarge, decode, encode


class NotebookProcess:
    """Runs cells and forks exercise processes, as the judge asks."""

    def __init__(self, connection: Connection, shell: NotebookShell, ban: Ban) -> None:
        self._connection = connection
        self._shell = shell
        self._ban = ban
        self._operations: dict[str, Callable[..., dict[str, Any]]] = {
            "files": self._files,
            "cell": self._cell,
            "ban": self._begin_ban,
            "kill": self._kill,
        }

    def serve(self) -> NoReturn:
        """Answer until the judge closes the connection; then end this process."""
        try:
            while True:
                payload, fds = self._connection.receive_with_fds(None, max_fds=1)
                _reap()
                request = decode(payload)
                if request["op"] == "fork":
                    self._fork(fds[0])
                else:
                    self._connection.send(encode(self._operations[request["op"]](**request["arguments"])))
        except ConnectionClosed:
            os._exit(0)

    def _files(self, files: dict[str, bytes], seed: int) -> dict[str, Any]:
        """Write the files beside the notebook and seed the generators."""
        seed_generators(seed)
        for name, content in files.items():
            path = PurePosixPath(name)
            try:
                os.makedirs(path.parent, exist_ok=True)
                with open(path, "wb") as stream:
                    stream.write(content)
            except OSError as error:  # full, or two names that cannot both be
                return {"refused": f"{name}: {error.strerror}"}
        return {"value": len(files)}

    def _cell(self, source: str, limit: int) -> dict[str, Any]:
        process = os.getpid()
        with interruptible():
            outputs, succeeded = self._shell.run(source, limit)
        _end_if_forked(process)
        return {"outputs": outputs, "succeeded": succeeded}

    def _begin_ban(self) -> dict[str, Any]:
        """From here on what the assignment bans does not work, in this process and its exercise processes."""
        try:
            self._ban.begin()
        except Exception as error:  # torch is not what it was: the code has changed it
            return {"refused": f"{type(error).__name__}: {error}"}
        return {"value": None}

    def _kill(self, pid: int) -> dict[str, Any]:
        """End an exercise process that the judge has given up."""
        with contextlib.suppress(ProcessLookupError, ChildProcessError):  # it has ended, and was collected
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        return {"value": None}

    def _fork(self, fd: int) -> None:
        try:
            pid = os.fork()
        except OSError as error:  # the notebook left as many processes and threads behind as it may have
            os.close(fd)
            self._connection.send(encode({"refused": f"{error.strerror}"}))
            return
        if pid:
            os.close(fd)
            self._connection.send(encode({"value": pid}))
            return
        self._connection.close()
        _serve_exercise(Connection(socket.socket(fileno=fd)), self._shell.user_ns)


def _reap() -> None:
    """Collect ended children: as the first process of its namespace, this one inherits every orphan."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _end_if_forked(process: int) -> None:
    """End a process that the code forked and let run on to here: two would answer one request."""
    if os.getpid() != process:
        os._exit(0)


def _serve_exercise(connection: Connection, namespace: dict[str, Any]) -> NoReturn:
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - open for the rest of the process's life

    def call_judge(number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        connection.send(CALLBACK + answerer.encode({"callback": number, "args": args, "kwargs": kwargs}))
        reply = answerer.decode(connection.receive(None))
        if "refused" in reply:
            raise CallbackFailed(reply["refused"])
        return reply["value"]

    answerer = Answerer(namespace, call_judge)
    process = os.getpid()
    try:
        while True:
            reply = _answer(answerer, connection.receive(None))
            _end_if_forked(process)
            try:
                connection.send(REPLY + reply)
            except FrameTooLarge as error:
                connection.send(REPLY + encode({"error": unsendable(error)}))
    except ConnectionClosed:
        os._exit(0)


def _answer(answerer: Answerer, request: bytes) -> bytes:
    try:
        return answerer.answer(request)
    except BaseException as error:  # an exception class of the code's own, beside Exception
        return encode({"error": describe(error)})


def prepare(fd: int, shell: NotebookShell, ban: Ban) -> NotebookProcess:
    """Make this confined process the notebook process, with the student's connection as descriptor ``fd``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if threading.active_count() != 1:
        raise RuntimeError("the forkserver has live threads; a process forked from it could hang")
    shell.begin_in(Path.cwd())
    return NotebookProcess(Connection(socket.socket(fileno=fd)), shell, ban)
