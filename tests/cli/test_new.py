"""`autograder new`: docs/writing-an-exercise.md followed from an empty directory to grades, and every refusal."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from typer.testing import CliRunner

from autograder.cli.main import app
from autograder.course import scaffold as scaffolding
from autograder.course.layout import Course, load_config
from autograder.course.scaffold import scaffold
from autograder.errors import CourseFault
from autograder.suite.variants import load_variants

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/writing-an-exercise.md").read_text(encoding="utf-8")
ON_THE_PAGE = "/home/ada"  # where the page's reader stands at first


def autograder(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


# --- the page ---------------------------------------------------------------------------------------------------------


def session() -> list[tuple[list[str], list[str]]]:
    """The commands of the page ("$ ..."), and the lines that it shows below each."""
    found: list[tuple[list[str], list[str]]] = []
    for block in re.findall(r"^```\n(\$ .*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((shlex.split(line[2:]), []))
            elif line:
                found[-1][1].append(line)
    return found


@dataclass
class Walk:
    """What came out of each command of the page that was run in order."""

    root: Path
    printed: dict[str, str]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    start = tmp_path_factory.mktemp("walk")
    printed: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(start)
        for (program, *arguments), _ in session():
            if program == "mkdir":
                Path(*arguments).mkdir()
            elif program == "cd":
                patch.chdir(arguments[0])
            elif program == "pytest":
                printed[f"pytest {' '.join(arguments)}"] = pytest_of_the_course(*arguments)
            else:
                if arguments[0] == "grade":
                    hand_in(Path.cwd())
                done = autograder(*arguments)
                assert done.exit_code == 0, f"{arguments}: {done.output} {done.exception!r}"
                printed[f"autograder {' '.join(arguments)}"] = done.output.replace(str(start), ON_THE_PAGE)
        return Walk(Path.cwd(), printed)


def pytest_of_the_course(*arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", *arguments, "-p", "no:cacheprovider"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout


def hand_in(root: Path) -> None:
    """Two submissions: the released notebook with the reference solution in it, and with a known mistake."""
    source = nbformat.read(root / "source/scaling/scaling.ipynb", as_version=4)
    (right,) = (cell.source for cell in source.cells if cell.id == "standardize")
    wrong = {variant.name: variant.cell for variant in load_variants(root / "tests/hidden/scaling")}
    for student, text in (("ada", right), ("bob", wrong["divides_by_n_minus_1"])):
        notebook = nbformat.read(root / "release/scaling/scaling.ipynb", as_version=4)
        (cell,) = (cell for cell in notebook.cells if cell.id == "standardize")
        cell.source = text
        path = root / f"submitted/{student}/scaling/scaling.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)


def test_the_page_goes_all_the_way():
    commands = [command for command, _ in session()]
    assert commands[:3] == [["mkdir", "course"], ["cd", "course"], ["autograder", "new", "scaling", "--init"]]
    done = [command[1:] for command in commands[3:] if command[0] == "autograder"]
    assert done == [["sync", "scaling", "--check"], ["audit", "scaling"], ["release", "scaling"], ["grade", "scaling"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "shown"), [(" ".join(c), lines) for c, lines in session() if c[0] not in ("mkdir", "cd")]
)
def test_the_page_shows_what_is_printed(walk: Walk, command: str, shown: list[str]):
    waiting = iter(comparable(walk.printed[command]))
    missing = [line for line in comparable("\n".join(shown)) if line not in waiting]  # in this order
    assert not missing, walk.printed[command]


def comparable(text: str) -> list[str]:
    """The lines without what differs from run to run and from machine to machine: times, folders, margins."""
    text = re.sub(r"^FAILED \S*::", "FAILED ::", text, flags=re.MULTILINE)
    text = re.sub(r"^=+ | - .*$| in [\d.]+s =+$", "", text, flags=re.MULTILINE)
    text = re.sub(r" +[\d.e+]+ (%|times) ", r" \1 ", text)
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.slow
def test_nothing_is_left_to_do_after_the_page(walk: Walk):
    for command in ("sync", "release"):
        done = autograder(command, "--check", "--course", str(walk.root))
        assert done.exit_code == 0, done.output


@pytest.mark.slow
def test_the_reference_is_graded_right_and_the_mistake_is_named(walk: Walk):
    course = ("--course", str(walk.root))
    ada, bob = (
        json.loads(autograder("show", "scaling", student, "--json", *course).stdout) for student in ("ada", "bob")
    )
    assert (ada["outcome"], ada["confined"], ada["score"], ada["points"]) == ("graded", True, 3.0, 3.0)
    assert 0 < bob["score"] < 2.0
    (exercise,) = bob["exercises"]
    assert exercise["mistake"].startswith("Your standard deviation is divided by n - 1")


@pytest.mark.slow
def test_the_margins_are_wide(walk: Walk):
    done = autograder("audit", "scaling", "--json", "--mutants", "0", "--course", str(walk.root))
    (audited,) = json.loads(done.stdout)
    assert audited["proved"], audited["findings"]
    shares = [(m["nearest_right"]["share"], m["nearest_wrong"]["share"]) for m in audited["margins"]]
    assert max(right for right, _ in shares if right is not None) < 0.1
    assert min(wrong for _, wrong in shares if wrong is not None) > 100


# --- the course that it makes -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh course; tests leave it as it is."""
    return scaffold(tmp_path_factory.mktemp("made") / "My course, 2nd year", "house_prices", init=True).root


