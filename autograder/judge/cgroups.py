"""A control group (cgroups(7), version 2) for each running submission, where the grader has one that it may divide.

The kernel then counts all memory of the submission's, its own structures and what waits in pipes and sockets among it,
and its processes, and holds the limits at every moment. Where there is none, rlimits and the supervisor's watch stand
alone; with one they stand beside it, and mostly speak first.

Only a group that is the grader's to divide is divided: one that systemd has delegated (``Delegate=yes``), or, where the
variable AUTOGRADER_DIVIDE_CGROUP is 1, the root of what it can see (a container's own, or a machine without a manager
of groups). The kernel lets no group with processes hand its controllers on, so all processes in it first move to a
group below: that is not done to a container unasked.
"""

from __future__ import annotations

import errno
import functools
import itertools
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import SandboxUnavailable
from autograder.judge.limits import Limits

WANTED = ("memory", "pids")
ASKED = "AUTOGRADER_DIVIDE_CGROUP"
# What a submission has besides: copies of the forkserver's memory, page tables, the kernel's structures.
HEADROOM_MB = 512
_OWN = "autograder-grader"  # where the grader's processes move to
_PREFIX = "autograder-"
_END_SECONDS = 2.0
_ROUNDS = 100  # of moving processes that go on forking meanwhile
_numbers = itertools.count()


@dataclass(frozen=True)
class Division:
    """The group whose children submissions get, and the controllers that hold there; or ``reason``: why there is none.

    ``own``: the group that the grader's processes must move to first, None where they need not.
    """

    path: Path | None
    controllers: tuple[str, ...] = ()
    reason: str = ""
    own: Path | None = None


class Group:
    """The group of one submission. ``close`` ends what is left in it and removes it."""

    def __init__(self, division: Division, limits: Limits) -> None:
        assert division.path is not None
        self._path = division.path / f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
        self._memory = "memory" in division.controllers
        try:
            self._path.mkdir()
        except OSError as error:
            raise SandboxUnavailable(f"no control group can be made in {division.path}: {error.strerror}") from error
        try:
            for name, value in self._settings(division, limits).items():
                _write(self._path / name, value)
        except OSError as error:
            self.close()
            raise SandboxUnavailable(f"a control group cannot be limited: {error}") from error

    def _settings(self, division: Division, limits: Limits) -> dict[str, str]:
        settings = {}
        if "pids" in division.controllers:
            settings["pids.max"] = str(limits.processes)
        if self._memory:
            settings["memory.max"] = str((limits.memory_mb + 3 * limits.file_mb + HEADROOM_MB) * 2**20)
            settings["memory.oom.group"] = "1"
            if (self._path / "memory.swap.max").exists():  # a kernel may have no swap
                settings["memory.swap.max"] = "0"
        return settings

    def entrance(self) -> int:
        """A descriptor by which a process enters, writing "0" to it, whoever it is: the kernel asks who opened it."""
        return os.open(self._path / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)

    def ran_out(self) -> bool:
        """Tell whether the kernel has killed the processes because they reached the limit of memory."""
        if not self._memory:
            return False
        events = dict(line.split() for line in (self._path / "memory.events").read_text().splitlines())
        return int(events["oom_kill"]) > 0

    def close(self) -> None:
        """End what is left in it, and remove it. One that cannot be removed yet goes when a grader starts again."""
        deadline = time.monotonic() + _END_SECONDS
        with suppress(FileNotFoundError):  # before Linux 5.14 there is no such file; the supervisor sees to the end
            _write(self._path / "cgroup.kill", "1")
        while not _removed(self._path) and time.monotonic() < deadline:
            time.sleep(0.01)


@functools.cache
def division() -> Division:
    """The division of this process's group, which is made where it can be. It has no effect a second time."""
    found = find()
    return found if found.path is None else _divided(found)


def find(process: Path = Path("/proc/self")) -> Division:
    """Look for a group that may be divided; changes nothing."""
    here = next((line[3:] for line in (process / "cgroup").read_text().splitlines() if line.startswith("0::")), None)
    mounted = next(_mounts(process), None)
    if here is None or mounted is None:
        return Division(None, reason="no cgroup v2 is mounted")
    root, place = mounted
    if not Path(here).is_relative_to(root):
        return Division(None, reason=f"the grader's cgroup {here} lies outside what is mounted")
    group = place / Path(here).relative_to(root)
    if group.name == _OWN:
        group = group.parent
    offered = (group / "cgroup.controllers").read_text().split()
    controllers = tuple(name for name in WANTED if name in offered)
    if not controllers:
        have = f"its controllers are {', '.join(offered)}" if offered else "it has no controllers"
        return Division(None, reason=f"{group}: {have}; memory and pids belong to cgroup v1 or are not handed on")
    reason = _not_ours(group, group == place)
    if reason:
        return Division(None, reason=reason)
    # Only the root of all has no type, and may hold processes beside groups with controllers.
    own = group / _OWN if (group / "cgroup.type").exists() else None
    return Division(group, controllers, own=own)


def _mounts(process: Path) -> Iterator[tuple[str, Path]]:
    """Root and place of each mounted hierarchy of version 2."""
    for line in (process / "mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] == "cgroup2":
            yield before.split()[3], Path(before.split()[4])


def _not_ours(group: Path, outermost: bool) -> str:
    """Why a group is not the grader's to divide; "" if it is."""
    delegated = any(_marked(group, name) for name in ("user.delegate", "trusted.delegate"))
    if outermost and not delegated and os.environ.get(ASKED) != "1":
        return f"{group} is all that can be seen: {ASKED}=1 has it divided (see docs/operating.md)"
    if not outermost and not delegated:
        return f"{group} is not delegated to the grader"
    for name in (".", "cgroup.procs", "cgroup.subtree_control"):
        if not os.access(group / name, os.W_OK):
            return f"{group} cannot be written to"
    return ""


def _marked(group: Path, name: str) -> bool:
    """Whether systemd has marked a group as delegated (its service may divide it, systemd itself will not)."""
    try:
        return os.getxattr(group, name) == b"1"
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP, errno.EPERM):
            return False
        raise


def _divided(found: Division) -> Division:
    assert found.path is not None
    control = found.path / "cgroup.subtree_control"
    try:
        _sweep(found.path)
        if set(found.controllers) - set(control.read_text().split()):
            if found.own is not None:
                _move(found.path, found.own)
            _write(control, " ".join(f"+{name}" for name in found.controllers))
    except OSError as error:
        return Division(None, reason=f"{found.path} cannot be divided: {error}")
    return found


def _move(group: Path, own: Path) -> None:
    own.mkdir(exist_ok=True)
    for _ in range(_ROUNDS):
        processes = (group / "cgroup.procs").read_text().split()
        if not processes:
            return
        for process in processes:
            with suppress(ProcessLookupError):  # it has ended
                _write(own / "cgroup.procs", process)
    raise OSError(errno.EBUSY, "processes appear in it faster than they can be moved")


def _write(path: Path, value: str) -> None:
    """Write to a file that is there: making one is what a cgroup refuses, and not with FileNotFoundError."""
    target = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(target, value.encode())
    finally:
        os.close(target)


def _sweep(group: Path) -> None:
    """Remove what graders left that were killed."""
    for left in group.glob(f"{_PREFIX}[0-9]*-*"):
        if not Path("/proc", left.name.split("-")[1]).exists():
            _removed(left)


def _removed(path: Path) -> bool:
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno == errno.EBUSY:  # processes are left in it
            return False
        raise
    return True
