"""The documentation is complete and true: commands, options, limits, messages, paths, links and examples."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
import typer.main

from autograder.cli.main import app
from autograder.course.layout import CONFIG_FILE
from autograder.course.scaffold import TEMPLATE, scaffold
from autograder.judge.contract import KINDS, Banned, Function
from autograder.judge.limits import Limits
from autograder.judge.sandbox import Environment

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in PAGES}
# What these name is made by grading or by the reader, or stands for any assignment, student or file.
NOT_IN_THE_REPOSITORY = {"submitted", "autograded", "feedback", "records", "gradebook.db", "backup.db", ".venv"} | {
    "policies.toml", "timestamp.txt", "submission_secret.txt", "counted.json", "attempt.json"
}  # fmt: skip
UNITS = {"": 1, "MiB": 2**20}


def prose(text: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def code(text: str) -> list[str]:
    """What stands between single backticks, one entry each."""
    return re.findall(r"`([^`\n]+)`", prose(text))


def rows(text: str) -> list[list[str]]:
    """The rows of all tables of a page, as lists of cells."""
    lines = [line for line in prose(text).splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


class Block(NamedTuple):
    """A fenced block of the example: the file that it shows, whole or in part, and its text."""

    path: str
    whole: bool
    text: str


@cache
def blocks() -> list[Block]:
    """The blocks below a line "`path`:" (the whole file) or "From `path`:" (a part of it)."""
    pattern = r"^(From )?`([^`\n]+)`:\n\n```\w+\n(.*?)^```$"
    found = re.findall(pattern, TEXTS["writing-an-exercise.md"], flags=re.MULTILINE | re.DOTALL)
    return [Block(path, not part, text) for part, path, text in found]


# --- commands ---------------------------------------------------------------------------------------------------------


def commands() -> Iterator[tuple[str, str]]:
    """Each (subcommand, option) of the command line; the option is "" for the subcommand itself."""
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]  # a click group
        yield name, ""
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                if option.startswith("-"):
                    yield name, option


@pytest.mark.parametrize(("command", "option"), [*commands()])
def test_every_command_and_option_is_documented(command: str, option: str):
    everything = "\n".join(TEXTS.values())
    assert f"autograder {command}" in everything
    if option:
        assert re.search(rf"{re.escape(option)}\b", everything), f"autograder {command} {option} is nowhere described"


def test_no_other_command_or_option_of_ours_is_documented():
    known = set(commands())
    for name, text in TEXTS.items():
        for line in re.findall(r"^(?:\$ )?autograder (?!:).*$|`autograder [^`\n]+`", text, flags=re.MULTILINE):
            words = line.strip("`$ ").split("#")[0].split()[1:]
            if words and not words[0].startswith("-"):
                assert (words[0], "") in known, f"{name}: {line}"
                unknown = [w for w in words if w.startswith("-") and (words[0], w.split("=")[0]) not in known]
                assert not unknown, f"{name}: {line}"


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for name, text in TEXTS.items():
        # "make" is also a word: only what stands as a command counts.
        named = re.findall(r"^make ([a-z0-9]+)|`make ([a-z0-9]+)", text, flags=re.MULTILINE)
        assert {a or b for a, b in named} <= targets, name


def test_pytest_options_are_documented():
    plugin = (ROOT / "autograder/suite/plugin.py").read_text()
    options = re.findall(r'addoption\(\s*"(--[a-z-]+)"', plugin)
    assert len(options) == 6
    for option in options:
        assert re.search(rf"{option}\b", TEXTS["writing-an-exercise.md"]), option


# --- limits and settings ----------------------------------------------------------------------------------------------


def test_each_limit_stands_with_its_default():
    documented = {row[0].strip("`"): row[1] for row in rows(TEXTS["limits.md"]) if len(row) == 4 and row[0] != "limit"}
    assert documented == {f.name: f"{f.default:g}" for f in dataclasses.fields(Limits)}


CAPS = {row[0].strip("`"): row[1] for row in rows(TEXTS["limits.md"]) if row[0].startswith("`autograder.")}


@pytest.mark.parametrize("name", CAPS)
def test_each_cap_is_the_codes(name: str):
    module, _, constant = name.rpartition(".")
    number, _, unit = CAPS[name].partition(" ")
    assert getattr(importlib.import_module(module), constant) == int(number) * UNITS[unit]


def test_no_cap_of_untrusted_input_is_missing():
    paths = [*(ROOT / "autograder/wire").glob("*.py"), *(ROOT / f"autograder/course/{m}.py" for m in (
        "notebooks", "submission", "attachments", "sanitize"))]  # fmt: skip
    defined = {
        f"{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}.{name}"
        for path in paths
        for name in re.findall(r"^(MAX_\w+) =", path.read_text(), flags=re.MULTILINE)
    }
    assert len(defined) > 10
    assert defined <= set(CAPS)


def test_each_setting_stands_with_its_default():
    tables = rows(TEXTS["writing-an-exercise.md"])
    documented = {row[0].strip("`"): row[2].strip("`") for row in tables if len(row) == 3 and row[1] != "meaning"}
    nothing = Banned()
    expected: dict[str, Any] = {
        "environment.preload": list(Environment().preload),
        "environment.banned_packages": list(Environment().banned_packages),
        "banned.functions": list(nothing.functions),
        "banned.operators": list(nothing.operators),
        "banned.autograd": nothing.autograd,
    }
    for key, default in expected.items():
        assert json.loads(documented[key]) == default, key
    keys = {f.name for f in dataclasses.fields(Environment)} - {"confined"}  # that one is no setting
    assert {f"environment.{key}" for key in keys} <= documented.keys()
    assert {f"banned.{f.name}" for f in dataclasses.fields(Banned)} <= documented.keys()
    assert {f"functions.<name>.{f.name}" for f in dataclasses.fields(Function)} - {
        "functions.<name>.name"
    } <= documented.keys()
    assert {"title", "limits.*"} <= documented.keys()
    kinds = {row[0].strip("`") for row in tables if row[0].strip("`") in KINDS}
    assert kinds == set(KINDS)


def test_each_assertion_for_suites_is_documented():
    import autograder.compare as compare

    for name in compare.__all__:
        if name not in {"Observation", "agree", "recording", "tolerance"}:  # these are for the plugin itself
            assert name in TEXTS["writing-an-exercise.md"], name


def test_each_verb_of_the_proxies_is_documented():
    from autograder.judge.proxies import Handle, RemoteFunction, StudentProxy

    for kind in (Handle, RemoteFunction, StudentProxy):
        for verb in (name for name in vars(kind) if not name.startswith("_")):
            assert f".{verb}(" in TEXTS["writing-an-exercise.md"], f"{kind.__name__}.{verb}"


# --- paths, links, tests and messages ---------------------------------------------------------------------------------


def links() -> Iterator[tuple[str, str]]:
    for name, text in TEXTS.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(text)):
            if "://" not in target:
                yield name, target


@pytest.mark.parametrize(("page", "target"), [*links()])
def test_each_link_leads_somewhere(page: str, target: str):
    path, _, anchor = target.partition("#")
    there = (ROOT / "docs" if (ROOT / "docs" / page).exists() else ROOT) / path if path else ROOT / "docs" / page
    assert there.exists()
    if anchor:
        titles = re.findall(r"^#+ (.*)$", there.read_text(), flags=re.MULTILINE)
        assert anchor in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?(?:\.\w+)?")
ROOTS = (ROOT, ROOT / "autograder", ROOT / "docs")


def paths() -> Iterator[tuple[str, str]]:
    """Whatever in backticks looks like a path of this repository, or of the package."""
    example = {part for block in blocks() for part in (block.path, str(Path(block.path).parent))}
    example.add("release/scaling")
    for name, text in TEXTS.items():
        for span in code(text):
            path = span.partition(":")[0]
            is_path = "/" in path or path.endswith((".py", ".md", ".toml", ".txt", ".yml", ".sh"))
            if not is_path or not PATH.fullmatch(path) or path.startswith(("/", "torch")):
                continue
            if path.split("/")[0] in NOT_IN_THE_REPOSITORY or path.rstrip("/") in example:
                continue
            yield name, span


@pytest.mark.parametrize(("page", "span"), sorted(set(paths())))
def test_each_path_exists(page: str, span: str):
    path, _, name = span.partition(":")
    found = [root / path for root in ROOTS if (root / path).exists()]
    named = list(ROOT.glob(f"tests/hidden/*/{path}")) if "/" not in path else []
    assert found or named, f"{page} names {path}"
    if name:
        wanted = name.lstrip(":")
        defined = {node.name for node in ast.walk(ast.parse(found[0].read_text())) if isinstance(node, DEFINITION)}
        assert wanted in defined, f"{page}: {path} defines no {wanted}"


DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def test_every_defense_is_shown_by_a_test():
    """In the tables of the threat model each claim names the code that enforces it and a test that tries it."""
    claims = [row for row in rows(TEXTS["threat-model.md"]) if len(row) == 4 and row[0] != "claim"]
    assert len(claims) > 20
    for row in claims:
        assert "`autograder/" in row[2], row[0]
        assert "`tests/" in row[3], row[0]


def test_each_folder_of_the_package_is_described():
    described = {row[0] for row in rows(TEXTS["how-it-works.md"])}
    folders = {path.parent.name for path in (ROOT / "autograder").glob("*/__init__.py")}
    assert len(folders) == 10
    for folder in folders:
        assert f"`autograder/{folder}/`" in described, folder


@cache
def said_by_the_code() -> frozenset[str]:
    """Every text in the package, with "…" where a value is filled in."""
    found = set()
    for path in (ROOT / "autograder").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
                found.add("".join(parts))
    return frozenset(found)


def messages() -> Iterator[str]:
    table = prose(TEXTS["operating.md"]).partition("## Messages")[2]
    for row in rows(table):
        if len(row) == 3 and row[0] != "message":
            yield from re.findall(r"`([^`]+)`", row[0])


@pytest.mark.parametrize("message", [m for m in messages() if m != "no nbgrader_config.py"])
def test_each_message_is_one_of_the_codes(message: str):
    assert any(message in text for text in said_by_the_code())


# --- the course's table -----------------------------------------------------------------------------------------------


def assignments() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "tests/hidden").glob("*/assignment.toml"))


@pytest.mark.parametrize("assignment", assignments())
def test_the_readmes_table_is_the_course(assignment: str):
    notebook = nbformat.read(ROOT / f"source/{assignment}/{assignment}.ipynb", as_version=4)
    settings = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    points = {s["grade_id"]: f"{s['points']:g}" for s in settings if s.get("grade")}
    (row,) = [row for row in rows(TEXTS["README.md"]) if row[0] == f"`{assignment}`"]
    question = points.pop(f"explain_{assignment}")
    assert dict(re.findall(r"`(\w+)` \((\d+)\)", row[1])) == {k.removeprefix("test_"): v for k, v in points.items()}
    assert row[2] == question


# --- the worked example; tests/cli/test_new.py does what the page says ------------------------------------------------


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course of the page, as `autograder new scaling --init` makes it."""
    return scaffold(tmp_path_factory.mktemp("example") / "course", "scaling", init=True).root