def test_the_configuration_is_this_repositorys_but_for_the_name(made: Path):
    ours = load_config(ROOT)
    theirs = load_config(made)
    assert theirs.CourseDirectory.course_id == "My-course-2nd-year"
    theirs.CourseDirectory.course_id = ours.CourseDirectory.course_id
    assert theirs == ours
    texts = [(root / "nbgrader_config.py").read_text() for root in (ROOT, made)]
    without_id = [re.sub(r"^c\.CourseDirectory\.course_id = .*$", "", text, flags=re.MULTILINE) for text in texts]
    assert without_id[0] == without_id[1], "the comments are the same too"


def test_the_name_is_where_it_belongs(made: Path):
    notebook = nbformat.read(made / "source/house_prices/house_prices.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# House prices\n")
    assert notebook.cells[-1].metadata.nbgrader.grade_id == "explain_house_prices"
    assert 'title = "House prices"' in (made / "tests/hidden/house_prices/assignment.toml").read_text()
    texts = [path.read_text() for path in made.rglob("*") if path.is_file()]
    assert not [text for text in texts if re.search(r"\$(assignment|course|title)\b", text)]


def test_a_second_assignment_needs_no_init(tmp_path: Path):
    course = tmp_path / "course"
    scaffold(course, "first", init=True)
    config = (course / "nbgrader_config.py").read_bytes()

    done = autograder("new", "second", "--course", str(course / "source"))

    assert done.exit_code == 0, done.output
    assert f"autograder audit second --course {course}" in done.output, "a command that works from here"
    assert Course.find(course).assignments() == ["first", "second"]
    assert (course / "nbgrader_config.py").read_bytes() == config


def test_an_instructors_own_directories_are_honored(tmp_path: Path):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.source_directory = 'master'\n")
    made = scaffold(tmp_path, "scaling")
    assert (tmp_path / "master/scaling/scaling.ipynb").is_file()
    assert "master/scaling/scaling.ipynb" in dict(made.files)
    assert not (tmp_path / "source").exists()


def test_empty_directories_are_not_in_the_way(tmp_path: Path):
    for directory in ("solutions", "source/scaling", "tests/hidden/scaling"):
        (tmp_path / directory).mkdir(parents=True)
    scaffold(tmp_path, "scaling", init=True)
    assert Course.find(tmp_path).assignments() == ["scaling"]


# --- refusals ---------------------------------------------------------------------------------------------------------


def everything(root: Path) -> dict[str, Any]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(root.rglob("*"))}


def refused(tmp_path: Path, *arguments: str) -> str:
    """The one line of a refusal, after which everything is as it was."""
    before = everything(tmp_path)
    done = autograder("new", *arguments)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert everything(tmp_path) == before
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    "name", ["My Assignment", "../x", "Scaling", "2nd", "_x", "a-b", "a.b", "", "é", "a\n", "x" * 41]
)
def test_a_name_that_is_no_plain_identifier(tmp_path: Path, name: str):
    line = refused(tmp_path, name, "--init", "--course", str(tmp_path))
    assert f"{name!r} cannot be the name of an assignment; expected lowercase letters, digits and underscores" in line


def test_an_assignment_that_exists():
    done = autograder("new", "ridge", "--course", str(ROOT))
    assert done.exit_code == 2
    there = "release/ridge/, source/ridge/, tests/hidden/ridge/, solutions/ridge.py"
    assert f"already holds {there}: choose another name than 'ridge', or move what is there away" in done.stderr


@pytest.mark.parametrize(
    "there",
    ["solutions/scaling.py", "source/scaling/data.csv", "release/scaling/scaling.ipynb", "tests/hidden/scaling/x"],
)
def test_any_file_of_an_assignment_is_in_the_way(tmp_path: Path, there: str):
    (tmp_path / there).parent.mkdir(parents=True)
    (tmp_path / there).write_text("somebody's work")
    line = refused(tmp_path, "scaling", "--init", "--course", str(tmp_path))
    named = there if there.startswith("solutions") else f"{Path(there).parent}/"
    assert f"already holds {named}:" in line


def test_a_link_that_leads_nowhere_is_in_the_way(tmp_path: Path):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions/scaling.py").symlink_to("gone")
    assert "already holds solutions/scaling.py" in refused(tmp_path, "scaling", "--init", "--course", str(tmp_path))


def test_a_file_in_the_place_of_a_directory(tmp_path: Path):
    (tmp_path / "tests").write_text("")
    line = refused(tmp_path, "scaling", "--init", "--course", str(tmp_path))
    assert f"{tmp_path / 'tests'} is not a directory" in line


def test_without_a_course(tmp_path: Path):
    line = refused(tmp_path, "scaling", "--course", str(tmp_path))
    assert f"no nbgrader_config.py in {tmp_path} or above it" in line
    assert f"make {tmp_path} a course with --init" in line


def test_init_in_a_course(tmp_path: Path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    assert f"{tmp_path} is a course already: leave --init out" in refused(
        tmp_path, "scaling", "--init", "--course", str(tmp_path)
    )
    assert f"inside lies inside the course {tmp_path}: leave --init out" in refused(
        tmp_path, "scaling", "--init", "--course", str(tmp_path / "inside")
    )


def test_a_disk_that_fails_leaves_nothing_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    copied: list[Any] = []

    def fail_at_the_fourth(source: Any, copy: Any) -> None:
        copied.append(copy)
        if len(copied) == 4:
            raise OSError(28, "No space left on device", copy.name)
        copy.write(source.read())

    monkeypatch.setattr(scaffolding.shutil, "copyfileobj", fail_at_the_fourth)
    with pytest.raises(CourseFault, match=r"assignment\.toml cannot be made \(No space left on device\)"):
        scaffold(tmp_path / "new" / "course", "scaling", init=True)
    assert everything(tmp_path) == {}
