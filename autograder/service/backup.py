"""Backup and restore of a course's state: one archive with gradebook, records, attempts, submissions and policies.

A backup may be made while the engine works. What refers to something is copied before what it refers to, and the
gradebook last: whatever came in between is at worst done again.
"""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy.engine import make_url

from autograder.course.layout import Course
from autograder.errors import CourseFault
from autograder.grading import disk
from autograder.service import attempts, policy
from autograder.service.engine import alone
from autograder.service.files import make_directory
from autograder.service.orders import directory_of
from autograder.service.recording import NEW, OLD
from autograder.service.status import SERVICE

FORMAT = 1
MANIFEST = "backup.json"
GRADEBOOK = "gradebook.db"  # its name in the archive


@dataclass(frozen=True)
class Contents:
    """What an archive holds: when and of what course it was made, its files, and whether the gradebook is among them.

    A gradebook that is no SQLite file is the business of its own server's backup.
    """

    course_id: str
    at: str
    files: int
    gradebook: bool


def write_backup(course: Course, path: Path) -> Contents:
    """Write the archive. Raises CourseFault where it exists, or something cannot be read or written."""
    if path.exists():
        raise CourseFault(f"{path} exists already; name a new file")
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with tarfile.open(temporary, "w:gz") as archive:
            files = sum(_add(archive, course.root, name) for name in _names(course))
            gradebook = _add_gradebook(archive, course)
            contents = Contents(course.course_id, datetime.now(UTC).isoformat(timespec="seconds"), files, gradebook)
            _add_bytes(archive, MANIFEST, json.dumps({"format": FORMAT, **vars(contents)}).encode())
        temporary.chmod(0o600)
        temporary.rename(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CourseFault(f"{path} cannot be written: {disk.why(path, error)}") from error
    except sqlite3.Error as error:
        temporary.unlink(missing_ok=True)
        raise CourseFault(f"the gradebook cannot be copied: {error}") from error
    return contents


def restore_backup(course: Course, path: Path, *, replace: bool) -> tuple[Contents, Path | None]:
    """Put an archive's state into the course; returns it, and where the state that was there lies now.

    Raises CourseFault where an engine runs, the archive is no backup of this course or is damaged, or there is a state
    already and ``replace`` is not wanted. Nothing has changed then.
    """
    with alone(course.root), tempfile.TemporaryDirectory(dir=course.root, prefix=".restoring-") as directory:
        contents = _unpack(path, Path(directory), course)
        targets = {name: course.root / name for name in _names(course)}
        if contents.gradebook:
            targets[GRADEBOOK] = _gradebook_file(course) or course.root / GRADEBOOK
        there = {name: target for name, target in targets.items() if target.exists()}
        if there and not replace:
            raise CourseFault(f"{course.root} has a state already ({', '.join(there)}); --replace puts it aside")
        aside = course.root / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%S%f}" if there else None
        try:
            if aside is not None:
                for name, target in there.items():
                    make_directory((aside / name).parent)
                    target.rename(aside / name)
            for name, target in targets.items():
                if (Path(directory) / name).exists():
                    make_directory(target.parent)
                    (Path(directory) / name).rename(target)
        except OSError as error:
            raise CourseFault(f"the state cannot be put into place: {error}; what was there lies in {aside}") from error
    return contents, aside


def _names(course: Course) -> list[str]:
    """What is archived, in this order, below the course's root."""
    orders = directory_of(course.root).relative_to(course.root).as_posix()
    nbgraders = (course.submitted_directory, course.autograded_directory, course.feedback_directory)
    return [policy.FILE, attempts.DIRECTORY, orders, "records", *nbgraders]


def _add(archive: tarfile.TarFile, root: Path, name: str) -> int:
    """Add a file or a tree; what disappears meanwhile, or is not whole yet, is left out."""
    path, number = root / name, 0
    if path.is_file():
        _add_bytes(archive, name, path.read_bytes(), path.stat().st_mode)
        return 1
    if not path.is_dir():
        return 0
    for entry in sorted(path.iterdir()):
        if entry.is_symlink() or _is_half_written(entry.name, name):
            continue
        try:
            number += _add(archive, root, f"{name}/{entry.name}")
        except FileNotFoundError:  # replaced by the engine meanwhile
            continue
    return number


def _is_half_written(name: str, where: str) -> bool:
    """Whether this is what the engine gives another name once it is whole; students' files may have any name."""
    if "/files" in where:
        return False
    ours = where.startswith((attempts.DIRECTORY, SERVICE, "records"))
    return name.startswith((attempts.TAKING, NEW, OLD)) or (ours and name.startswith(".") and name.endswith(".tmp"))


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o600) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode & 0o777
    member.mtime = int(datetime.now(UTC).timestamp())
    archive.addfile(member, io.BytesIO(content))


def _gradebook_file(course: Course) -> Path | None:
    """The SQLite file of the gradebook; None where it is another database."""
    url = make_url(course.db_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _add_gradebook(archive: tarfile.TarFile, course: Course) -> bool:
    """Add the gradebook as it is at one moment, whoever writes it."""
    path = _gradebook_file(course)
    if path is None or not path.is_file():
        return False
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / GRADEBOOK
        with closing(sqlite3.connect(path, timeout=60)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        _add_bytes(archive, GRADEBOOK, copy.read_bytes())
    return True


def _unpack(path: Path, directory: Path, course: Course) -> Contents:
    """Unpack an archive into an empty directory. Raises CourseFault."""
    known = (*(PurePosixPath(name).parts[0] for name in _names(course)), GRADEBOOK, MANIFEST)
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                parts = PurePosixPath(member.name).parts
                if not member.isfile() or not parts or parts[0] not in known or ".." in parts:
                    raise CourseFault(f"{path} holds {member.name[:80]!r}; that is no archive of `autograder backup`")
                _extract(archive, member, directory.joinpath(*parts))
    except FileNotFoundError as error:
        raise CourseFault(f"{path} does not exist") from error
    except (OSError, EOFError, tarfile.TarError) as error:
        raise CourseFault(f"{path} cannot be unpacked: {error}") from error
    manifest = directory / MANIFEST
    data: dict[str, Any] = json.loads(manifest.read_bytes()) if manifest.exists() else {}
    if data.pop("format", None) != FORMAT:
        raise CourseFault(f"{path} is no whole archive of `autograder backup`: its list of contents is missing")
    contents = Contents(**data)
    if contents.course_id != course.course_id:
        raise CourseFault(f"{path} is of the course {contents.course_id!r}; this is {course.course_id!r}")
    return contents


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """Write one plain file. ``TarFile.extract`` has a safe filter since Python 3.11.4 only, and 3.11.2 must do."""
    make_directory(target.parent)
    content = archive.extractfile(member)
    assert content is not None, "it is a file"
    with content, target.open("wb") as stream:
        shutil.copyfileobj(content, stream)
    target.chmod(member.mode & 0o777)
