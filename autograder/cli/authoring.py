"""``autograder sync`` and ``autograder release``: the instructor's notebooks and the students'."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from autograder.course.layout import Course


def _assignments(course: Course, names: Sequence[str]) -> list[str]:
    return [course.require(name) for name in names] or course.assignments()


def sync_all(start: Path, names: Sequence[str], check: bool) -> bool:
    """Fill (or with ``check`` compare) the solution cells; tell whether all is in step now."""
    from autograder.course.sync import sync

    course, console = Course.find(start), Console(highlight=False)
    clean = True
    for name in _assignments(course, names):
        drift = sync(course, name, check=check)
        clean = clean and not (check and drift)
        _print(console, name, drift, "out of step" if check else "filled", "in step with solutions/")
    return clean


def release_all(start: Path, names: Sequence[str], check: bool) -> bool:
    """Generate (or with ``check`` compare) the released notebooks; tell whether all is in step now."""
    from autograder.course.release import release

    course, console = Course.find(start), Console(highlight=False)
    clean = True
    for name in _assignments(course, names):
        released = release(course, name, check=check)
        clean = clean and not (check and released.drift) and not released.warnings
        _print(console, name, released.drift, "out of date" if check else "generated", "up to date")
        for warning in released.warnings:
            console.print(f"  solution text in the release: {warning}", style="bold red")
    return clean


def _print(console: Console, name: str, drift: Sequence[str], changed: str, same: str) -> None:
    console.print(f"{name}: {changed if drift else same}", style="bold" if drift else "")
    for line in drift:
        console.print(f"  {line}")
