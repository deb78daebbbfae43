"""The plugin as an author of suites meets it: plain pytest, run on our own solutions and on notebooks."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_course import TinyCourse

RIGHT = "def double(x):\n    if np.ndim(x) == 0:\n        raise ValueError\n    return x + x"
SQUARES = "def double(x):\n    if np.ndim(x) == 0:\n        raise ValueError\n    return x * x"


@pytest.fixture
def run(pytester: pytest.Pytester, course: TinyCourse) -> Any:
    def run(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess(
            str(course.suite), "-c", "/dev/null", "--rootdir", str(course.root), "--import-mode=importlib",
            "-p", "no:cacheprovider", *arguments, timeout=100,
        )  # fmt: skip

    return run


def test_without_options_the_reference_is_judged(run: Any) -> None:
    run().assert_outcomes(passed=2)


def test_variants_run_too(run: Any) -> None:
    result = run("--variants", "-v")
    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines(["*test_values*misconception:double:squares* FAILED*"])
    result.stdout.fnmatch_lines(["*test_scalar*misconception:double:accepts_scalars* FAILED*"])


def test_each_draw_has_random_numbers_of_its_own(run: Any, course: TinyCourse) -> None:
    code = "import numpy as np\n\n\ndef test_spins(student):\n    print('drawn', np.random.rand())\n"
    mark = "import pytest\npytestmark = pytest.mark.exercise('double')\n"
    course.write("tests/hidden/tiny/test_spins.py", mark + code)
    result = run("--draws", "3", "-s", "-k", "spins", "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*reference-2*"])
    drawn = [line.split("drawn ")[1].split()[0] for line in result.outlines if "drawn " in line]
    again = [line.split("drawn ")[1].split()[0] for line in run("-s", "-k", "spins").outlines if "drawn " in line]
    assert len(set(drawn)) == 3
    assert again == drawn[:1], "the first draw is that of a grading"


def test_several_suites_are_one_run(pytester: pytest.Pytester, course: TinyCourse) -> None:
    for name in ("assignment.toml", "test_double.py", "misconceptions.py"):
        text = (course.suite / name).read_text().replace("double", "triple")
        course.write(f"tests/hidden/other/{name.replace('double', 'triple')}", text.replace("2 * x", "3 * x"))
    course.write("solutions/other.py", (course.root / "solutions/tiny.py").read_text().replace("double", "triple"))
    solutions = course.root / "solutions/other.py"
    solutions.write_text(solutions.read_text().replace("2 * x", "3 * x"))
    suites = [str(course.suite), str(course.root / "tests/hidden/other")]
    run = pytester.runpytest_subprocess(*suites, "-c", "/dev/null", "--import-mode=importlib", "-p", "no:cacheprovider")
    run.assert_outcomes(passed=4)


def test_selection_and_junit_work_as_usual(run: Any, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    run("--variants", "-k", "squares and values", "--junitxml", str(report)).assert_outcomes(failed=1, deselected=5)
    assert [case.get("name") for case in ET.parse(report).iter("testcase")] == [
        "test_values[misconception:double:squares]"
    ]


def test_a_class_is_one_run(run: Any, course: TinyCourse) -> None:
    course.submit("ada", RIGHT)
    course.submit("bob", SQUARES)
    course.submit("cyd", "def double(x):\n    while True:\n        pass")
    course.submit("dan", "import os\nos._exit(3)")
    result = run("--submissions", str(course.root / "submitted"), "-v")
    result.assert_outcomes(passed=3, failed=5)
    result.stdout.fnmatch_lines(["*Every entry is doubled.", "*failed: y differs from the correct values in 5 of 5*"])
    result.stdout.fnmatch_lines(["*failed: no answer within 1 s*"])
    result.stdout.fnmatch_lines(["*failed: double is not defined*"])


def test_one_notebook_of_any_name(run: Any, course: TinyCourse, tmp_path: Path) -> None:
    path = tmp_path / "Untitled7.ipynb"
    path.write_bytes(course.submit("x", RIGHT).read_bytes())
    run("--submission", str(path), "--trust-submissions").assert_outcomes(passed=2)


def test_a_missing_notebook_is_said_so(run: Any) -> None:
    result = run("--submission", "nowhere.ipynb")
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*nowhere.ipynb does not exist*"])


def test_xdist_gives_the_same(run: Any, course: TinyCourse) -> None:
    pytest.importorskip("xdist", reason="the extra 'dev' brings pytest-xdist")
    course.submit("ada", RIGHT)
    course.submit("bob", SQUARES)
    run("--submissions", str(course.root / "submitted"), "-n", "2").assert_outcomes(passed=3, failed=1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("[limits]\nsell_seconds = 3\n", "unknown limit 'sell_seconds'"),
        ("[functions.double]\nexercise = 'double'\nreturns = 'y: tensr'\n", "unknown kind 'tensr'"),
        ("[functions.double\n", "is not TOML"),
        ("", "no [[]functions.<name>[]] table"),
    ],
)
def test_broken_settings_say_what_and_where(run: Any, course: TinyCourse, settings: str, message: str) -> None:
    course.write("tests/hidden/tiny/assignment.toml", settings)
    result = run()
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines([f"*assignment.toml*{message}*"])


def test_a_check_without_its_exercise_is_refused(run: Any, course: TinyCourse) -> None:
    course.write("tests/hidden/tiny/test_more.py", "def test_more(student):\n    pass\n")
    run().stdout.fnmatch_lines(["*test_more* needs @pytest.mark.exercise*"])


def test_an_unknown_word_in_the_mark_is_refused(run: Any, course: TinyCourse) -> None:
    text = "import pytest\n\n\n@pytest.mark.exercise('double', wieght=2)\ndef test_more(student):\n    pass\n"
    course.write("tests/hidden/tiny/test_more.py", text)
    run().stdout.fnmatch_lines(["*test_more* knows weight and supporting, not*wieght*"])
