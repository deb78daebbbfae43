"""``autograder backup`` and ``autograder restore``."""

from __future__ import annotations

from pathlib import Path

import typer

from autograder.course.layout import Course
from autograder.service.backup import restore_backup, write_backup

_NO_GRADEBOOK = "the gradebook is not in it: there is none yet, or it is no SQLite file and its server backs it up"


def back_up(start: Path, path: Path) -> None:
    """Write an archive, and say what is in it. Raises CourseFault."""
    contents = write_backup(Course.find(start), path)
    typer.echo(f"{path}: {contents.files} files{' and the gradebook' if contents.gradebook else ''}")
    if not contents.gradebook:
        typer.echo(_NO_GRADEBOOK)


def bring_back(start: Path, path: Path, *, replace: bool) -> None:
    """Restore an archive, and say from when it is. Raises CourseFault."""
    contents, aside = restore_backup(Course.find(start), path, replace=replace)
    typer.echo(f"restored the state of {contents.at}: {contents.files} files")
    if aside is not None:
        typer.echo(f"what was there lies in {aside}")