def test_the_example_shows_each_kind_of_file():
    suite = {Path(block.path).name for block in blocks() if block.path.startswith("tests/hidden/scaling/")}
    assert suite == {path.name for path in TEMPLATE.iterdir() if path.is_file()} - {CONFIG_FILE, "solution.py"}
    assert {"solutions/scaling.py", "source/scaling/scaling.ipynb"} <= {block.path for block in blocks()}


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.path)
def test_each_block_of_the_example_is_what_is_made(example: Path, block: Block):
    path = example / block.path
    if path.suffix == ".ipynb":
        cells = [str(cell.source) for cell in nbformat.read(path, as_version=4).cells]
        assert [text for text in cells if block.text.rstrip() in text], "no cell holds this"
    elif block.whole:
        assert block.text == path.read_text()
    else:
        assert block.text in path.read_text()


# --- the picture and the form -----------------------------------------------------------------------------------------


def test_the_picture_stands_by_itself():
    text = (ROOT / "docs/three-roles.svg").read_text()
    assert "<title" in text
    assert "<desc" in text
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"<script|<image|href=|url\((?!#)", text), "it loads nothing"


@pytest.mark.parametrize("page", TEXTS)
def test_lines_have_a_readable_width(page: str):
    wide = [line for line in prose(TEXTS[page]).splitlines() if len(line) > 120 and not line.startswith("|")]
    assert not wide
