"""The same guarantees where the grader is an ordinary user: the tests that matter run again, as one.

A grader that is root changes to another user before it confines; one that is not relies on user namespaces alone. Where
these tests run as an ordinary user anyway, the folder's other files have shown it already.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.judge import sandbox

ROOT = Path(__file__).parents[2]
USER = 12345
FOLDER = "tests/sandbox"
BECOME = """
import os, sys
os.setgroups([])
os.setresgid(*[{0}] * 3)
os.setresuid(*[{0}] * 3)
os.execv(sys.argv[1], sys.argv[1:])
"""
PART = [
    f"{FOLDER}/test_kernel.py",
    f"{FOLDER}/test_visibility.py",
    f"{FOLDER}/test_lifetimes.py::test_closing_leaves_nothing_behind",
    f"{FOLDER}/test_lifetimes.py::test_a_judge_that_is_killed_takes_everything_along",
    f"{FOLDER}/test_lifetimes.py::test_a_killed_supervisor_takes_its_submission_along_and_is_nobodys_fault",
    f"{FOLDER}/test_resource_limits.py::test_memory_of_all_processes_together",
    f"{FOLDER}/test_resource_limits.py::test_number_of_processes",
    f"{FOLDER}/test_resource_limits.py::test_sizes_of_files_and_of_each_directory",
    f"{FOLDER}/test_endings.py::test_what_is_left_behind_ends_with_the_submission",
]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the tests run as an ordinary user already")


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory of that user's; pytest's own are closed to others."""
    made = Path(tempfile.mkdtemp(prefix="autograder-user-"))
    os.chown(made, USER, USER)
    yield made
    shutil.rmtree(made)


def opened() -> list[str]:
    """Bubblewrap's options for a view in which Python and this repository can be read by anybody.

    Their parents may be closed to others, as root's home is: an open directory, with nothing else in it, covers those.
    """
    needed = [tree.resolve() for tree in (*sandbox.python_trees(), ROOT)]
    shut = {parent for tree in needed for parent in tree.parents if parent.stat().st_mode & 0o005 != 0o005}
    outermost = [parent for parent in sorted(shut) if not shut.intersection(parent.parents)]
    options = ["--dev-bind", "/", "/"]
    for parent in outermost:
        options += ["--perms", "0755", "--tmpfs", str(parent)]
        for tree in needed:
            between = [
                folder for folder in reversed(tree.parents) if folder.is_relative_to(parent) and folder != parent
            ]
            for folder in between:
                options += ["--perms", "0755", "--dir", str(folder)]
            if tree.is_relative_to(parent):
                options += ["--ro-bind", str(tree), str(tree)]
    return options


def as_user(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    variables = {"HOME": str(home), "TMPDIR": str(home), "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    become = [sys.executable, "-c", BECOME.format(USER), *command]
    return subprocess.run(
        [sandbox.bubblewrap(), *opened(), "--chdir", str(ROOT), "--", *become],
        env=variables, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_an_ordinary_user_grades_as_safely_as_root(home: Path) -> None:
    tried = as_user(home, sandbox.bubblewrap(), "--unshare-user", "--dev-bind", "/", "/", "true")
    if tried.returncode:
        pytest.skip(f"this machine gives ordinary users no user namespaces: {tried.stderr.strip()}")
    ran = as_user(home, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PART)
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
    assert " passed" in ran.stdout
    assert "error" not in ran.stdout.splitlines()[-1]
