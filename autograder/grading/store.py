"""Where records lie: ``records/<assignment>/<student>/<submission>-<suite>-<device>.json``, by the hashes of what
they are made from.

A record's file holds nothing that changes from run to run; how long judging took and when lies beside it, in a file
``….run.json``. Files appear whole or not at all, readable by the instructor alone.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.record import Record


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
    """Return the stored record, or None where there is none that counts: what was not judged is judged again."""
    path = directory / f"{key.name}.json"
    if not path.exists():
        return None
    record = Record.from_json(path.read_text())
    same = (record.submission_sha256, record.suite_sha256) == (key.submission_sha256, key.suite_sha256)
    return record if same and record.outcome != "not judged" else None


def write(directory: Path, key: Key, record: Record, run: dict[str, Any]) -> Path:
    """Store a record and, beside it, the facts of this run. Returns the record's path."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    _replace(directory / f"{key.name}.run.json", json.dumps(run, sort_keys=True, indent=1) + "\n")
    return _replace(directory / f"{key.name}.json", record.to_json())


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
