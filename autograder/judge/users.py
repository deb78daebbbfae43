"""A user id for each running submission, where the grader is root.

The kernel counts some things for each user of the machine: descriptors on their way through sockets, pages of pipes,
watches of epoll. Submissions that share a user id can use them up for each other. So each gets one that no other has
while it runs: a lock on a file stands for the id, and the submission's supervisor holds it to its end, however it ends.
All graders of a machine look into the same directory; those in containers of their own see only each other.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import SandboxUnavailable

IDS = range(1_900_000_000, 1_900_001_024)  # nobody's by the usual rules: above all ranges for users and containers
PLACE = Path("/run/autograder-users")
NOBODY = 65534  # who student code is outside where those ids cannot be had, and always in its own eyes


def distinct() -> bool:
    """Tell whether submissions get ids of their own: the grader is root, and its user namespace has these ids."""
    return os.geteuid() == 0 and all(_mapped(Path(f"/proc/self/{kind}_map").read_text()) for kind in ("uid", "gid"))


def _mapped(table: str) -> bool:
    ranges = ((int(first), int(length)) for first, _, length in (line.split() for line in table.splitlines()))
    return any(first <= IDS.start and IDS.stop <= first + length for first, length in ranges)


@contextmanager
def taken(place: Path = PLACE) -> Iterator[tuple[int, int]]:
    """Take an id that nobody has: the id, and a descriptor whose copies keep it taken until the last is closed.

    Raises SandboxUnavailable where all are taken, or ``place`` cannot be used.
    """
    try:
        number, lock = _free(place)
    except OSError as error:
        raise SandboxUnavailable(f"user ids for submissions cannot be kept in {place}: {error}") from error
    try:
        yield number, lock
    finally:
        os.close(lock)


def _free(place: Path) -> tuple[int, int]:
    _private(place)
    first = secrets.randbelow(len(IDS))  # what an ended submission leaves in the kernel's counts goes a little later
    for number in (*IDS[first:], *IDS[:first]):
        lock = os.open(place / str(number), os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return number, lock
    raise SandboxUnavailable(f"{len(IDS)} submissions run already on this machine: no user id is left for another")


def _private(place: Path) -> None:
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise SandboxUnavailable(f"{place} is no directory that only root can write to: remove it")
