"""What is on the machine around a grading: secrets that must not get out, and what must not be left behind.

Attacks name all that they make with ``MARK``, so that a trace of them is told from what other programs do meanwhile.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

MARK = "attack-mark"
_PR_SET_CHILD_SUBREAPER = 36
_SYSV = ("shm", "sem", "msg")


@dataclass
class Canaries:
    """Texts that no output may contain, each by where it was planted."""

    planted: dict[str, str] = field(default_factory=dict)

    def plant(self, where: str) -> str:
        """A new text for this place."""
        return self.planted.setdefault(where, f"canary{secrets.token_hex(12)}")

    def seen_in(self, data: bytes) -> list[str]:
        """The places whose text is in ``data``."""
        return [where for where, text in self.planted.items() if text.encode() in data]


@dataclass
class Bait:
    """Servers on this machine that hand out a canary, and note who asks."""

    canaries: Canaries
    directory: Path
    port: int = 0
    abstract: str = ""
    path: str = ""
    visits: list[str] = field(default_factory=list)

    @contextmanager
    def laid(self) -> Iterator[Bait]:
        """Serve on TCP, UDP, an abstract Unix socket and one with a path."""
        with ExitStack() as stack:
            tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            self.port = tcp.getsockname()[1]
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            udp.bind(("127.0.0.1", self.port))
            self.abstract = f"bait-{secrets.token_hex(4)}"
            self.path = str(self.directory / "bait.socket")
            for address in ("\0" + self.abstract, self.path):
                unix = stack.enter_context(socket.socket(socket.AF_UNIX))
                unix.bind(address)
                unix.listen()
                self._serve(unix, f"a Unix socket {address!r}")
            os.chmod(self.path, 0o777)
            self._serve(tcp, "TCP")
            threading.Thread(target=self._listen, args=(udp,), daemon=True).start()
            yield self

    def _serve(self, listener: socket.socket, what: str) -> None:
        secret = self.canaries.plant(f"the server on {what}").encode()

        def accept() -> None:
            with suppress(OSError):  # closed at the end
                while True:
                    peer, _ = listener.accept()
                    self.visits.append(what)
                    peer.sendall(secret)
                    peer.close()

        threading.Thread(target=accept, daemon=True).start()

    def _listen(self, udp: socket.socket) -> None:
        with suppress(OSError):  # closed at the end
            while True:
                udp.recvfrom(65536)
                self.visits.append("UDP")


@contextmanager
def adopted_orphans() -> Iterator[None]:
    """Have every process that a grading leaves behind become a child of this one, whoever its parent was."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@dataclass(frozen=True)
class Traces:
    """What could be left behind: mounts, kernel objects, files and sockets with the mark, processes of ours."""

    mounts: frozenset[str]
    objects: frozenset[str]
    files: frozenset[str]
    sockets: frozenset[str]
    processes: frozenset[int]

    def since(self, before: Traces) -> list[str]:
        """What is there now and was not before, in words."""
        found = [f"mount: {line}" for line in sorted(self.mounts - before.mounts)]
        found += [f"System V {line}" for line in sorted(self.objects - before.objects)]
        found += [f"file: {path}" for path in sorted(self.files - before.files)]
        found += [f"socket: {name}" for name in sorted(self.sockets - before.sockets)]
        return found + [f"process: {_told(pid)}" for pid in sorted(self.processes - before.processes)]


def traces(*directories: Path, patience: float = 0.0) -> Traces:
    """What is there now. Processes get ``patience`` seconds to end."""
    deadline = time.monotonic() + patience
    while (left := frozenset(_descendants(os.getpid()))) and time.monotonic() < deadline:
        time.sleep(0.1)
    mounts = {" ".join(line.split()[3:]) for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    objects = {
        f"{kind}: {' '.join(line.split()[:3])}"
        for kind in _SYSV
        for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]
    }
    names = {line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines()[1:] if MARK in line}
    return Traces(
        frozenset(mounts), frozenset(objects), frozenset(_marked(directories)), frozenset(names), left
    )  # fmt: skip


def _marked(directories: tuple[Path, ...]) -> Iterator[str]:
    places = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/run"), Path.home(), Path.cwd(), *directories)
    for place in dict.fromkeys(places):
        for root, inner, files in os.walk(place, onerror=None):
            inner[:] = [name for name in inner if name not in (".venv", ".git", "submitted")]
            yield from (os.path.join(root, name) for name in (*inner, *files) if MARK in name)


def _descendants(pid: int) -> Iterator[int]:
    with suppress(FileNotFoundError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                if not _collected(child):
                    yield child
                    yield from _descendants(child)


def _collected(pid: int) -> bool:
    """Whether a process has ended; one that was adopted is collected here."""
    with suppress(FileNotFoundError):
        if "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text():
            return False
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return True


def _told(pid: int) -> str:
    with suppress(OSError):
        return f"{pid} {Path(f'/proc/{pid}/cmdline').read_bytes().replace(bytes(1), b' ').decode(errors='replace')}"
    return str(pid)
