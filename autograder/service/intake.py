"""From nbgrader's exchange to attempts: what lies in ``<exchange>/<course>/inbound/`` and is whole is taken in.

All that lies there is hostile: names, files, owners, dates. A directory is looked at by descriptor, nothing in it is
followed, and what is odd about one is noted and stops no other. A submission arrives file by file; it is whole when
timestamp.txt and submission_secret.txt lie in it and two looks, some time apart, find the same.
"""

from __future__ import annotations

import os
import pwd
import re
import stat
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autograder.course.layout import Course, load_config
from autograder.course.submission import MAX_DEPTH, MAX_ENTRIES, Submission, load_submission
from autograder.errors import CourseFault, JudgeFault, UnreadableNotebook
from autograder.grading.prepare import snapshot_sha256
from autograder.service import attempts
from autograder.service.attempts import Attempt

APART = 0.1  # seconds between two looks that must find the same
CLAIM = timedelta(minutes=2)  # how far the time that a submission claims may be from ours without a note
LAST_FILES = ("timestamp.txt", "submission_secret.txt")  # nbgrader writes them last
MAX_NOTES = 50
_SECRET = re.compile(rb"[0-9a-f]{1,256}")
_STUDENT = re.compile(r"[^\W_][\w.@+-]{0,63}")  # no name of a user or of an account at a university is stranger
_Look = frozenset[tuple[str, int, int, int, int]]  # path, kind, size, time of change by the kernel's clock, owner


@dataclass(frozen=True)
class Name:
    """What the name of an inbound directory claims."""

    student: str
    assignment: str
    timestamp: str


class Refusal(Exception):
    """Why an inbound directory becomes no attempt."""


def inbound_of(course: Course) -> Path:
    """The course's inbound directory, by nbgrader's configuration (it may not exist). Raises CourseFault."""
    from nbgrader.exchange.default import Exchange

    root = str(Exchange(config=load_config(course.root)).root)
    if not course.course_id:
        raise CourseFault(f"{course.root}: the course has no id; set c.CourseDirectory.course_id in nbgrader_config.py")
    return Path(root) / course.course_id / "inbound"


def parse(inbound: str) -> Name:
    """Read the name <student>+<assignment>+<timestamp>[+<random>]. Raises Refusal."""
    try:
        inbound.encode()
    except UnicodeEncodeError as error:
        raise Refusal("its name is not plain text") from error
    parts = inbound.rsplit("+", 3)
    if len(parts) == 4 and _time(parts[2]) is None:  # submitted without the random string, by a student with a +
        parts = inbound.rsplit("+", 2)
    if len(parts) < 3 or _time(parts[2]) is None:
        raise Refusal("its name is not student+assignment+timestamp+random")
    if not _STUDENT.fullmatch(parts[0]):
        raise Refusal("its name holds no possible name of a student")
    return Name(parts[0], parts[1], parts[2])


