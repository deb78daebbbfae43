"""Attempts on disk: ``attempts/<assignment>/<student>/<number>/`` with ``files/``, ``attempt.json``, ``result.json``.

A directory of an attempt appears whole and its ``files/`` never change. ``result.json`` appears when it is graded.
Beside the numbers lies ``counted.json``: which attempt's grade the gradebook holds. The engine writes; pages read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from autograder.errors import CourseFault
from autograder.grading import disk, store
from autograder.record import Record, RecordOutcome
from autograder.service.files import make_directory, read_json, remove_tree, sync_directory, write_json, write_tree

FORMAT = 1
DIRECTORY = "attempts"
TAKING = ".taking-"  # how the name of a directory begins that is not whole yet


@dataclass(frozen=True)
class Result:
    """What became of an attempt. ``score`` is without a late penalty.

    ``record`` is the file's name in records/<assignment>/<student>/; ``tries`` counts how often it was judged.
    """

    record: str
    outcome: RecordOutcome
    score: float
    points: float
    at: datetime
    reason: str = ""
    tries: int = 1


@dataclass(frozen=True)
class Attempt:
    """One submission as it was taken in.

    ``arrived`` is our own time, ``inbound`` the directory's name in the exchange, ``owner`` the user whose files they
    were (None: not known to the system). ``unreadable`` says why there is nothing to judge; ``refused`` why it is not
    graded: that, or the policy. Both are "" for an attempt that is graded.
    """

    directory: Path
    assignment: str
    student: str
    number: int
    arrived: datetime
    inbound: str
    submission_sha256: str
    owner: str | None = None
    notes: tuple[str, ...] = ()
    late: bool = False
    refused: str = ""
    unreadable: str = ""
    result: Result | None = None

    @property
    def files(self) -> Path:
        """The snapshot: the notebook and the files beside it."""
        return self.directory / "files"


@dataclass(frozen=True)
class Counted:
    """What the gradebook holds for a student: this attempt, by this record, less this share of the points.

    ``feedback`` says whether nbgrader's page of feedback was released for it.
    """

    number: int
    record: str
    penalty: float = 0.0
    feedback: bool = False


def attempts_of(root: Path, assignment: str, student: str) -> list[Attempt]:
    """A student's attempts, the first first. Raises CourseFault where one is damaged."""
    return [read_attempt(directory) for directory in _numbered(root / DIRECTORY / assignment / student)]


def everybodys(root: Path, assignment: str) -> dict[str, list[Attempt]]:
    """Student -> attempts, of all who have submitted an assignment. Raises CourseFault where one is damaged."""
    directory = root / DIRECTORY / assignment
    return {student: attempts_of(root, assignment, student) for student in _names(directory)}


def submitted_assignments(root: Path) -> list[str]:
    """The assignments that somebody has submitted."""
    return _names(root / DIRECTORY)


def directories(root: Path) -> Iterator[Path]:
    """The directory of each attempt of the course."""
    for assignment in submitted_assignments(root):
        for student in _names(root / DIRECTORY / assignment):
            yield from _numbered(root / DIRECTORY / assignment / student)


