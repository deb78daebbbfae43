"""Frames on a socket: whole ones or an error in time, and never a descriptor too many."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from autograder.wire import Connection, ConnectionClosed, DeadlinePassed, FrameTooLarge
from autograder.wire.frames import HEADER, pair

Ends = tuple[Connection, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """A connection that allows frames of 1 MiB, and the other end as a plain socket."""
    ours, theirs = pair(max_frame=2**20)
    yield ours, theirs
    ours.close()
    theirs.close()


def soon(seconds: float = 5) -> float:
    return time.monotonic() + seconds


def open_descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def in_background(target: object, *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]  # any callable
    thread.start()
    return thread


def test_frames_cross_whole_and_in_order(ends: Ends) -> None:
    ours, theirs = ends
    other = Connection(theirs)
    payloads = [b"", b"a", bytes(2**20), b"last"]
    sender = in_background(lambda: [other.send(payload, soon()) for payload in payloads])
    assert [ours.receive(soon()) for _ in payloads] == payloads
    sender.join(5)
    assert not ours.readable()


def test_a_frame_may_come_in_pieces(ends: Ends) -> None:
    ours, theirs = ends

    def dribble() -> None:
        for byte in HEADER.pack(5) + b"hello":
            theirs.sendall(bytes([byte]))
            time.sleep(0.002)

    sender = in_background(dribble)
    assert ours.receive(soon()) == b"hello"
    sender.join(5)


def test_a_frame_too_large_is_refused_by_its_header_alone(ends: Ends) -> None:
    ours, theirs = ends
    theirs.sendall(HEADER.pack(2**20 + 1))
    with pytest.raises(FrameTooLarge, match="1048577 bytes was announced"):
        ours.receive(soon())
    with pytest.raises(FrameTooLarge, match="1048576 are allowed"):
        ours.send(bytes(2**20 + 1), soon())


@pytest.mark.parametrize("sent", [b"", HEADER.pack(5)[:2], HEADER.pack(5), HEADER.pack(5) + b"hel"])
def test_a_closed_or_silent_other_end(ends: Ends, sent: bytes) -> None:
    ours, theirs = ends
    theirs.sendall(sent)
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        ours.receive(soon(0.05))
    assert time.monotonic() - began < 1
    theirs.sendall(sent)
    theirs.close()
    with pytest.raises(ConnectionClosed):
        ours.receive(soon())


def test_the_deadline_is_for_the_whole_frame(ends: Ends) -> None:
    ours, theirs = ends
    stop = threading.Event()

    def trickle() -> None:
        theirs.sendall(HEADER.pack(10**6))
        while not stop.wait(0.02):
            theirs.sendall(b"x")

    sender = in_background(trickle)
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        ours.receive(soon(0.3))
    assert time.monotonic() - began < 2
    stop.set()
    sender.join(5)


def test_past_the_deadline_not_even_what_is_there_is_read(ends: Ends) -> None:
    ours, theirs = ends
    theirs.sendall(HEADER.pack(1) + b"x")
    with pytest.raises(DeadlinePassed):
        ours.receive(soon(-1))


def test_sending_to_an_end_that_does_not_read_stops_at_the_deadline(ends: Ends) -> None:
    ours, _ = ends
    deadline = soon(0.2)
    with pytest.raises(DeadlinePassed):
        ours.send(bytes(2**20), deadline)
    assert time.monotonic() - deadline < 1


def test_sending_to_a_closed_end(ends: Ends) -> None:
    ours, theirs = ends
    theirs.close()
    with pytest.raises(ConnectionClosed):
        ours.send(b"x", soon())
    ours.close()
    for use in (lambda: ours.send(b"x"), lambda: ours.receive(soon()), ours.readable):
        with pytest.raises(ConnectionClosed, match="this end"):
            use()


def test_descriptors_travel_when_asked_for_and_end_with_the_program(ends: Ends) -> None:
    ours, theirs = ends
    read_end, write_end = os.pipe()
    Connection(theirs).send(b"pipe", soon(), [read_end, write_end])
    payload, fds = ours.receive_with_fds(soon(), max_fds=2)
    assert payload == b"pipe"
    assert len(fds) == 2
    assert not any(os.get_inheritable(fd) for fd in fds)
    os.write(fds[1], b"through")
    assert os.read(read_end, 10) == b"through"
    for fd in (*fds, read_end, write_end):
        os.close(fd)


def test_descriptors_that_nobody_asked_for_are_closed(ends: Ends) -> None:
    ours, theirs = ends
    before = open_descriptors()
    with open(os.devnull) as stream:
        socket.send_fds(theirs, [HEADER.pack(6), b"first"], [stream.fileno()] * 20)
        socket.send_fds(theirs, [b"!"], [stream.fileno()] * 20)
    assert ours.receive(soon()) == b"first!"
    assert open_descriptors() == before


@pytest.mark.parametrize("several", [True, False], ids=["in one message", "one by one"])
def test_more_descriptors_than_asked_for_are_all_closed(ends: Ends, several: bool) -> None:
    ours, theirs = ends
    before = open_descriptors()
    with open(os.devnull) as stream:
        if several:
            socket.send_fds(theirs, [HEADER.pack(1) + b"x"], [stream.fileno()] * 3)
        else:
            for byte in HEADER.pack(1) + b"x":
                socket.send_fds(theirs, [bytes([byte])], [stream.fileno()])
    with pytest.raises(FrameTooLarge, match="more than 2 descriptors"):
        ours.receive_with_fds(soon(), max_fds=2)
    assert open_descriptors() == before


@pytest.mark.parametrize("rest", [b"", HEADER.pack(2**30)], ids=["closed", "too large"])
def test_descriptors_of_a_broken_frame_are_closed(ends: Ends, rest: bytes) -> None:
    ours, theirs = ends
    before = open_descriptors()
    with open(os.devnull) as stream:
        socket.send_fds(theirs, [rest or b"\x00"], [stream.fileno()])
    if not rest:
        theirs.shutdown(socket.SHUT_RDWR)
    with pytest.raises((ConnectionClosed, FrameTooLarge)):
        ours.receive_with_fds(soon(), max_fds=2)
    assert open_descriptors() == before


def test_descriptors_above_the_limit_of_select(ends: Ends) -> None:
    _, theirs = ends
    try:
        high = os.dup2(theirs.fileno(), 1500)
    except OSError:
        pytest.skip("this process may not open 1500 files")
    with socket.socket(fileno=high) as moved:
        connection = Connection(moved)
        assert not connection.readable()
        with pytest.raises(DeadlinePassed):
            connection.receive(soon(0.01))