class Intake:
    """Takes in what is new; ``known`` are the names of the inbound directories that have become attempts.

    ``refused`` says why others did not: inbound name -> (reason, when that was found).
    """

    def __init__(self, course: Course, inbound: Path, known: set[str], *, check_owner: bool = True) -> None:
        self._course = course
        self._inbound = inbound
        self._known = known
        self._check_owner = check_owner
        self._looks: dict[str, tuple[float, _Look]] = {}
        self.refused: dict[str, tuple[str, datetime]] = {}

    @property
    def waiting(self) -> bool:
        """Whether something has been seen that may be whole at the next look."""
        return bool(self._looks)

    def look(self) -> list[Attempt]:
        """Look once; returns the attempts that were made. Raises JudgeFault where they cannot be stored or looked for.

        Where the inbound directory does not exist, nothing was released yet, and nothing is taken in.
        """
        try:
            with os.scandir(self._inbound) as scan:
                there = {entry.name for entry in scan}
        except FileNotFoundError:
            there = set()
        except OSError as error:
            raise CourseFault(f"{self._inbound} cannot be read: {error.strerror}") from error
        for gone in (self._looks.keys() | self.refused.keys()) - there:
            self._looks.pop(gone, None)
            self.refused.pop(gone, None)
        assignments = set(self._course.assignments())
        made = []
        for inbound in sorted(there - self._known):
            try:
                attempt = self._one(inbound, assignments)
            except Refusal as refusal:
                self._refuse(inbound, str(refusal))
            except JudgeFault:
                raise
            except OSError as error:  # it is removed meanwhile, or may not be read
                self._looks.pop(inbound, None)
                self._refuse(inbound, f"it cannot be read: {error.strerror}")
            except Exception as error:  # what we did not think of in one stops no other
                self._refuse(inbound, f"an error of the service: {type(error).__name__}: {error}")
            else:
                self.refused.pop(inbound, None)
                if attempt is not None:
                    made.append(attempt)
        return made

    def _refuse(self, inbound: str, reason: str) -> None:
        if self.refused.get(inbound, ("",))[0] != reason:
            self.refused[inbound] = (reason, datetime.now(UTC))

    def _one(self, inbound: str, assignments: set[str]) -> Attempt | None:
        """Take one directory in, where it is whole; None where it is not yet. Raises Refusal, OSError, JudgeFault."""
        name = parse(inbound)
        if name.assignment not in assignments:
            raise Refusal("there is no assignment of this name")
        path = self._inbound / inbound
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            raise Refusal("it is no directory")
        now, look = time.monotonic(), _look(path)
        owner = self._owner(name.student, look)
        at, before = self._looks.get(inbound, (now, None))
        if look != before:
            self._looks[inbound] = (now, look)
            return None
        if now - at < APART or not {(file, stat.S_IFREG) for file in LAST_FILES} <= {one[:2] for one in look}:
            return None
        # The kernel's times of change cannot be set back: what came while no engine ran is not late for that.
        arrived = min(datetime.now(UTC), datetime.fromtimestamp(max(one[3] for one in look) / 1e9, UTC))
        attempt, content = self._snapshot(path, inbound, name, owner, arrived)
        if _look(path) != look:  # it changed while it was read
            self._looks.pop(inbound)
            return None
        made = attempts.create(self._course.root, attempt, content)
        self._looks.pop(inbound)
        self._known.add(inbound)
        return made

    def _owner(self, student: str, look: _Look) -> str | None:
        """The user whose files these are. Raises Refusal where that is not the student."""
        users = {one[4] for one in look}
        names = {uid: _user(uid) for uid in users}
        if self._check_owner:
            for uid, user in sorted(names.items()):
                if user != student:
                    raise Refusal(f"it says to be {student}'s, and holds files of {user or f'the user id {uid}'}")
        return next(iter(names.values())) if len(names) == 1 else None

    def _snapshot(
        self, path: Path, inbound: str, name: Name, owner: str | None, arrived: datetime
    ) -> tuple[Attempt, dict[str, bytes]]:
        unreadable = ""
        try:
            taken = load_submission(path, name.assignment)
        except UnreadableNotebook as error:
            taken, unreadable = Submission(b"", {}), str(error)
        content = {} if unreadable else {f"{name.assignment}.ipynb": taken.notebook_bytes, **taken.extra_files}
        notes = [*taken.notes[:MAX_NOTES], *_notes_on_time(name.timestamp, arrived)]
        content["timestamp.txt"] = arrived.strftime("%Y-%m-%d %H:%M:%S.%f UTC").encode()
        secret = _small_file(path / "submission_secret.txt")
        if _SECRET.fullmatch(secret):
            content["submission_secret.txt"] = secret
        else:
            notes.append("its submission_secret.txt is not nbgrader's: feedback cannot be fetched through nbgrader")
        attempt = Attempt(
            directory=path,
            assignment=name.assignment,
            student=name.student,
            number=0,
            arrived=arrived,
            inbound=inbound,
            submission_sha256=snapshot_sha256(taken),
            owner=owner,
            notes=tuple(notes),
            refused=unreadable,
            unreadable=unreadable,
        )
        return attempt, content


def _look(path: Path) -> _Look:
    """What lies in a directory, without following anything. Raises OSError."""
    found: set[tuple[str, int, int, int, int]] = set()

    def walk(directory: int, prefix: str, depth: int) -> None:
        _note(found, prefix, os.fstat(directory))
        with os.scandir(directory) as scan:
            for entry in scan:
                if len(found) > MAX_ENTRIES:  # what reads it says so
                    return
                state = entry.stat(follow_symlinks=False)
                _note(found, prefix + entry.name, state)
                if stat.S_ISDIR(state.st_mode) and depth < MAX_DEPTH:
                    child = os.open(entry.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
                    try:
                        walk(child, f"{prefix}{entry.name}/", depth + 1)
                    finally:
                        os.close(child)

    top = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        walk(top, "", 0)
    finally:
        os.close(top)
    return frozenset(found)


def _note(found: set[tuple[str, int, int, int, int]], path: str, state: os.stat_result) -> None:
    size = 0 if stat.S_ISDIR(state.st_mode) else state.st_size
    found.add((path, stat.S_IFMT(state.st_mode), size, state.st_ctime_ns, state.st_uid))


def _user(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _small_file(path: Path) -> bytes:
    """The first bytes of a file that was plain a moment ago. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(handle, "rb") as stream:
        return stream.read(1024) if stat.S_ISREG(os.fstat(stream.fileno()).st_mode) else b""


def _time(text: str) -> datetime | None:
    """The time in the name of a submission, None where that is none."""
    from nbgrader.utils import parse_utc

    if not re.fullmatch(r"[\w .:+-]{8,64}", text):
        return None
    try:
        found: datetime = parse_utc(text).replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None
    return found


def _notes_on_time(claimed: str, arrived: datetime) -> list[str]:
    at = _time(claimed)
    if at is None or abs(arrived - at) <= CLAIM:
        return []
    return [f"it says to be of {at:%Y-%m-%d %H:%M:%S} UTC"]
