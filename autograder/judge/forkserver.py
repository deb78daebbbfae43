"""Start a forkserver, and ask it for processes.

``Forkserver`` owns one (the process that starts it); ``Spawner`` only knows its address, so that several judges of one
machine share a forkserver and its imported libraries.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.errors import ForkserverLost, SandboxUnavailable
from autograder.judge import cgroups, sandbox, seccomp, users
from autograder.judge.contract import Banned
from autograder.judge.limits import Limits
from autograder.wire import Connection, ConnectionClosed, DeadlinePassed, encode
from autograder.wire.frames import pair

START_SECONDS = 120.0  # a cold disk may take a minute to read torch
END_SECONDS = 10.0
ANSWER_SECONDS = 30.0


class Spawner:
    """Asks a running forkserver, by its address, for confined processes."""

    def __init__(self, address: str, confined: bool) -> None:
        self.address = address
        self.confined = confined

    def group(self, limits: Limits) -> cgroups.Group | None:
        """A control group for a new process, where one can be had. Raises SandboxUnavailable."""
        division = cgroups.division()
        return cgroups.Group(division, limits) if self.confined and division.path is not None else None

    def spawn(
        self,
        limits: Limits,
        home: Path | None = None,
        group: cgroups.Group | None = None,
        banned: Banned | None = None,
    ) -> tuple[Connection, Connection]:
        """Return the student's and the supervisor's connections of a new process, which enters the ``group``.

        ``banned`` is what it is to shut when it is told to.

        Raises ForkserverLost, and SandboxUnavailable where no user id can be had for it.
        """
        student, student_end = pair()
        supervisor, supervisor_end = pair(max_frame=2**16)
        job: dict[str, Any] = {"limits": limits.for_student_side(), "home": str(home) if home else None}
        job["grouped"] = group is not None
        job["banned"] = (banned or Banned()).for_student_side()
        try:
            with contextlib.ExitStack() as stack:
                fds = [stack.enter_context(end).fileno() for end in (student_end, supervisor_end)]
                if self.confined and users.distinct():
                    job["user"], lock = stack.enter_context(users.taken())
                    fds.append(lock)
                if group is not None:
                    fds.append(group.entrance())
                    stack.callback(os.close, fds[-1])
                self._request(encode(job), fds)
        except BaseException:
            student.close()
            supervisor.close()
            raise
        return student, supervisor

    def _request(self, job: bytes, fds: Sequence[int]) -> None:
        with contextlib.closing(self._connect()) as request:
            try:
                request.send(job, time.monotonic() + ANSWER_SECONDS, fds)
            except (ConnectionClosed, DeadlinePassed) as error:
                raise ForkserverLost(f"the forkserver did not take a request: {error}") from error

    def _connect(self) -> Connection:
        plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        plain.settimeout(ANSWER_SECONDS)
        try:
            plain.connect(self.address)
        except OSError as error:
            plain.close()
            raise ForkserverLost(f"the forkserver at {self.address} does not answer ({error.strerror})") from error
        return Connection(plain)


class Forkserver(Spawner):
    """A forkserver of our own, in a private runtime directory; ends with ``close`` or with this process.

    Its imports take seconds. With ``wait=False`` they go on while the caller does something else, who then calls
    ``await_ready``. Both raise SandboxUnavailable or ForkserverLost, and leave nothing behind then.
    """

    def __init__(self, environment: sandbox.Environment, secrets: Iterable[Path] = (), *, wait: bool = True) -> None:
        self._runtime = Path(tempfile.mkdtemp(prefix="autograder-"))
        super().__init__(str(self._runtime / "forkserver.sock"), environment.confined)
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._inside = -1  # pidfd of the first process inside bubblewrap: with it, everything below ends
        self._lifeline = -1
        self._ready = -1  # what it says once it has imported its libraries; closed afterwards
        self._log = self._runtime / "stderr.log"
        try:
            if environment.confined:
                sandbox.check_kernel()
                sandbox.check_not_visible(secrets)
            self._launch()
        except BaseException:
            self.close()
            raise
        if wait:
            self.await_ready()

    def await_ready(self) -> None:
        """Return once the libraries are imported."""
        if self._ready < 0:
            return
        try:
            self._hear_ready()
            self._inside = self._first_process()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Forkserver:
        self.await_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process id of the started command (bubblewrap, when confined)."""
        assert self._process is not None
        return self._process.pid

    def alive(self) -> bool:
        """Tell whether the forkserver still runs, or is still being started."""
        return self._ready >= 0 or (self._inside >= 0 and not _readable(self._inside, 0))

    def close(self) -> None:
        """End the forkserver and every process forked from it."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
        patience = END_SECONDS
        if self._ready >= 0:
            os.close(self._ready)
            self._ready = -1
            patience = 0  # in the midst of its imports it does not hear that it is to end
        if self._inside < 0 and self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ForkserverLost):  # it never became ready; if it has ended just now, all is well
                self._inside = self._first_process()
        if self._inside >= 0:
            if not _readable(self._inside, patience):
                signal.pidfd_send_signal(self._inside, signal.SIGKILL)
            os.close(self._inside)
            self._inside = -1
        if self._process is not None:
            try:
                self._process.wait(timeout=END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=END_SECONDS)
        shutil.rmtree(self._runtime, ignore_errors=True)

    def _launch(self) -> None:
        settings = {
            "preload": self._environment.preload,
            "confined": self.confined,
            "nobody": users.NOBODY if os.geteuid() == 0 else None,
            "filters": seccomp.for_student_side() if self.confined else None,
        }
        lifeline_read, self._lifeline = os.pipe()
        self._ready, ready_write = os.pipe()
        owner = os.pidfd_open(os.getpid())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
                self._listen(listener)
                self._start([listener.fileno(), lifeline_read, owner, ready_write], json.dumps(settings))
        finally:
            for fd in (lifeline_read, owner, ready_write):
                os.close(fd)

    def _listen(self, listener: socket.socket) -> None:
        try:
            listener.bind(self.address)
        except OSError as error:
            raise ForkserverLost(
                f"no socket can be made at {self.address} ({error}): set TMPDIR to a short path that can be written to"
            ) from error
        listener.listen(128)

    def _start(self, fds: Sequence[int], settings: str) -> None:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command([*(str(fd) for fd in fds), settings]),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=sandbox.variables(self.confined, self._runtime),
                pass_fds=fds,
                cwd="/",
            )

    def _first_process(self) -> int:
        """A pidfd of the process that all others end with: bubblewrap's child, or the forkserver itself."""
        assert self._process is not None
        first = str(self.pid)
        deadline = time.monotonic() + END_SECONDS
        while self.confined and first == str(self.pid) and self._process.poll() is None and time.monotonic() < deadline:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            first = children[0] if children else first
            time.sleep(0 if children else 0.005)  # just started, it has none yet
        try:
            return os.pidfd_open(int(first))
        except ProcessLookupError as error:
            raise ForkserverLost("the forkserver ended as soon as it was ready") from error

    def _command(self, arguments: list[str]) -> list[str]:
        if self.confined:
            return sandbox.command(self._environment, self._runtime, arguments)
        return [sys.executable, "-m", "autograder.student.forkserver", *arguments]

    def _hear_ready(self) -> None:
        if not _readable(self._ready, START_SECONDS):
            raise ForkserverLost(f"the forkserver was not ready after {START_SECONDS:g} s")
        with open(self._ready, "rb") as stream:
            self._ready = -1
            said = stream.read()
        if said == b"ready":
            return
        assert self._process is not None
        self._process.wait(timeout=10)
        reason = (said or self._log.read_bytes()[-4000:]).decode(errors="replace").strip()
        if said:
            raise ForkserverLost(f"the forkserver could not import its libraries: {reason}")
        raise SandboxUnavailable(f"bubblewrap could not start the sandbox: {reason}. {advice(reason)}")


def _readable(fd: int, seconds: float) -> bool:
    poller = select.poll()  # not select(): that knows no descriptor above 1023
    poller.register(fd, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def advice(reason: str) -> str:
    """What an operator should do about a sandbox that does not start."""
    restriction = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if restriction.exists() and restriction.read_text().strip() == "1":
        return (
            "This kernel restricts unprivileged user namespaces by AppArmor (Ubuntu 23.10 and later): run "
            "'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0', or add an AppArmor profile with "
            "'userns,' for bwrap; see docs/operating.md"
        )
    if "namespace" in reason or "Operation not permitted" in reason:
        return (
            "The kernel or container refuses new namespaces: check 'sysctl user.max_user_namespaces' (must be above 0) "
            "and, inside a container, allow unprivileged user namespaces (for Docker a seccomp profile that permits "
            "unshare)"
        )
    return "Run 'autograder doctor' for the state of each requirement"
