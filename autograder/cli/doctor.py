"""``autograder doctor``: each requirement of grading, its state on this machine, and what to do.

The confinement is not asked about but tried: a forkserver is started and a notebook runs in it that probes each layer.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.errors import AutograderError, CourseFault

MEMORY_NEEDED_MB = 2048
JUDGE = "autograder.course.preprocessors.Judge"


@dataclass(frozen=True)
class Requirement:
    """One line of the doctor's report; ``mend`` says what to do where it is not ``ok``."""

    name: str
    ok: bool
    found: str
    mend: str = ""


def examine(start: Path) -> list[Requirement]:
    """Check everything; a later check does not wait for an earlier one to be mended."""
    checks: Sequence[Callable[[], Requirement]] = (
        _python, _linux, _bubblewrap, _libseccomp, _memory, _nbgrader, _torch, _confinement, _limits,
    )  # fmt: skip
    return [*(check() for check in checks), _course(start)]


def report(requirements: Sequence[Requirement], json_output: bool) -> bool:
    """Print the table (or JSON) and tell whether all is well."""
    if json_output:
        json.dump([asdict(requirement) for requirement in requirements], sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        table = Table(header_style="bold", pad_edge=False)
        for name in ("requirement", "state", "found"):
            table.add_column(name, no_wrap=name != "found")
        for requirement in requirements:
            state = "[green]ok[/]" if requirement.ok else "[bold red]MISSING[/]"
            mend = f"\n[bold]to do:[/] {requirement.mend}" if requirement.mend and not requirement.ok else ""
            table.add_row(requirement.name, state, requirement.found + mend)
        Console().print(table)
    return all(requirement.ok for requirement in requirements)


def _python() -> Requirement:
    return Requirement(
        "Python 3.11 to 3.13", (3, 11) <= sys.version_info[:2] <= (3, 13), platform.python_version(),
        "make an environment with a Python of these versions",
    )  # fmt: skip


def _linux() -> Requirement:
    return Requirement(
        "Linux", sys.platform == "linux", platform.platform(), "student code is confined by Linux's kernel"
    )


def _bubblewrap() -> Requirement:
    found = shutil.which("bwrap")
    return Requirement("bubblewrap", found is not None, found or "no bwrap on PATH", "apt-get install bubblewrap")


def _libseccomp() -> Requirement:
    from autograder.judge.seccomp import compiled_filter

    try:
        size = len(compiled_filter().program) // 8
    except AutograderError as error:
        return Requirement("libseccomp", False, str(error), "apt-get install libseccomp2")
    return Requirement("libseccomp", True, f"the filter compiles to {size} instructions")


def _memory() -> Requirement:
    with open("/proc/meminfo") as stream:
        values = dict(line.split(":") for line in stream)
    available = int(values["MemAvailable"].split()[0]) // 1024
    return Requirement(
        "memory", available >= MEMORY_NEEDED_MB, f"{available} MiB available, {MEMORY_NEEDED_MB} needed",
        "free memory, or lower memory_mb in assignment.toml and use fewer --workers",
    )  # fmt: skip


def _nbgrader() -> Requirement:
    version = importlib.metadata.version("nbgrader")
    return Requirement(
        "nbgrader 0.9.6 or later 0.9", version.startswith("0.9."), version, "pip install 'nbgrader>=0.9.6,<0.10'"
    )


def _torch() -> Requirement:
    try:
        version = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return Requirement("torch", False, "not installed", "make setup")
    gpus = [name for name in os.listdir("/dev") if name.startswith("nvidia") and name[6:].isdigit()]
    return Requirement("torch", True, f"{version}; {len(gpus)} NVIDIA device(s) in /dev")


_PROBE = """
import os, socket
found = []
def forbidden(what, attempt):
    try:
        attempt()
    except OSError:
        return
    found.append(what)
forbidden("network sockets", lambda: socket.socket(socket.AF_INET))
forbidden("writing to /", lambda: open("/probe", "w"))
if os.listdir("/proc"): found.append("processes in /proc")
if os.getuid() == 0: found.append("user id 0")
if len(os.listdir("/home")) != 1: found.append("other home directories")
print("open: " + ", ".join(found) if found else "closed")
"""


def _confinement() -> Requirement:
    from autograder.judge.forkserver import Forkserver, advice
    from autograder.judge.limits import Limits
    from autograder.judge.sandbox import Environment
    from autograder.judge.session import Cell, Session

    name = "confinement (tried)"
    try:
        with Forkserver(Environment()) as forkserver, Session(forkserver, Limits()) as session:
            (run,) = session.run_notebook([Cell("probe", _PROBE)])
    except AutograderError as error:
        return Requirement(name, False, str(error), advice(str(error)))
    said = "".join(str(output.get("text", output)) for output in run.outputs if isinstance(output, dict)).strip()
    closed = said == "closed"
    layers = "own user, pid, network, ipc, uts and mount namespaces; seccomp; no capabilities; rlimits"
    return Requirement(name, closed, layers if closed else f"{said or 'no answer'} {run.note}".strip(), advice(""))


def _limits() -> Requirement:
    from autograder.judge.cgroups import division

    found = division()
    held = "rlimits for each process (memory, CPU time, processes, file size); a watch over a submission's whole memory"
    left = ["processor time of all processes together"]
    if "memory" not in found.controllers:
        left = ["growth between two looks of the watch (0.1 s)", "the kernel's own memory but for sockets", *left]
    group = (
        f"a cgroup for each submission ({', '.join(found.controllers)})" if found.path else f"no cgroup: {found.reason}"
    )
    return Requirement("limits in force", True, f"{held}; {group}. Not limited: {'; '.join(left)}")


def _course(start: Path) -> Requirement:
    from autograder.course.layout import Course, load_config

    try:
        course = Course.find(start)
    except CourseFault as error:
        return Requirement("course", False, str(error), "run this inside a course, or pass --course")
    steps = load_config(course.root).get("Autograde", {}).get("autograde_preprocessors", [])
    if JUDGE not in steps:
        # Plain nbgrader runs notebooks unconfined, and a test cell without outputs is worth full marks to it.
        mend = "take over autograde_preprocessors from the nbgrader_config.py of this project"
        return Requirement("course", False, f"nbgrader_config.py does not put {JUDGE} in Execute's place", mend)
    assignments = course.assignments()
    found = f"{course.course_id or course.root.name}: {', '.join(assignments) or 'no assignment with a hidden suite'}"
    return Requirement(
        "course", bool(assignments), found, "a hidden suite lies in tests/hidden/<assignment>/assignment.toml"
    )