def read_attempt(directory: Path) -> Attempt:
    """Read one attempt with its result. Raises CourseFault."""
    path = directory / "attempt.json"
    data = _object(path)
    if data is None:
        raise CourseFault(f"{path} is missing: put a backup in its place")
    try:
        return Attempt(
            directory=directory,
            assignment=_of(str, data["assignment"]),
            student=_of(str, data["student"]),
            number=_of(int, data["number"]),
            arrived=datetime.fromisoformat(data["arrived"]),
            inbound=_of(str, data["inbound"]),
            submission_sha256=_of(str, data["submission_sha256"]),
            owner=data["owner"] if data["owner"] is None else _of(str, data["owner"]),
            notes=tuple(_of(str, note) for note in data["notes"]),
            late=_of(bool, data["late"]),
            refused=_of(str, data["refused"]),
            unreadable=_of(str, data["unreadable"]),
            result=_read_result(directory / "result.json"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CourseFault(f"{path} is damaged ({error}): put a backup in its place") from error


def record_of(root: Path, attempt: Attempt) -> Record | None:
    """The record of a graded attempt, None where it is not graded. Raises CourseFault if the record is damaged."""
    if attempt.result is None:
        return None
    return store.load(root / "records" / attempt.assignment / attempt.student / attempt.result.record)


def counted(root: Path, assignment: str, student: str) -> Counted | None:
    """What the gradebook holds for a student, None where the service has written nothing. Raises CourseFault."""
    path = _counted_path(root, assignment, student)
    data = _object(path)
    if data is None:
        return None
    try:
        number, record = _of(int, data["number"]), _of(str, data["record"])
        return Counted(number, record, float(data["penalty"]), _of(bool, data["feedback"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CourseFault(f"{path} is damaged ({error}): delete it, the grade is written again") from error


# --- written by the engine --------------------------------------------------------------------------------------------


def create(root: Path, attempt: Attempt, content: dict[str, bytes]) -> Attempt:
    """Store a new attempt with its files, under the next free number. Raises JudgeFault."""
    parent = root / DIRECTORY / attempt.assignment / attempt.student
    try:
        make_directory(parent)
        for left in parent.glob(f"{TAKING}*"):  # of an engine that was killed; there is one engine at a time
            remove_tree(left)
        number = 1 + max((int(path.name) for path in _numbered(parent)), default=0)
        new = parent / f"{TAKING}{number}"
        made = replace(attempt, directory=parent / str(number), number=number)
        write_tree(new / "files", content)
        write_json(new / "attempt.json", _attempt_json(made))
        new.rename(made.directory)
        sync_directory(parent)
    except OSError as error:
        raise disk.unwritable(parent, error) from error
    return made


def rewrite(attempt: Attempt, *, late: bool, refused: str) -> Attempt:
    """Store what the policy says of an attempt now. Raises JudgeFault."""
    if (attempt.late, attempt.refused) == (late, refused):
        return attempt
    made = replace(attempt, late=late, refused=refused)
    write_json(attempt.directory / "attempt.json", _attempt_json(made))
    return made


def write_result(attempt: Attempt, result: Result) -> Attempt:
    """Store what became of an attempt. Raises JudgeFault."""
    data = {"format": FORMAT, **asdict(result), "at": result.at.isoformat()}
    write_json(attempt.directory / "result.json", data)
    return replace(attempt, result=result)


def write_counted(root: Path, assignment: str, student: str, entry: Counted) -> None:
    """Store what the gradebook holds for a student. Raises JudgeFault."""
    write_json(_counted_path(root, assignment, student), {"format": FORMAT, **asdict(entry)})


def result_of(record: Record, tries: int) -> Result:
    """The result that a record, which lies in the store, makes of an attempt."""
    key = store.Key(record.submission_sha256, record.suite_sha256, record.device, record.confined)
    now = datetime.now(UTC).replace(microsecond=0)
    return Result(f"{key.name}.json", record.outcome, record.score, record.points, now, record.reason, tries)


def _attempt_json(attempt: Attempt) -> dict[str, Any]:
    data = {name: value for name, value in asdict(attempt).items() if name not in ("directory", "result")}
    return {"format": FORMAT, **data, "arrived": attempt.arrived.isoformat(), "notes": list(attempt.notes)}


def _read_result(path: Path) -> Result | None:
    data = _object(path)
    if data is None:
        return None
    if data["outcome"] not in get_args(RecordOutcome):
        raise ValueError(f"outcome {data['outcome']!r}")
    at, score, points = datetime.fromisoformat(data["at"]), float(data["score"]), float(data["points"])
    record, reason, tries = _of(str, data["record"]), _of(str, data["reason"]), _of(int, data["tries"])
    return Result(record, data["outcome"], score, points, at, reason, tries)


def _object(path: Path) -> dict[str, Any] | None:
    data = read_json(path)
    if data is not None and not (isinstance(data, dict) and data.get("format") == FORMAT):
        raise CourseFault(f"{path} is not of format {FORMAT}, which this version reads: put a backup in its place")
    return data


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise ValueError(f"{str(value)[:60]!r} in place of {kind.__name__}")
    return value


def _counted_path(root: Path, assignment: str, student: str) -> Path:
    return root / DIRECTORY / assignment / student / "counted.json"


def _numbered(directory: Path) -> Sequence[Path]:
    """The directories of attempts in a student's directory, by number."""
    if not directory.is_dir():
        return []
    found = [path for path in directory.iterdir() if path.name.isdecimal() and path.name.isascii() and path.is_dir()]
    return sorted(found, key=lambda path: int(path.name))


def _names(directory: Path) -> list[str]:
    if not directory.is_dir():
        return []
    return sorted(path.name for path in directory.iterdir() if not path.name.startswith(".") and path.is_dir())
