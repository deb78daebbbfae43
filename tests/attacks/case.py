"""One case of the corpus: a folder with a submission, what it attempts, and the verdict that it must get.

``case.toml`` says what is attempted and what must come of it. ``cells.ipy`` is the work: sections that begin with

    # %% ridge_fit              in place of the cell with this nbgrader id
    # %% before ridge_fit       a cell of the student's own before it; likewise ``after``, ``first`` and ``last``
    # %% markdown after ridge   a Markdown cell; with an id alone, in place of a Markdown cell

``files/`` holds what is handed in beside the notebook. What cannot be written so (a broken notebook, a link, a named
pipe) is made by ``build.py``: ``build(directory, notebook, place)`` gets the directory handed in and the notebook as
plain JSON, which is written after it unless it has made a file of that name itself. ``place`` are the words that
``@COURSE@`` and the like stand for in texts: what an attacker may have found out about the machine.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]

CORPUS = Path(__file__).parent / "corpus"
ODDITIES = Path(__file__).parent / "oddities"
_SECTION = re.compile(r"^# %% ?(markdown )?(?:(before|after) )?(\S+)[ \t]*$", re.M)
_KEYS = {"title", "attempts", "stopped_by", "seen", "assignment", "base", "verdict"}
_VERDICT_KEYS = {"points", "outcome", "says", "seconds"}


@dataclass(frozen=True)
class Verdict:
    """What must come of a case.

    ``points``: None for all. ``says``: patterns, each of which must be found in what the record tells an instructor.
    ``seconds``: the time that its limits give it, which grading may take for it beside the usual.
    """

    points: float | None
    outcome: str
    says: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Case:
    """A submission, what it attempts, and its verdict."""

    directory: Path
    title: str
    attempts: str
    stopped_by: str
    seen: str
    assignment: str
    solved: bool
    verdict: Verdict

    @property
    def family(self) -> str:
        """The folder of its kind."""
        return self.directory.parent.name

    @property
    def student(self) -> str:
        """The name that it is handed in under."""
        return f"{self.family}-{self.directory.name}".replace("_", "-")

    @property
    def name(self) -> str:
        """Its place in the corpus."""
        return f"{self.family}/{self.directory.name}"


def load(directory: Path) -> Case:
    """Read a case. Raises ValueError for an unknown key or one that is missing."""
    settings = tomllib.loads((directory / "case.toml").read_text())
    verdict = settings.get("verdict", {})
    unknown = (settings.keys() - _KEYS) | (verdict.keys() - _VERDICT_KEYS)
    missing = {"title", "attempts", "stopped_by", "assignment"} - settings.keys()
    if unknown or missing:
        raise ValueError(f"{directory.name}: unknown {sorted(unknown)}, missing {sorted(missing)}")
    points = verdict.get("points", 0)
    return Case(
        directory=directory,
        title=settings["title"],
        attempts=settings["attempts"],
        stopped_by=settings["stopped_by"],
        seen=settings.get("seen", ""),
        assignment=settings["assignment"],
        solved=settings.get("base", "stub") == "solved",
        verdict=Verdict(
            None if points == "all" else float(points),
            verdict.get("outcome", "graded"),
            tuple(verdict.get("says", ())),
            float(verdict.get("seconds", 0)),
        ),
    )


def load_all(*roots: Path) -> list[Case]:
    """Every case below these folders, by name."""
    found = sorted(path.parent for root in roots for path in root.rglob("case.toml"))
    return [load(directory) for directory in found]


def lay(case: Case, release: Notebook, answers: Mapping[str, str], place: Mapping[str, str], directory: Path) -> None:
    """Write the case's submission into ``directory``: the released notebook, with its work in it, and its files."""
    notebook = copy.deepcopy(release)
    directory.mkdir(parents=True)
    if case.solved:
        for exercise, answer in answers.items():
            cell_of(notebook, exercise)["source"] = answer
    if (cells := case.directory / "cells.ipy").exists():
        _edit(notebook, _filled(cells.read_text(), place))
    if (files := case.directory / "files").is_dir():
        shutil.copytree(files, directory, dirs_exist_ok=True, symlinks=True)
    if (script := case.directory / "build.py").exists():
        _builder(script)(directory, notebook, place)
    path = directory / f"{case.assignment}.ipynb"
    if not path.is_symlink() and not path.exists():
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False))


def cell_of(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    """The cell with this nbgrader id. Raises KeyError."""
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            found: dict[str, Any] = cell
            return found
    raise KeyError(f"the notebook has no cell {grade_id!r}")


def own_cell(source: str, number: int, kind: str = "code") -> dict[str, Any]:
    """A cell of the student's own."""
    cell: dict[str, Any] = {"id": f"own-{number}", "cell_type": kind, "metadata": {}, "source": source}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def _edit(notebook: Notebook, text: str) -> None:
    parts = _SECTION.split(text)[1:]
    for number, (markdown, where, target, source) in enumerate(zip(*[iter(parts)] * 4, strict=True)):
        cells, body = notebook["cells"], source.strip("\n")
        if where is None and target not in ("first", "last"):
            cell_of(notebook, target)["source"] = body
            continue
        own = own_cell(body, number, "markdown" if markdown else "code")
        if where is None:
            cells.insert(0 if target == "first" else len(cells), own)
        else:
            cells.insert(cells.index(cell_of(notebook, target)) + (where == "after"), own)


def _filled(text: str, place: Mapping[str, str]) -> str:
    for word, value in place.items():
        text = text.replace(f"@{word}@", value)
    return text


def _builder(script: Path) -> Callable[[Path, Notebook, Mapping[str, str]], None]:
    spec = importlib.util.spec_from_file_location(f"attack_{script.parent.name}", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    build: Callable[[Path, Notebook, Mapping[str, str]], None] = module.build
    return build
