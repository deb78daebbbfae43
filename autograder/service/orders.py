"""Orders of an instructor, ``service/orders/<id>.json``: to grade again, with a diff that is accepted or rejected.

A page writes an order that waits, and decides on one that is proposed; in between it is the engine's. Nothing that a
student or the gradebook has changes before the order is accepted.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from autograder.errors import CourseFault
from autograder.service.files import read_json, write_json
from autograder.service.status import SERVICE

FORMAT = 1
State = Literal["waiting", "running", "proposed", "accepted", "rejected", "failed"]
_ID = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Change:
    """One exercise's score before and after; None where there was none."""

    name: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Difference:
    """A student whose counting score, without late penalty, or whose exercises would change."""

    student: str
    before: float
    after: float
    exercises: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Regraded:
    """The new record of one attempt, in the order's own directory."""

    student: str
    number: int
    record: str


@dataclass(frozen=True)
class Order:
    """One order. ``students`` None: all of the class; ``unchanged`` is how many were graded again with no difference.

    ``applied``: it was accepted, and the engine has brought it into effect.
    """

    id: str
    assignment: str
    students: tuple[str, ...] | None
    by: str
    at: datetime
    kind: str = "regrade"
    state: State = "waiting"
    differences: tuple[Difference, ...] = ()
    unchanged: int = 0
    records: tuple[Regraded, ...] = ()
    reason: str = ""
    decided_by: str = ""
    applied: bool = False


def create(root: Path, assignment: str, students: Sequence[str] | None, by: str) -> Order:
    """Order the attempts of these students (None: of all) that count to be graded again. Raises JudgeFault."""
    now = datetime.now(UTC)
    name = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    order = Order(name, assignment, None if students is None else tuple(students), by, now)
    write(root, order)
    return order


def decide(root: Path, name: str, accept: bool, by: str) -> Order:
    """Accept or reject what an order proposes. Raises CourseFault where there is no such order, or it is not ready."""
    order = read(root, name)
    if order is None or order.state != "proposed":
        raise CourseFault(f"the order {name[:40]!r} is {order.state if order else 'unknown'}; expected a proposed one")
    decided = replace(order, state="accepted" if accept else "rejected", decided_by=by)
    write(root, decided)
    return decided


def read(root: Path, name: str) -> Order | None:
    """One order, None where there is none of this id, which may be any text. Raises CourseFault if it is damaged."""
    if not _ID.fullmatch(name):
        return None
    path = directory_of(root) / f"{name}.json"
    data = read_json(path)
    if data is None:
        return None
    try:
        if data.pop("format") != FORMAT or data["state"] not in get_args(State):
            raise ValueError("its format or state is unknown")
        students = data["students"]
        return Order(**data | {
            "at": datetime.fromisoformat(data["at"]),
            "students": None if students is None else tuple(students),
            "differences": tuple(_difference(entry) for entry in data["differences"]),
            "records": tuple(Regraded(**entry) for entry in data["records"]),
        })  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CourseFault(f"{path} is damaged ({error}): delete it and give the order again") from error


def everything(root: Path) -> list[Order]:
    """All orders, the first first; damaged ones left out."""
    found = []
    for path in sorted(directory_of(root).glob("*.json")):
        try:
            order = read(root, path.stem)
        except CourseFault:  # `read` says so to whoever asks for it
            continue
        if order is not None:
            found.append(order)
    return found


def write(root: Path, order: Order) -> None:
    """Store an order. Raises JudgeFault."""
    data = {"format": FORMAT, **asdict(order), "at": order.at.isoformat()}
    write_json(directory_of(root) / f"{order.id}.json", data)


def directory_of(root: Path) -> Path:
    """Where orders lie."""
    return root / SERVICE / "orders"


def records_of(root: Path, order: Order) -> Path:
    """Where the records of an order lie, <assignment>/<student>/<record>, until it is accepted."""
    return directory_of(root) / order.id


def _difference(entry: dict[str, Any]) -> Difference:
    return Difference(**entry | {"exercises": tuple(Change(**change) for change in entry["exercises"])})
