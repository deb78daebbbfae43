"""``service/status.json``: what the engine does now. The engine writes it every second or so; pages read it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.errors import CourseFault
from autograder.service.files import read_json, write_json

FORMAT = 1
SERVICE = "service"  # the directory below the course's root
STALE = 10.0  # seconds after which an engine that has written nothing is taken for dead or stuck


@dataclass(frozen=True)
class Queued:
    """An attempt that waits; ``not_before`` is when it may be graded (None: now)."""

    assignment: str
    student: str
    number: int
    arrived: datetime
    not_before: datetime | None = None


@dataclass(frozen=True)
class Running:
    """An attempt that is being judged."""

    assignment: str
    student: str
    number: int
    since: datetime


@dataclass(frozen=True)
class Fault:
    """Something that is ours to mend. ``assignment`` and ``student`` are "" where it concerns more than one."""

    text: str
    since: datetime
    assignment: str = ""
    student: str = ""


@dataclass(frozen=True)
class Refused:
    """A directory in the exchange that became no attempt. ``inbound`` and ``reason`` hold hostile text."""

    inbound: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Status:
    """The engine's state. ``queue`` is in the order in which it will be graded."""

    at: datetime
    workers: int
    pid: int
    started: datetime
    check_owner: bool = True
    queue: tuple[Queued, ...] = ()
    running: tuple[Running, ...] = ()
    faults: tuple[Fault, ...] = ()
    refused: tuple[Refused, ...] = ()

    def alive(self, now: datetime) -> bool:
        """Whether the engine that wrote this runs, as far as can be told from it."""
        return (now - self.at).total_seconds() < STALE


def path_of(root: Path) -> Path:
    """The file of the state."""
    return root / SERVICE / "status.json"


def read_status(root: Path) -> Status | None:
    """What the engine wrote last, None where it has never run. Raises CourseFault if the file is damaged."""
    path = path_of(root)
    data = read_json(path)
    if data is None:
        return None
    try:
        return Status(
            at=_date(data["at"]),
            workers=data["workers"],
            pid=data["engine"]["pid"],
            started=_date(data["engine"]["started"]),
            check_owner=data["engine"]["check_owner"],
            queue=tuple(Queued(**_dated(entry, "arrived", "not_before")) for entry in data["queue"]),
            running=tuple(Running(**_dated(entry, "since")) for entry in data["running"]),
            faults=tuple(Fault(**_dated(entry, "since")) for entry in data["faults"]),
            refused=tuple(Refused(**_dated(entry, "at")) for entry in data["refused"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CourseFault(f"{path} is damaged ({error!r}): delete it, the engine writes it again") from error


def write_status(root: Path, status: Status) -> None:
    """Write the state. Raises JudgeFault."""
    lists = {name: [_plain(asdict(one)) for one in getattr(status, name)] for name in _LISTS}
    engine = {"pid": status.pid, "started": status.started.isoformat(), "check_owner": status.check_owner}
    data = {"format": FORMAT, "at": status.at.isoformat(), "workers": status.workers, "engine": engine, **lists}
    write_json(path_of(root), data, sync=False)  # it is of no use after a loss of power


_LISTS = ("queue", "running", "faults", "refused")


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in entry.items()}


def _dated(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return entry | {name: entry[name] and _date(entry[name]) for name in names}


def _date(text: str) -> datetime:
    return datetime.fromisoformat(text)
