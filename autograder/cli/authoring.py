"""``autograder new``, ``sync`` and ``release``: starting an assignment, the instructor's notebook and the students'."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from autograder.course.layout import Course


def _assignments(course: Course, names: Sequence[str]) -> list[str]:
    return [course.require(name) for name in names] or course.assignments()


def new_assignment(start: Path, name: str, init: bool) -> None:
    """Make an assignment with its worked exercise; print what each file is for, and what to run next."""
    from autograder.course.scaffold import scaffold

    made = scaffold(start, name, init=init)
    # The commands as they work from here.
    course = "" if Path.cwd().is_relative_to(made.root) else f" --course {shlex.quote(str(made.root))}"
    width = max(len(file) for file, _ in made.files)
    lines = [f"made the assignment {name} in {made.root}:", ""]
    lines += [f"  {file:<{width}}  {purpose}" for file, purpose in made.files]
    lines += ["", "The notebook is in step with the solutions. Next:", ""]
    lines += [f"  autograder {command} {name}{course}" for command in ("audit", "release")]
    for line in lines:
        print(line)


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
