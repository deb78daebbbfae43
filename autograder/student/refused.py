"""The supervisor's answers to system calls that the seccomp filter asks about: no, and a note of which it was.

The kernel stops the calling thread until it is answered (seccomp_unotify(2)). The answer is always a refusal: what a
listener lets through could be changed by the caller between the look and the call. Starting a program is the one
call that is let through, whichever it is, until the notebook is closed in.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Mapping

MOST = 1000  # of one notebook; then the listener is closed, and the kernel refuses the rest with ENOSYS
_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV and _SEND, from linux/seccomp.h
_REQUEST = struct.Struct("=QIIiIQ6Q")  # struct seccomp_notif: id, pid, flags, number, architecture, pointer, arguments
_RESPONSE = struct.Struct("=QqiI")  # struct seccomp_notif_resp: id, value, error, flags
_CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE: the call goes on as if nobody had been asked
_FAMILIES = 64  # of sockets: there are fewer


class Refusals:
    """Refuses what the ``listener`` hears of (-1: there is none).

    ``noted`` holds the number of each call that was refused, with its family for a socket. ``numbers`` are those of
    socket(2), execve(2) and execveat(2).
    """

    def __init__(self, listener: int, numbers: Mapping[str, int]) -> None:
        self.listener = listener
        self.programs = True  # may be started
        self.noted: set[tuple[int, int]] = set()
        self._left = MOST
        self._socket = numbers.get("socket", -1)
        self._starting = (numbers.get("execve", -1), numbers.get("execveat", -1))

    def answer(self) -> None:
        """Refuse the call that is waiting."""
        request = bytearray(_REQUEST.size)
        try:
            fcntl.ioctl(self.listener, _RECEIVE, request)
            identity, _, _, number, _, _, first, *_ = _REQUEST.unpack(request)
            if number in self._starting and self.programs:
                fcntl.ioctl(self.listener, _SEND, _RESPONSE.pack(identity, 0, 0, _CONTINUE))
                return
            is_socket = number == self._socket
            self.noted.add((number, min(first, _FAMILIES) if is_socket else 0))
            code = errno.EACCES if is_socket else errno.EPERM
            fcntl.ioctl(self.listener, _SEND, _RESPONSE.pack(identity, 0, -code, 0))
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EINTR):  # the caller ended, or went on to handle a signal
                raise
        self._left -= 1
        if self._left == 0:
            self.close()

    def close(self) -> None:
        """Hear no more."""
        if self.listener >= 0:
            os.close(self.listener)
            self.listener = -1
