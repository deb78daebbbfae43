"""What the kernel says about sockets is read strictly: nothing of another shape is taken for a number."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
from collections.abc import Iterator

import pytest

from autograder.student.sockets import Sockets, SocketsUncounted


def message(kind: int, body: bytes, sequence: int = 2) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 2, sequence, 0) + body


def attribute(kind: int, *numbers: int) -> bytes:
    return struct.pack(f"=HH{len(numbers)}I", 4 + 4 * len(numbers), kind, *numbers)


HEAD = struct.pack("=BBBBIII", 1, 1, 1, 0, 77, 0, 0)
QUEUES, MEMORY = attribute(4, 3, 0), attribute(5, 0, 9, 4096, 9, 0, 0, 0, 0, 0)
DONE = message(3, bytes(4))


class Kernel:
    """Sockets whose kernel is played: what it sends is answered to each question."""

    def __init__(self) -> None:
        self.sockets = Sockets()
        self.sockets.close()
        self.sockets._netlink, self.end = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self.sockets._netlink.settimeout(0.2)

    def close(self) -> None:
        self.sockets.close()
        self.end.close()

    def listed(self, *packets: bytes) -> list[tuple[int, int]]:
        for packet in packets:
            self.end.send(packet)
        return [(one.peer, one.memory) for one in self.sockets._listed()]


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    made = Kernel()
    yield made
    made.close()


def test_what_is_sent_and_not_received_is_the_senders() -> None:
    """Against the real kernel."""
    sockets = Sockets()
    ends = [end for _ in range(40) for end in socket.socketpair()]
    before = sockets.held_kb()
    for end in ends[::2]:
        end.send(bytes(100_000))
    assert sockets.held_kb() - before >= 40 * 100_000 // 1024
    for end in ends[::2]:
        end.close()
    assert sockets.held_kb() - before >= 40 * 100_000 // 1024
    for end in ends[1::2]:
        end.close()
    sockets.close()


def test_sockets_with_and_without_a_peer(kernel: Kernel) -> None:
    bodies = [HEAD + QUEUES + MEMORY, HEAD + attribute(2, 5) + QUEUES + MEMORY]
    assert kernel.listed(b"".join(message(20, body) for body in bodies), DONE) == [(-1, 4096), (5, 4096)]


WRONG = {
    "nothing at the end": [message(20, HEAD + QUEUES + MEMORY)],
    "no header": [b"abc"],
    "a length that is too large": [struct.pack("=IHHII", 99, 20, 2, 2, 0)],
    "a length that is too small": [struct.pack("=IHHII", 3, 20, 2, 2, 0)],
    "another question's answer": [message(20, HEAD + QUEUES + MEMORY, 1)],
    "an error": [message(2, struct.pack("=i", -2))],
    "an error at the end": [message(3, struct.pack("=i", -12))],
    "an error without a code": [message(2, b"")],
    "a message of another kind": [message(21, HEAD + QUEUES + MEMORY), DONE],
    "no memory": [message(20, HEAD + QUEUES), DONE],
    "no queues": [message(20, HEAD + MEMORY), DONE],
    "too little about memory": [message(20, HEAD + QUEUES + attribute(5, 1, 2)), DONE],
    "an attribute that is too long": [message(20, HEAD + struct.pack("=HH", 90, 4)), DONE],
    "an attribute that is too short": [message(20, HEAD + struct.pack("=HH", 1, 4)), DONE],
    "half an attribute": [message(20, HEAD + b"ab"), DONE],
}


@pytest.mark.parametrize("packets", WRONG.values(), ids=WRONG)
def test_an_answer_that_is_none_is_refused(kernel: Kernel, packets: list[bytes]) -> None:
    with pytest.raises(SocketsUncounted):
        kernel.listed(*packets)


def test_any_bytes_are_read_or_refused() -> None:
    draw = random.Random(1)
    good = message(20, HEAD + attribute(2, 5) + QUEUES + MEMORY) + DONE
    for _ in range(300):
        spoilt, kernel = bytearray(good), Kernel()
        for _ in range(draw.randint(1, 4)):
            spoilt[draw.randrange(len(spoilt))] = draw.choice((0, 1, 255, draw.randrange(256)))
        with contextlib.suppress(SocketsUncounted):
            kernel.listed(bytes(spoilt[: draw.randint(1, len(spoilt))]), DONE)
        kernel.close()
