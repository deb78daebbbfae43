"""House rules that no linter checks."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 500
NOT_OURS = {"node_modules", "build", "dist", "submitted", "autograded", "feedback", "records"}
# Directories of one machine, as regular expressions, put together so that this file does not hold them.
PRIVATE = [r"/work" r"/(main|shared|brief|\.)", r"/root" r"/\.", r"/opt" r"/(wheels|pypi)"]


def files(directory: Path) -> Iterator[Path]:
    """Every file below, without environments, caches (hidden directories) and what grading leaves."""
    for found in sorted(directory.iterdir()):
        if found.is_dir() and not found.is_symlink():
            hidden = found.name.startswith(".") and found.name != ".ci"
            if not hidden and found.name not in NOT_OURS and not (found / "pyvenv.cfg").exists():
                yield from files(found)
        elif found.is_file() and found.suffix not in {".pyc", ".db"}:
            yield found


@cache
def texts() -> dict[Path, str]:
    found = {}
    for path in files(ROOT):
        content = path.read_bytes()
        if b"\0" not in content and ".egg-info" not in str(path):
            found[path] = content.decode("utf-8")
    return found


def test_something_is_looked_at():
    names = {os.fspath(path.relative_to(ROOT)) for path in texts()}

    assert {"pyproject.toml", ".ci/run", "autograder/__init__.py", "tests/unit/test_style.py"} <= names


@pytest.mark.parametrize("pattern", PRIVATE)
def test_no_file_names_a_directory_of_one_machine(pattern: str):
    lines = [
        f"{path.relative_to(ROOT)}:{number}"
        for path, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]

    assert not lines


def modules() -> list[str]:
    return [os.fspath(path.relative_to(ROOT)) for path in files(ROOT / "autograder") if path.suffix == ".py"]


@pytest.mark.parametrize("name", modules())
def test_each_module_says_what_it_is_for_and_stays_short(name: str):
    text = texts()[ROOT / name]

    assert ast.get_docstring(ast.parse(text)), "a module begins with a docstring"
    assert len(text.splitlines()) <= MOST_LINES
