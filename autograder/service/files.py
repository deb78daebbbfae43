"""The service's files: JSON and directories that appear whole or not at all, readable by the instructor alone."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from autograder.errors import CourseFault
from autograder.grading import disk


def write_json(path: Path, data: Any, *, sync: bool = True) -> None:
    """Replace ``path`` by this object. ``sync`` has it survive a loss of power. Raises JudgeFault."""
    write_bytes(path, (json.dumps(data, indent=1, ensure_ascii=True, allow_nan=False) + "\n").encode(), sync=sync)


def write_bytes(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Replace ``path`` by this content. Raises JudgeFault."""
    try:
        make_directory(path.parent)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                if sync:
                    os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        if sync:
            sync_directory(path.parent)
    except OSError as error:
        raise disk.unwritable(path, error) from error


def read_json(path: Path) -> Any:
    """The object in ``path``, None where there is no such file. Raises CourseFault if it cannot be read."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise CourseFault(f"{path} is damaged ({str(error)[:100]}): put a backup in its place") from error
    except OSError as error:
        raise CourseFault(f"{path} cannot be read: {error.strerror}") from error


def make_directory(path: Path) -> Path:
    """Make a directory, and those above it, for the instructor alone. Raises OSError."""
    if not path.is_dir():
        if not path.parent.is_dir():
            make_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def sync_directory(path: Path) -> None:
    """Have the names in a directory survive a loss of power. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_tree(directory: Path, content: dict[str, bytes]) -> None:
    """Write files, by their paths below ``directory``, which need not exist. Raises OSError."""
    make_directory(directory)
    for name, data in content.items():
        path = directory / name
        make_directory(path.parent)
        with path.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())


def remove_tree(directory: Path) -> None:
    """Remove a directory with all in it, where it exists. Raises OSError."""
    if directory.is_dir():
        shutil.rmtree(directory)
