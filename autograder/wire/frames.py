"""Length-prefixed frames over one Unix socket, with a cap on size and on time.

A frame is four bytes of length (big endian) and that many bytes of msgpack. File descriptors may travel with a
frame. Used by the judge, the forkserver, the supervisor and the student process.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Sequence

HEADER = struct.Struct(">I")
MAX_FRAME = 64 * 2**20  # bytes; one float64 tensor of eight million entries
MAX_FDS = 4


class ConnectionClosed(Exception):
    """The other side closed the connection, or died."""


class DeadlinePassed(Exception):
    """The other side did not send or take a whole frame in time."""


class FrameTooLarge(Exception):
    """A frame is larger than this connection allows."""


class Unasked(Exception):
    """The other side sent something when it was not its turn."""


class Connection:
    """One end of a Unix stream socket that carries frames.

    Deadlines are ``time.monotonic()`` seconds; None waits for ever (only trusted waits may).
    """

    def __init__(self, sock: socket.socket, max_frame: int = MAX_FRAME) -> None:
        self._socket = sock
        self._socket.setblocking(False)
        self._max_frame = max_frame

    def fileno(self) -> int:
        """Return the descriptor, for ``select`` and ``poll``."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close this end; the other end then reads the end of the stream."""
        self._socket.close()

    def send(self, payload: bytes, deadline: float | None = None, fds: Sequence[int] = ()) -> None:
        """Send one frame. Raises FrameTooLarge, DeadlinePassed or ConnectionClosed."""
        if len(payload) > self._max_frame:
            raise FrameTooLarge(f"a frame of {len(payload)} bytes; at most {self._max_frame} are allowed")
        self._check_open()
        data = memoryview(HEADER.pack(len(payload)) + payload)
        pending = list(fds)
        while data:
            try:
                sent = socket.send_fds(self._socket, [data], pending) if pending else self._socket.send(data)
            except (BlockingIOError, InterruptedError):
                self._wait(select.POLLOUT, deadline)
                continue
            except OSError as error:
                raise ConnectionClosed(f"the connection was closed while sending ({error.strerror})") from error
            pending = []
            data = data[sent:]

    def receive(self, deadline: float | None = None) -> bytes:
        """Receive one frame. Raises FrameTooLarge, DeadlinePassed or ConnectionClosed."""
        return self.receive_with_fds(deadline, max_fds=0)[0]

    def receive_with_fds(self, deadline: float | None = None, max_fds: int = MAX_FDS) -> tuple[bytes, list[int]]:
        """Receive one frame and the descriptors that came with it (they are the caller's to close).

        Raises as ``receive`` does, and FrameTooLarge for more than ``max_fds`` descriptors; with ``max_fds`` 0 the
        kernel closes whatever was sent along. After an error no descriptor is left open, and the connection is of no
        further use.
        """
        fds: list[int] = []
        try:
            self._wait(select.POLLIN, deadline)
            header = self._read(HEADER.size, deadline, fds, max_fds)
            (length,) = HEADER.unpack(header)
            if length > self._max_frame:
                raise FrameTooLarge(f"a frame of {length} bytes was announced; at most {self._max_frame} are allowed")
            return bytes(self._read(length, deadline, fds, max_fds)), fds
        except BaseException:
            for fd in fds:
                os.close(fd)
            raise

    def readable(self, seconds: float = 0) -> bool:
        """Tell whether something (data or the end of the stream) can be read at once, or within ``seconds``."""
        return bool(self._poll(select.POLLIN, seconds * 1000))

    def expect_silence(self) -> None:
        """Raise ConnectionClosed if the other side has closed, Unasked if it has sent something by itself."""
        if not self.readable():
            return
        try:
            sent = self._socket.recv(1, socket.MSG_PEEK)
        except OSError as error:
            raise ConnectionClosed(f"the connection broke ({error.strerror})") from error
        if not sent:
            raise ConnectionClosed("the connection was closed")
        raise Unasked("something was sent without being asked for")

    def _read(self, size: int, deadline: float | None, fds: list[int], max_fds: int) -> bytearray:
        # The buffer grows with what really arrives: a header alone reserves no memory.
        buffer = bytearray()
        while len(buffer) < size:
            # Past the deadline not even what is there is read: whoever sends without pause could go on for ever.
            if deadline is not None and time.monotonic() >= deadline:
                raise DeadlinePassed("no whole frame in time")
            want = min(size - len(buffer), 2**20)
            try:
                chunk = self._receive_some(want, fds, max_fds) if max_fds else self._socket.recv(want)
            except (BlockingIOError, InterruptedError):
                self._wait(select.POLLIN, deadline)
                continue
            except OSError as error:
                raise ConnectionClosed(f"the connection broke ({error.strerror})") from error
            if not chunk:
                raise ConnectionClosed("the connection was closed")
            buffer += chunk
        return buffer

    def _receive_some(self, size: int, fds: list[int], max_fds: int) -> bytes:
        chunk, received, flags, _ = socket.recv_fds(self._socket, size, max_fds)
        fds.extend(received)
        for fd in received:
            # A program that the code starts must not keep the connection open after the code's own end. (CPython 3.11
            # ignores the flags that recv_fds is given, MSG_CMSG_CLOEXEC among them.)
            os.set_inheritable(fd, False)
        if len(fds) > max_fds or flags & socket.MSG_CTRUNC:
            raise FrameTooLarge(f"a frame with more than {max_fds} descriptors")
        return chunk

    def _check_open(self) -> None:
        if self._socket.fileno() < 0:
            raise ConnectionClosed("this end of the connection is closed")

    def _wait(self, event: int, deadline: float | None) -> None:
        if deadline is None:
            self._poll(event, None)
            return
        left = (deadline - time.monotonic()) * 1000
        if left <= 0 or not self._poll(event, left):
            raise DeadlinePassed("no whole frame in time")

    def _poll(self, event: int, milliseconds: float | None) -> list[tuple[int, int]]:
        self._check_open()
        poller = select.poll()  # not select(): that knows no descriptor above 1023
        poller.register(self._socket, event)
        return poller.poll(milliseconds)


def pair(max_frame: int = MAX_FRAME) -> tuple[Connection, socket.socket]:
    """Return a connection and the plain socket of its other end (to be passed on as a descriptor)."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return Connection(ours, max_frame), theirs
