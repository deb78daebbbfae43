"""What the operating system says about a file that cannot be written, in words for the instructor."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from autograder.errors import JudgeFault

AGAIN = "What was stored before is kept: mend this, then run the same command again"


def unwritable(path: Path, error: OSError) -> JudgeFault:
    """The fault of a file that could not be written: which one, why, and what is full where something is."""
    return JudgeFault(f"{path} cannot be written: {why(path, error)}. {AGAIN}")


def why(path: Path, error: OSError) -> str:
    """The reason of an error at ``path``."""
    if error.errno == errno.ENOSPC:
        return f"the disk is full: {space(path)}"
    if error.errno == errno.EDQUOT:
        return f"your quota of disk space is used up: {space(path)}"
    return error.strerror or str(error)


def space(path: Path) -> str:
    """How much is free where ``path`` lies."""
    directory = next(parent for parent in path.absolute().parents if parent.is_dir())
    there = os.statvfs(directory)
    free, size = (there.f_frsize * blocks // 2**10 for blocks in (there.f_bavail, there.f_blocks))
    return f"{free} KiB free of {size} KiB in {directory}"
