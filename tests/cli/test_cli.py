"""The command line as its users meet it: results, refusals with their reason, exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from autograder.cli.main import app
from tests.tiny_course import TinyCourse

RIGHT = "def double(x):\n    if np.ndim(x) == 0:\n        raise ValueError\n    return x + x"
SQUARES = "def double(x):\n    if np.ndim(x) == 0:\n        raise ValueError\n    return x * x"


@pytest.fixture
def tiny(tmp_path: Path) -> TinyCourse:
    return TinyCourse(tmp_path / "course")


@pytest.fixture
def autograder(tiny: TinyCourse, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tiny.root)
    runner = CliRunner()

    def run(*arguments: str) -> Any:
        return runner.invoke(app, list(arguments))

    return run


def test_grade_then_show(tiny: TinyCourse, autograder: Any) -> None:
    tiny.submit("ada", RIGHT)
    tiny.submit("bob", SQUARES)
    done = autograder("grade", "tiny", "--no-gradebook", "--json", "--workers", "1")
    assert done.exit_code == 0, done.output
    ada, bob = json.loads(done.stdout)
    assert (ada["student"], ada["outcome"], ada["score"], ada["confined"]) == ("ada", "graded", 4.0, True)
    assert bob["exercises"]["double"] == {"score": 1.0, "points": 4.0, "mistake": "You square instead of doubling."}
    assert bob["gradebook"] == "not asked for"
    shown = autograder("show", "tiny", "bob")
    assert shown.exit_code == 0
    for text in ("1 of 4 points", "Every entry is doubled.", "You square instead of doubling."):
        assert text in shown.output
    assert json.loads(autograder("show", "tiny", "bob", "--json").stdout)["score"] == 1.0


def test_a_table_for_people(tiny: TinyCourse, autograder: Any) -> None:
    tiny.submit("ada", RIGHT)
    done = autograder("grade", "tiny", "--no-gradebook", "--trust-submissions")
    assert done.exit_code == 0, done.output
    assert "4 / 4" in done.output
    assert "every check passed" in done.output
    assert "WITHOUT confinement" in done.output, "an unconfined run must say so"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("grade", "tinny"), "no assignment 'tinny'"),
        (("grade", "tiny"), "nobody has submitted tiny"),
        (("show", "tiny", "ada"), "no record of ada for tiny"),
        (("grade", "tiny", "--course", "/"), "no nbgrader_config.py"),
    ],
)
def test_refusals_say_why_in_one_line(autograder: Any, arguments: tuple[str, ...], message: str) -> None:
    done = autograder(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.output + done.stderr


def test_an_unknown_student_is_refused(tiny: TinyCourse, autograder: Any) -> None:
    tiny.submit("ada", RIGHT)
    done = autograder("grade", "tiny", "--student", "eve")
    assert done.exit_code == 2
    assert "no submission of eve" in done.stderr


def test_without_bubblewrap_nobody_is_graded_and_the_mend_is_named(
    tiny: TinyCourse, autograder: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tiny.submit("ada", RIGHT)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = autograder("grade", "tiny", "--no-gradebook", "--json")
    assert done.exit_code == 1
    (ada,) = json.loads(done.stdout)
    assert (ada["outcome"], ada["score"]) == ("not judged", 0.0)
    assert "bwrap" in ada["remark"]
    assert "apt-get install bubblewrap" in ada["remark"]
    found = {item["name"]: item for item in json.loads(autograder("doctor", "--json").stdout)}
    assert not found["bubblewrap"]["ok"]
    assert not found["confinement (tried)"]["ok"]
    assert found["bubblewrap"]["mend"] == "apt-get install bubblewrap"


def test_doctor_of_a_healthy_machine(autograder: Any) -> None:
    found = {item["name"]: item for item in json.loads(autograder("doctor", "--json").stdout)}
    assert found["confinement (tried)"]["ok"], found["confinement (tried)"]
    assert not found["course"]["ok"], "the tiny course's configuration leaves nbgrader's Execute in place"
    assert "Judge" in found["course"]["found"]


def test_doctor_of_this_course(autograder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent.parent)
    done = autograder("doctor")
    assert done.exit_code == 0, done.output
    assert "MISSING" not in done.output


def test_help_is_quick_to_load() -> None:
    """The command line itself imports neither torch nor nbgrader."""
    import subprocess
    import sys

    code = "import sys, autograder.cli.main; print({'torch', 'nbgrader', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "set()"
