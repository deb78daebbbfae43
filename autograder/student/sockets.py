"""How much kernel memory the Unix sockets of one submission hold, asked of the kernel by its supervisor.

What was sent and not yet received is memory of the sender's (unix(7)), and in no process's count. The kernel tells it
for each open socket (sock_diag(7)). A sender that was closed is listed no more, and neither is a connection that nobody
has accepted; but the kernel counts them, and how much one can hold is known: the seccomp filter lets no buffer be
enlarged. Other sockets than Unix sockets cannot be had in a submission.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

FEW = 32  # sockets; with fewer the kernel is not asked what they hold: some MiB
MOST = 20_000  # sockets; more than all descriptors of 64 processes. Beyond, each counts as full
_OBJECT_KB = 2  # of one socket without any data: its own structures

_SOCK_DIAG, _BY_FAMILY = 4, 20  # NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, from linux/netlink.h and linux/sock_diag.h
_REQUEST_FLAGS = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_ERROR, _DONE = 2, 3  # NLMSG_ERROR, NLMSG_DONE
_SHOW = 0x04 | 0x10 | 0x20  # UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN | UDIAG_SHOW_MEMINFO, from linux/unix_diag.h
_PEER, _QUEUES, _MEMORY = 2, 4, 5  # UNIX_DIAG_PEER, UNIX_DIAG_RQLEN, UNIX_DIAG_MEMINFO
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_ASK = struct.Struct("=BBHIIIII")  # struct unix_diag_req: family, protocol, pad, states, inode, show, cookie
_SOCKET = struct.Struct("=BBBBIII")  # struct unix_diag_msg: family, type, state, pad, inode, cookie
_ATTRIBUTE = struct.Struct("=HH")  # struct nlattr: length, type
_CODE, _NUMBER, _PAIR = struct.Struct("=i"), struct.Struct("=I"), struct.Struct("=II")
_MEMORY_NUMBERS = struct.Struct("=8I")  # SK_MEMINFO_*, of which later kernels have more
_RECEIVE_BYTES = 2**18
_SECONDS = 5.0


class SocketsUncounted(Exception):
    """The kernel does not tell what sockets hold, or tells something else than is understood; the text says what."""


@dataclass(frozen=True)
class _Listed:
    kind: int
    inode: int
    peer: int  # the other end's inode; 0: it was closed, or not accepted yet; -1: there never was one
    queued: int  # bytes that wait in it; of a listening socket connections
    memory: int  # bytes


class Sockets:
    """Counts what the sockets of this process's network namespace hold, its own among them.

    Raises SocketsUncounted where the kernel cannot list them (CONFIG_UNIX_DIAG).
    """

    def __init__(self) -> None:
        try:
            self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG)
            self._netlink.settimeout(_SECONDS)
        except OSError as error:
            raise SocketsUncounted(f"no netlink socket: {error.strerror}") from error
        with socket.socket(socket.AF_UNIX) as fresh:
            buffer = fresh.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        # A message is taken as long as the buffer is not full, and may measure as much as the buffer itself.
        self._full_kb = 2 * buffer // 1024 + _OBJECT_KB
        self._sequence = 0
        self._listed()  # now, and not only once there are many

    def held_kb(self) -> int:
        """KiB that they hold, at least; 0 for few of them. Raises SocketsUncounted."""
        used = _in_use() - 1  # but for the one that asks
        if used <= FEW:
            return 0
        if used > MOST:
            return used * self._full_kb
        listed = self._listed()
        used = min(used, _in_use() - 1)  # those that were closed meanwhile may be missing from the list
        open_ones = {one.inode for one in listed} - {0}
        # A closed end is kept by its peer, if by nothing else; where that one has read all, it holds no data.
        empty = sum(
            one.kind != socket.SOCK_DGRAM and one.queued == 0 and one.peer >= 0 and one.peer not in open_ones
            for one in listed
        )
        unseen = max(0, used - len(listed) - empty)
        return sum(one.memory for one in listed) // 1024 + used * _OBJECT_KB + unseen * self._full_kb

    def close(self) -> None:
        """Count no more."""
        self._netlink.close()

    def _listed(self) -> list[_Listed]:
        self._sequence += 1
        ask = _ASK.pack(socket.AF_UNIX, 0, 0, 2**32 - 1, 0, _SHOW, 2**32 - 1, 2**32 - 1)
        header = _HEADER.pack(_HEADER.size + len(ask), _BY_FAMILY, _REQUEST_FLAGS, self._sequence, 0)
        found: list[_Listed] = []
        try:
            self._netlink.send(header + ask)
            while True:
                data, _, flags, _ = self._netlink.recvmsg(_RECEIVE_BYTES)
                if flags & socket.MSG_TRUNC or not data:
                    raise SocketsUncounted("an answer that was cut")
                for kind, sequence, body in _messages(data):
                    if sequence != self._sequence:
                        raise SocketsUncounted("an answer to another question")
                    if kind == _DONE:
                        _check(body)
                        return found
                    found.append(_socket(kind, body))
        except OSError as error:
            raise SocketsUncounted(f"sockets cannot be listed: {error.strerror or error}") from error


def _in_use() -> int:
    """Sockets of this network namespace, closed ones that still hold something among them."""
    with open("/proc/thread-self/net/sockstat") as stream:
        words = stream.readline().split()
    if words[:2] != ["sockets:", "used"] or len(words) != 3:
        raise SocketsUncounted(f"/proc/net/sockstat begins with {words}")
    return int(words[2])


def _messages(data: bytes) -> Iterator[tuple[int, int, memoryview]]:
    """Kind, sequence number and body of each netlink message."""
    view, at = memoryview(data), 0
    while at < len(view):
        if at + _HEADER.size > len(view):
            raise SocketsUncounted("a message without its header")
        length, kind, _, sequence, _ = _HEADER.unpack_from(view, at)
        if not _HEADER.size <= length <= len(view) - at:
            raise SocketsUncounted(f"a message of {length} bytes")
        yield kind, sequence, view[at + _HEADER.size : at + length]
        at += -(-length // 4) * 4


def _socket(kind: int, body: memoryview) -> _Listed:
    if kind == _ERROR:
        _check(body)
    if kind != _BY_FAMILY or len(body) < _SOCKET.size:
        raise SocketsUncounted(f"a message of kind {kind} and {len(body)} bytes")
    _, style, _, _, inode, _, _ = _SOCKET.unpack_from(body)
    attributes = _attributes(body[_SOCKET.size :])
    peer = _unpacked(_NUMBER, attributes.get(_PEER), (-1,))[0]
    queued = _unpacked(_PAIR, attributes.get(_QUEUES))[0]
    received, _, sent, _, forward, written, options, backlog = _unpacked(_MEMORY_NUMBERS, attributes.get(_MEMORY))
    return _Listed(style, inode, peer, queued, received + sent + forward + written + options + backlog)


def _check(body: memoryview) -> None:
    """Raise for the error code that a message begins with, if it is one."""
    if len(body) < _CODE.size:
        raise SocketsUncounted(f"a message of {len(body)} bytes, where an error code is due")
    (code,) = _CODE.unpack_from(body)
    if code:
        hint = " (a kernel without CONFIG_UNIX_DIAG?)" if -code in (errno.ENOENT, errno.EINVAL) else ""
        raise SocketsUncounted(f"sockets cannot be listed: {os.strerror(abs(code))}{hint}")


def _attributes(view: memoryview) -> dict[int, memoryview]:
    found, at = {}, 0
    while at < len(view):
        if at + _ATTRIBUTE.size > len(view):
            raise SocketsUncounted("an attribute without its header")
        length, kind = _ATTRIBUTE.unpack_from(view, at)
        if not _ATTRIBUTE.size <= length <= len(view) - at:
            raise SocketsUncounted(f"an attribute of {length} bytes")
        found[kind] = view[at + _ATTRIBUTE.size : at + length]
        at += -(-length // 4) * 4
    return found


def _unpacked(form: struct.Struct, value: memoryview | None, absent: tuple[int, ...] | None = None) -> tuple[int, ...]:
    if value is None and absent is not None:
        return absent
    if value is None or len(value) < form.size:
        raise SocketsUncounted(f"{'no' if value is None else len(value)} bytes, where {form.size} are due")
    return form.unpack_from(value)
