"""Where records lie: ``records/<assignment>/<student>/<submission>-<suite>-<device>.json``, by the hashes of what
they are made from.

A record's file holds nothing that changes from run to run; how long judging took and when lies beside it, in a file
``….run.json``, with the hash of the record. Files appear whole or not at all, readable by the instructor alone. A
record that is no longer what was written (cut short, damaged, edited, of another version) does not count.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import CourseFault
from autograder.grading import disk
from autograder.record import Record

ABANDONED = 3600.0  # seconds, where writing a record takes milliseconds


@dataclass(frozen=True)
class Key:
    """What decides a record: the submission's files, the suite with all it rests on, the device, and confinement."""

    submission_sha256: str
    suite_sha256: str
    device: str
    confined: bool = True

    @property
    def name(self) -> str:
        """The file's name, without its ending."""
        kind = self.device if self.confined else f"{self.device}-unconfined"
        return f"{self.submission_sha256[:16]}-{self.suite_sha256[:16]}-{kind}"


def read(directory: Path, key: Key) -> Record | None:
    """Return the stored record, or None where there is none that counts: what was not judged is judged again.

    So is what was written for somebody else, and what is damaged. Raises CourseFault where a file is there and may not
    be read at all.
    """
    path = directory / f"{key.name}.json"
    data = _bytes(path)
    if data is None:
        return None
    try:
        record = _checked(path, data)
    except CourseFault:
        return None
    made_from = Key(record.submission_sha256, record.suite_sha256, record.device, record.confined)
    same = made_from == key and (record.assignment, record.student) == (directory.parent.name, directory.name)
    return record if same and record.outcome != "not judged" else None


def load(path: Path) -> Record:
    """Return the record at ``path``. Raises CourseFault if it is not the one that was written there."""
    data = _bytes(path)
    if data is None:
        raise CourseFault(f"{path} does not exist")
    return _checked(path, data)


def write(directory: Path, key: Key, record: Record, run: dict[str, Any]) -> Path:
    """Store a record and, beside it, the facts of this run. Returns the record's path. Raises JudgeFault."""
    path, text = directory / f"{key.name}.json", record.to_json()
    facts = {**run, "record_sha256": hashlib.sha256(text.encode()).hexdigest()}
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _remove_abandoned(directory)
        _replace(directory / f"{key.name}.run.json", json.dumps(facts, sort_keys=True, indent=1) + "\n")
        return _replace(path, text)
    except OSError as error:
        raise disk.unwritable(path, error) from error


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CourseFault(f"{path} cannot be read: {error.strerror}") from error


def _checked(path: Path, data: bytes) -> Record:
    try:
        record = Record.from_json(data.decode())
    except UnicodeDecodeError as error:
        raise CourseFault(f"{path} is damaged (byte {error.start} is not text): delete it and grade again") from error
    except CourseFault as error:
        raise CourseFault(f"{path}: {error}") from error
    if _written_hash(path.with_suffix(".run.json")) != hashlib.sha256(data).hexdigest():
        raise CourseFault(f"{path} is not what was written: delete it and grade again")
    return record


def _written_hash(path: Path) -> Any:
    """The hash of the record as it was written; None where the file beside it is gone or damaged."""
    try:
        facts = json.loads(_bytes(path) or b"null")
    except (ValueError, RecursionError):
        return None
    return facts.get("record_sha256") if isinstance(facts, dict) else None


def _remove_abandoned(directory: Path) -> None:
    """Remove what was not written to its end, by a process that was killed, and that nobody else writes just now."""
    for path in directory.glob(".*.tmp"):
        if time.time() - path.stat().st_mtime > ABANDONED:
            path.unlink()


def _replace(path: Path, text: str) -> Path:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path
