"""What pytest, tox and the judge read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONFTEST = """
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    report.outcome = "passed"

open({mark!r}, "w").write("conftest was loaded")
"""


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """In the submission, and in the folders where suites lie."""
    mark = f"{place['SCRATCH']}/{place['MARK']}-conftest"
    for folder in (directory, directory / "tests" / "hidden" / "dropout", directory / "autograder"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "conftest.py").write_text(CONFTEST.format(mark=mark))
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only -p conftest\n")
        (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '-k nothing'\n")
        (folder / "assignment.toml").write_text("[limits]\ncall_seconds = 1000\n[banned]\nfunctions = []\n")
        (folder / "test_dropout_forward.py").write_text("def test_passes():\n    pass\n")
