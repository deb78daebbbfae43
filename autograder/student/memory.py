"""How much memory the processes of one submission hold together, read by its supervisor from /proc.

An rlimit bounds one process, and private memory only; what several processes hold, and what they share, is counted
here. Shared memory counts in full as soon as it is mapped: taken off a process's page tables again (MADV_DONTNEED), it
is held and yet in no process's count.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TextIO

from autograder.student.sockets import Sockets

_HELD = ("RssAnon", "RssShmem", "VmSwap", "VmPTE")
_SHARED = "/dev/zero (deleted)"  # how /proc names shared memory that belongs to no file


@dataclass(frozen=True)
class _Usage:
    held: int  # KiB of memory that belongs to no file, page tables among it
    tables: int  # KiB of page tables
    mapped: (
        int  # KiB of addresses that are not the process's private, writable ones: files, reservations, shared memory
    )


class MemoryWatch:
    """Watches one process and all its descendants; ``allowed`` KiB are theirs beyond what the process has now.

    ``sockets`` are those of the network namespace that they have to themselves, None where they have none.
    """

    def __init__(self, pid: int, allowed: int, sockets: Sockets | None = None) -> None:
        self._pid = pid
        self._allowed = allowed
        self._first = _usage(pid)
        self._sockets = sockets

    def exceeded(self) -> bool:
        """Tell whether they hold more. A page that several of them share (as forks do) counts once.

        That count takes longer, and is made only where the quick one is too high. Raises SocketsUncounted.
        """
        waiting = self._sockets.held_kb() if self._sockets else 0
        allowed = self._allowed - waiting
        if allowed < 0:
            return True
        tree = process_tree(self._pid)
        now = [_usage(pid) for pid in tree]
        held = sum(max(0, usage.held - self._first.held) for usage in now)
        mapped = sum(max(0, usage.mapped - self._first.mapped) for usage in now)
        if held <= allowed and mapped <= allowed:
            return False
        return _exact(tree) > self._first.held + allowed


def process_tree(pid: int) -> list[int]:
    """The process and all its living descendants; orphans stay in the tree, as their namespace's pid 1 adopts them."""
    found = [pid]
    for parent in found:
        try:
            for thread in os.listdir(f"/proc/{parent}/task"):  # each thread has a list of the children that it started
                with open(f"/proc/{parent}/task/{thread}/children") as stream:
                    found.extend(int(child) for child in stream.read().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def alive(pid: int) -> bool:
    """Whether a process still runs; one that has ended and is not collected yet does not."""
    try:
        with _text(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _text(path: str) -> TextIO:
    """Open a file of /proc. The student's code chooses names in it (of processes, of files), and not all are UTF-8."""
    return open(path, encoding="utf-8", errors="replace")


def _usage(pid: int) -> _Usage:
    """The usage of a process; nothing once it has ended."""
    values: dict[str, int] = {}
    try:
        with _text(f"/proc/{pid}/status") as stream:
            for line in stream:
                name, _, value = line.partition(":")
                if name in _HELD or name in ("VmSize", "VmData"):
                    values[name] = int(value.split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return _Usage(0, 0, 0)
    held = sum(values.get(name, 0) for name in _HELD)
    return _Usage(held, values.get("VmPTE", 0), values.get("VmSize", 0) - values.get("VmData", 0))


def _exact(tree: list[int]) -> int:
    """KiB that the processes hold, shared pages once and shared memory in full."""
    private = touched = 0
    regions: dict[str, int] = {}
    for pid in tree:
        private += _usage(pid).tables
        try:
            with _text(f"/proc/{pid}/smaps_rollup") as stream:
                for line in stream:
                    name, _, value = line.partition(":")
                    if name in ("Pss_Anon", "SwapPss"):
                        private += int(value.split()[0])
                    elif name == "Pss_Shmem":
                        touched += int(value.split()[0])
            regions |= _shared_regions(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
        except PermissionError:  # it made itself unreadable: then nothing of it is known to be shared
            usage = _usage(pid)
            private += usage.held - usage.tables + usage.mapped
    return private + max(touched, sum(regions.values()))


def _shared_regions(pid: int) -> dict[str, int]:
    """KiB of each region of shared memory that a process has mapped, by the inode that stands for the region."""
    regions: dict[str, int] = {}
    with _text(f"/proc/{pid}/maps") as stream:
        for line in stream:
            if line.rstrip().endswith(_SHARED):
                addresses, _, _, _, inode, _ = line.split(maxsplit=5)
                start, end = (int(address, 16) for address in addresses.split("-"))
                regions[inode] = regions.get(inode, 0) + (end - start) // 1024
    return regions
