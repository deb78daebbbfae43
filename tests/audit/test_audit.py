"""The audit of a small course: what it proves, and each thing that it must find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from typer.testing import CliRunner

from autograder.audit.audit import Audit, Options, audit
from autograder.audit.reach import reach
from autograder.cli.main import app
from autograder.course.layout import Course
from autograder.suite.assignment import load_assignment
from tests.tiny_course import SOLUTION, SUITE, TinyCourse, notebook

EQUIVALENTS = """
from autograder.suite import equivalent

@equivalent("double")
def adds():
    def double(x):
        if np.ndim(x) == 0:
            raise ValueError
        return x + x

@equivalent("double")
def shifts():
    def double(x):
        if np.shape(x) == ():
            raise ValueError
        return (1 + 1) * x

@equivalent("double")
def one_by_one():
    def double(x):
        if np.ndim(x) == 0:
            raise ValueError
        return np.array([v + v for v in x])
"""
THIRD = """
@misconception("double", "You return x as it is, not doubled.")
def identity():
    def double(x):
        if np.ndim(x) == 0:
            raise ValueError
        return x
"""
SUPPORTING = '@pytest.mark.exercise("double", supporting=True)\n'


@pytest.fixture
def tiny(tmp_path: Path) -> TinyCourse:
    course = TinyCourse(tmp_path / "course")
    course.write("source/tiny/tiny.ipynb", nbformat.writes(notebook(SOLUTION.replace("import numpy as np\n", ""))))
    course.write("tests/hidden/tiny/equivalents.py", EQUIVALENTS)
    course.write("tests/hidden/tiny/test_double.py", SUITE.replace("def test_scalar", SUPPORTING + "def test_scalar"))
    with (course.suite / "misconceptions.py").open("a") as stream:
        stream.write(THIRD)
    return course


def audited(course: TinyCourse) -> Audit:
    begun: list[int] = []
    done: list[int] = []
    result = audit(Course.find(course.root), "tiny", Options(workers=1), begun.append, done.append)
    assert begun == [sum(done)] == [len(result.earned)]
    return result


def texts(result: Audit) -> str:
    return "\n".join(f"{finding.exercise}: {finding.text}" for finding in result.findings)


def test_a_sound_suite_is_proved(tiny: TinyCourse) -> None:
    result = audited(tiny)
    assert result.findings == ()
    counts = result.counts("double")
    assert (counts["misconception"], counts["equivalent"], counts["stub"]) == (3, 3, 1)
    assert counts["killed"] == counts["mutant"] >= 4
    (margin,) = (m for m in result.margins if m.label == "y")
    assert margin.nearest_right[1] < 1 < margin.nearest_wrong[1]
    assert set(margin.right) == {"reference", "adds", "shifts", "one_by_one"}
    assert set(margin.wrong) == {"squares", "identity"}


def test_what_holds_for_an_empty_answer_is_found(tiny: TinyCourse) -> None:
    tiny.write("tests/hidden/tiny/test_double.py", SUITE)
    found = texts(audited(tiny))
    assert "double: an empty answer (an error) earns 1 of 4 by test_double.py::test_scalar" in found
    assert "an empty answer (zeros of the right shape) earns 1 of 4" in found
    assert "an empty answer (None)" not in found, "None raises no error where one is asked for"


def test_before_the_first_release_and_whatever_the_cells_ids_are(tiny: TinyCourse) -> None:
    (tiny.root / "release/tiny/tiny.ipynb").unlink()
    with_region = SOLUTION.replace("import numpy as np\n", "").replace("    if np", "    ### BEGIN SOLUTION\n    if np")
    source = notebook(with_region + "    ### END SOLUTION\n")
    for number, cell in enumerate(source.cells):
        cell.id = f"made-by-jupyterlab-{number}"
    tiny.write("source/tiny/tiny.ipynb", nbformat.writes(source))
    result = audited(tiny)
    assert result.findings == ()
    assert result.counts("double")["stub"] == 1
    assert result.counts("double")["killed"] >= 4


def test_a_check_that_sees_nothing_lets_mutants_and_mistakes_live(tiny: TinyCourse) -> None:
    blind = SUITE.replace("    with raises", "    return\n    with raises")
    tiny.write("tests/hidden/tiny/test_double.py", blind)
    found = texts(audited(tiny))
    assert "double: misconception accepts_scalars keeps all points" in found
    assert "a mutant keeps all points: `raise ValueError" in found
    assert "the stub earns 1 of 4" in found


def test_a_suite_that_rejects_a_right_style(tiny: TinyCourse) -> None:
    tiny.write("tests/hidden/tiny/test_double.py", SUITE.replace("2 * x, what", "2 * x + 1e-3, what"))
    found = texts(audited(tiny))
    assert "reference reference loses points" in found
    assert "equivalent adds loses points: test_double.py::test_values: y differs" in found


def test_a_mistake_that_nothing_tells_from_another_is_not_named(tiny: TinyCourse) -> None:
    again = THIRD.replace("def identity", "def also_identity").replace(
        "as it is, not doubled", "unchanged: you forget 2"
    )
    with (tiny.suite / "misconceptions.py").open("a") as stream:
        stream.write(again)
    found = texts(audited(tiny))
    assert "misconception identity is met with nothing in place of its own sentence" in found


def test_a_suite_that_fails_by_itself_is_found(tiny: TinyCourse) -> None:
    broken = SUITE + "\ndef test_entries(student):\n    '''Entries.'''\n    assert student.double(np.ones(3))[7] == 2\n"
    tiny.write("tests/hidden/tiny/test_double.py", broken)
    assert "could not be judged" in texts(audited(tiny))


def test_the_list_of_right_mutants_is_checked(tiny: TinyCourse) -> None:
    entry = '[[mutant]]\nexercise = "double"\nline = "{}"\nbecomes = "{}"\nreason = "a reason that is long enough"\n'
    tiny.write(
        "tests/hidden/tiny/equivalent_mutants.toml",
        entry.format("return 2 * x", "return 2 / x") + entry.format("gone", "away"),
    )
    found = texts(audited(tiny))
    assert "listed as right, but it loses points: `return 2 / x`" in found
    assert "listed as right, but there is no such mutant: `gone`" in found


def test_too_few_variants(tiny: TinyCourse) -> None:
    (tiny.suite / "equivalents.py").unlink()
    assert "0 equivalents; at least 3 are needed" in texts(audited(tiny))


def test_an_endless_mutant_is_ended(tiny: TinyCourse) -> None:
    loop = "def double(x):\n    if np.ndim(x) == 0:\n        raise ValueError\n    n = 0\n"
    loop += "    while n < 1:\n        n += 1\n    return 2 * x\n"
    tiny.write("solutions/tiny.py", "import numpy as np\n" + loop)
    tiny.write("source/tiny/tiny.ipynb", nbformat.writes(notebook(loop)))
    result = audited(tiny)
    endless = [e for e in result.earned if e.name == "double: `n += 1` becomes `n -= 1`" or "n += 0" in e.name]
    assert endless
    assert all("no answer within" in e.failed[0] for e in endless)


def test_reach_follows_checks_references_and_texts(tiny: TinyCourse) -> None:
    settings = load_assignment(tiny.suite)
    assert reach(settings, "double") == ("double",)
    more = "".join(f'[functions.{name}]\nexercise = "{name}"\n' for name in ("quadruple", "half", "told", "apart"))
    tiny.write("tests/hidden/tiny/assignment.toml", (tiny.suite / "assignment.toml").read_text() + more)
    functions = "\n\ndef quadruple(x):\n    return double(double(x))\n\n\ndef half(x):\n    return x / 2\n"
    tiny.write(
        "solutions/tiny.py", SOLUTION + functions + "\n\ndef told(x):\n    return x\n\n\ndef apart(x):\n    return x\n"
    )
    tiny.write(
        "tests/hidden/tiny/test_half.py", "def test_half(student):\n    assert student.half(student.double(1)) == 1\n"
    )
    tiny.write("tests/hidden/tiny/test_told.py", "CODE = 'def f(x): return double(x)'\n")
    assert reach(load_assignment(tiny.suite), "double") == ("double", "quadruple", "half", "told")


def test_command(tiny: TinyCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny.root)
    hostile = '@misconception("double", "<script>alert(1)</script> is not what doubling is.")\ndef scripted():\n'
    hostile += "    def double(x):\n        if np.ndim(x) == 0:\n            raise ValueError\n        return 3 * x\n"
    with (tiny.suite / "misconceptions.py").open("a") as stream:
        stream.write(hostile)
    done = CliRunner().invoke(app, ["audit", "tiny", "--html", "audit.html", "--workers", "1"])
    assert done.exit_code == 0, done.output
    assert "tiny: proved by" in done.output
    page = (tiny.root / "audit.html").read_text()
    assert "one_by_one" in page
    assert "scripted" in page
    assert "<script" not in page
    done = CliRunner().invoke(app, ["audit", "tiny", "--json", "--mutants", "2", "--workers", "1"])
    (one,) = json.loads(done.stdout)
    kinds: list[Any] = [solution["kind"] for solution in one["solutions"]]
    assert one["proved"] is True
    assert kinds.count("mutant") == 2


def test_command_fails_where_something_is_to_mend(tiny: TinyCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny.root)
    (tiny.suite / "equivalents.py").unlink()
    done = CliRunner().invoke(app, ["audit", "--workers", "1", "--mutants", "0"])
    assert done.exit_code == 1
    assert "to mend" in done.output
