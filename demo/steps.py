"""The steps of the demo, each as an instructor would do it: ``autograder`` and ``nbgrader`` on the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.cli.show import latest
from autograder.course.layout import CONFIG_FILE, Course
from autograder.record import Record
from demo.expected import ASSIGNMENTS
from demo.students import Student
from demo.workbook import hand_in, load_template

REPOSITORY = Path(__file__).resolve().parents[1]
COPIED = ("source", "solutions", "tests/hidden")
POLL_SECONDS = 0.1
SHOWN_LINES = 15  # of what a failed command printed


class DemoFailed(Exception):
    """A step could not be done; the text says which command failed and what it printed."""


@dataclass(frozen=True)
class Result:
    """What came out for one submission: its record, and what became of it in the gradebook."""

    record: Record
    gradebook: str


def build(root: Path, origin: Path = REPOSITORY) -> Course:
    """Make a fresh course in ``root`` (whatever was there is removed) from the repository's files."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for name in COPIED:
        shutil.copytree(origin / name, root / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    shutil.copy(origin / CONFIG_FILE, root)
    return Course.find(root)


def release(course: Course) -> None:
    """Make the students' notebooks, and enter the assignments in the gradebook."""
    finish(start(course, "autograder", "release", *ASSIGNMENTS))


def submit(course: Course, students: Iterable[Student]) -> None:
    """Lay every student's notebooks where nbgrader collects submissions."""
    students = tuple(students)
    for assignment in ASSIGNMENTS:
        template = load_template(course, assignment)
        for student in students:
            hand_in(template, student.edits, course.submitted(student.name, assignment))


def grade(course: Course, *options: str) -> list[Result]:
    """Grade the class in all assignments; progress is shown on stderr. Raises DemoFailed if grading is refused."""
    command = start(course, "autograder", "grade", *ASSIGNMENTS, "--json", *options, show_progress=True)
    # Exit code 1: a submission could not be judged, which its record says.
    return [
        Result(latest(course, entry["assignment"], entry["student"]), entry["gradebook"])
        for entry in json.loads(finish(command, accepted=(0, 1)))
    ]


def give_feedback(course: Course, page: Callable[[int, int], None] = lambda *_: None) -> None:
    """Make all pages of feedback, of both assignments side by side; ``page`` hears how many are there, of how many."""
    running = [start(course, "nbgrader", "generate_feedback", assignment) for assignment in ASSIGNMENTS]
    # One who handed in no notebook of the right name gets a grade, but nbgrader has nothing to make a page of.
    made = {path: path.parent.name for path in course.root.glob(f"{course.autograded_directory}/*/*/*.ipynb")}
    expected = [course.feedback(path.parents[1].name, a) / f"{a}.html" for path, a in made.items()]
    while any(command.process.poll() is None for command in running):
        page(sum(path.exists() for path in expected), len(expected))
        time.sleep(POLL_SECONDS)
    for command in running:
        finish(command)
    page(sum(path.exists() for path in expected), len(expected))
    if missing := [path for path in expected if not path.exists()]:
        raise DemoFailed(f"nbgrader generate_feedback made no {missing[0]} ({len(missing)} pages are missing)")


def export(course: Course) -> Path:
    """Write all grades into a table, as for a university's office. Returns its path."""
    path = course.root / "grades.csv"
    finish(start(course, "nbgrader", "export", f"--to={path}"))
    return path


@dataclass(frozen=True)
class Command:
    """A started program; its output is kept in files, as two programs may run side by side."""

    process: subprocess.Popen[bytes]
    output: Path
    log: Path | None


def start(course: Course, program: str, *arguments: str, show_progress: bool = False) -> Command:
    """Start a program of this environment in the course's directory; ``show_progress``: stderr is the terminal's."""
    binaries = Path(sys.executable).parent
    logs = course.root / ".demo"
    logs.mkdir(exist_ok=True)
    name = "-".join((program, *(argument for argument in arguments if not argument.startswith("-"))))
    output, log = logs / f"{name}.out", None if show_progress else logs / f"{name}.log"
    # nbgrader starts further programs (alembic) by their names.
    environment = os.environ | {"PATH": os.pathsep.join((str(binaries), os.environ.get("PATH", os.defpath)))}
    with output.open("wb") as out, (log or Path(os.devnull)).open("wb") as err:
        process = subprocess.Popen(
            [str(binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=None if show_progress else err,
            cwd=course.root,
            env=environment,
        )
    return Command(process, output, log)


def finish(command: Command, accepted: tuple[int, ...] = (0,)) -> str:
    """Wait for a program and return what it printed. Raises DemoFailed with the end of its log."""
    try:
        code = command.process.wait()
    except BaseException:
        command.process.terminate()
        raise
    printed = command.output.read_text(errors="replace")
    if code in accepted:
        return printed
    told = printed + (command.log.read_text(errors="replace") if command.log else "")
    tail = "\n".join(told.strip().splitlines()[-SHOWN_LINES:])
    arguments = " ".join(str(argument) for argument in command.process.args)  # type: ignore[union-attr]  # a list, see start
    raise DemoFailed(f"{arguments} ended with exit code {code}:\n{tail}")
