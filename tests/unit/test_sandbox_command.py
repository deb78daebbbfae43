"""Where the Python environment is found in the sandbox: nothing that is mounted later may lie over it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from autograder.judge import sandbox


@pytest.fixture
def trees(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    found = [Path("/opt/python"), Path("/tmp/clone/.venv")]
    monkeypatch.setattr(sandbox, "python_trees", lambda: found)
    return found


def test_an_environment_under_tmp_is_mounted_elsewhere(trees: list[Path]) -> None:
    assert sandbox.inside(trees[1] / "bin" / "python") == Path("/opt/autograder-python/1/bin/python")
    assert sandbox.inside(trees[0] / "bin" / "python") == trees[0] / "bin" / "python"
    assert sandbox.inside(Path("/usr/bin/python3")) == Path("/usr/bin/python3")


def test_the_command_mounts_and_starts_what_is_found_there(trees: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.sys, "executable", "/tmp/clone/.venv/bin/python")
    command = sandbox.command(sandbox.Environment(), Path("/nowhere"), [])
    mounts = list(zip(command, command[1:], command[2:], strict=False))
    assert ("--ro-bind", "/tmp/clone/.venv", "/opt/autograder-python/1") in mounts
    assert command[command.index("--") + 1] == "/opt/autograder-python/1/bin/python"
    made = [path for flag, path in itertools.pairwise(command) if flag == "--dir"]
    assert "/opt/autograder-python" in made
