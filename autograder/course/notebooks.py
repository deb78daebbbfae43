"""Reads notebooks and submitted directories that nobody has checked yet.

Everything here may be hostile: bytes that are no JSON, JSON nested without end, links out of the directory.
Nothing is executed and no name from inside a notebook is looked up; what cannot be used raises
UnreadableNotebook, which says what was found, what was expected and what to do. Saved outputs are dropped
before anything else looks at them: they never count, and they are what most often makes a notebook invalid or
huge.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

import nbformat
from nbformat import NotebookNode

from autograder.errors import UnreadableNotebook

MAX_BYTES = 16 * 2**20
MAX_CELLS = 2000
MAX_DEPTH = 50  # a plain notebook nests about 8 deep

_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CELL_FIELDS = {
    "code": {"id", "cell_type", "metadata", "source"},
    "markdown": {"id", "cell_type", "metadata", "source", "attachments"},
    "raw": {"id", "cell_type", "metadata", "source", "attachments"},
}
_AGAIN = "Open it in JupyterLab, save it there, and submit it again."


def read_notebook(data: bytes, *, what: str, max_bytes: int = MAX_BYTES) -> NotebookNode:
    """The notebook in ``data`` as valid nbformat 4.5, without saved outputs and execution counts.

    ``what`` names the file in messages. Every cell has a valid, unique id: its own, or ``cell-<position>``.
    Raises UnreadableNotebook if ``data`` is empty, not UTF-8, not JSON, not a notebook of version 4, invalid,
    larger than ``max_bytes``, has more than 2000 cells, or is for another language than Python.
    """
    if not data.strip():
        _refuse(what, f"is empty ({len(data)} bytes)", "a notebook saved by Jupyter", _AGAIN)
    if len(data) > max_bytes:
        found, limit = len(data) / 2**20, max_bytes / 2**20
        todo = "Clear its outputs (Edit > Clear Outputs of All Cells), save it, and submit it again."
        _refuse(what, f"is {found:.1f} MiB large", f"at most {limit:.0f} MiB", todo)
    try:
        return _notebook(_parse(data, what), what)
    except RecursionError:
        _refuse(what, "is nested too deeply", f"at most {MAX_DEPTH} levels", _AGAIN)


def to_node(tree: dict[str, Any]) -> NotebookNode:
    """A notebook or cell, nested dicts with attribute access, from plain dicts."""
    node: NotebookNode = nbformat.from_dict(tree)  # type: ignore[no-untyped-call]  # nbformat is not annotated
    return node


def _refuse(what: str, found: str, expected: str, todo: str) -> NoReturn:
    raise UnreadableNotebook(f"{what} {found}; expected {expected}. {todo}")


def _parse(data: bytes, what: str) -> Any:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(what, f"is not UTF-8 text (byte {error.start})", "a notebook saved by Jupyter", _AGAIN)
    try:
        # Python writes NaN into saved outputs of plots, which are dropped; elsewhere None is no better than
        # NaN. A number too large for a float would be written as Infinity, which is no JSON either.
        return json.loads(text, parse_constant=lambda name: None, parse_float=_finite)
    except ValueError as error:  # also an integer of more than 4300 digits
        _refuse(what, f"is not JSON ({_short(str(error))})", "a notebook saved by Jupyter", _AGAIN)


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _check_depth(tree: Any, what: str) -> None:
    level, depth = [tree], 0
    while level:
        if depth > MAX_DEPTH:
            _refuse(what, "is nested too deeply", f"at most {MAX_DEPTH} levels", _AGAIN)
        children: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                children.extend(node.values())
            elif isinstance(node, list):
                children.extend(node)
        level, depth = children, depth + 1


def _notebook(tree: Any, what: str) -> NotebookNode:
    if not isinstance(tree, dict) or "nbformat" not in tree:
        kind = "a JSON object without the key 'nbformat'" if isinstance(tree, dict) else f"a JSON {_kind(tree)}"
        _refuse(what, f"is not a notebook ({kind})", "a notebook saved by Jupyter", _AGAIN)
    major, minor = tree["nbformat"], tree.get("nbformat_minor", 0)
    if type(major) is not int or major != 4 or type(minor) is not int or minor < 0:
        found = f"has notebook format {_short(repr(major))}.{_short(repr(minor))}"
        _refuse(what, found, "notebook format 4", "Save it with a current JupyterLab, and submit it again.")
    metadata = tree.get("metadata", {})
    cells = tree.get("cells")
    if not isinstance(cells, list) or not isinstance(metadata, dict):
        _refuse(what, "is not a valid notebook (no list of cells, or no metadata)", "both", _AGAIN)
    if len(cells) > MAX_CELLS:
        _refuse(what, f"has {len(cells)} cells", f"at most {MAX_CELLS}", "Delete the cells that are not needed.")
    _check_language(metadata, what)
    clean: dict[str, Any] = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": metadata,
        "cells": _with_ids([_cell(cell, number, what) for number, cell in enumerate(cells, 1)]),
    }
    _check_depth(clean, what)
    return _valid(to_node(_without_surrogates(clean)), what)


def _valid(notebook: NotebookNode, what: str) -> NotebookNode:
    if not _why_invalid(notebook):
        return notebook
    # What is left to be wrong is metadata that some editor wrote. None of it counts but nbgrader's own.
    notebook.metadata = to_node({})
    for cell in notebook.cells:
        cell.metadata = to_node({key: cell.metadata[key] for key in ("nbgrader",) if key in cell.metadata})
    if reason := _why_invalid(notebook):
        _refuse(what, f"is not a valid notebook ({_short(reason)})", "a notebook saved by Jupyter", _AGAIN)
    return notebook


def _why_invalid(notebook: NotebookNode) -> str:
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        return str(error.message)
    return ""


def _cell(cell: Any, number: int, what: str) -> dict[str, Any]:
    """One cell without its outputs and without keys that nbformat does not know (some editors write their
    own).
    """
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    if not isinstance(kind, str) or kind not in _CELL_FIELDS:
        found = f"is not a valid notebook (cell {number} is of type {_short(repr(kind))})"
        _refuse(what, found, "code, markdown or raw cells", _AGAIN)
    kept = {"metadata": {}, **{key: value for key, value in cell.items() if key in _CELL_FIELDS[kind]}}
    source = kept.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        kept["source"] = "".join(source)
    elif not isinstance(source, str):
        _refuse(what, f"is not a valid notebook (cell {number} has no text)", "a source in every cell", _AGAIN)
    if not isinstance(kept["metadata"], dict):
        _refuse(what, f"is not a valid notebook (metadata of cell {number})", "an object", _AGAIN)
    if kind == "code":
        kept |= {"outputs": [], "execution_count": None}
    elif not _joined_attachments(kept):
        kept.pop("attachments", None)
    return kept


def _joined_attachments(cell: dict[str, Any]) -> bool:
    """Join attachments that were saved as lists of lines, as nbformat does. False if they are not
    attachments.
    """
    attachments = cell.get("attachments")
    if not isinstance(attachments, dict):
        return False
    for bundle in attachments.values():
        if not isinstance(bundle, dict):
            return False
        for mime, value in bundle.items():
            if isinstance(value, list) and all(isinstance(line, str) for line in value):
                bundle[mime] = "".join(value)
            elif not isinstance(value, str):
                return False
    return True


def _with_ids(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give every cell a valid id that no other has. Google Colab keeps a cell's id in its metadata."""
    taken: set[str] = set()
    missing: list[tuple[int, dict[str, Any]]] = []
    for number, cell in enumerate(cells, 1):
        own = cell.get("id", cell["metadata"].get("id"))
        if isinstance(own, str) and _CELL_ID.fullmatch(own) and own not in taken:
            taken.add(own)
            cell["id"] = own
        else:
            missing.append((number, cell))
    for number, cell in missing:
        free = f"cell-{number}"
        while free in taken:
            free = f"{free}-again"
        taken.add(free)
        cell["id"] = free
    return cells


def _check_language(metadata: dict[str, Any], what: str) -> None:
    """Refuse a notebook whose kernel speaks another language. Metadata that say nothing are fine."""
    for section, key in (("kernelspec", "language"), ("language_info", "name")):
        values = metadata.get(section)
        language = values.get(key) if isinstance(values, dict) else None
        if isinstance(language, str) and language:
            if not language.lower().startswith(("python", "ipython")):
                todo = "Choose the Python kernel (Kernel > Change Kernel), save it, and submit it again."
                _refuse(what, f"is for the language {_short(repr(language))}", "Python", todo)
            return


def _without_surrogates(tree: Any) -> Any:
    """Replace lone surrogates (JSON may hold them, UTF-8 may not) in every text."""
    if isinstance(tree, str):
        return _SURROGATE.sub("\ufffd", tree)
    if isinstance(tree, list):
        return [_without_surrogates(item) for item in tree]
    if isinstance(tree, dict):
        return {_without_surrogates(key): _without_surrogates(value) for key, value in tree.items()}
    return tree


def _kind(tree: Any) -> str:
    names = {list: "list", str: "string", bool: "boolean", int: "number", float: "number"}
    return names.get(type(tree), "null")


def _short(text: str, limit: int = 120) -> str:
    text = " ".join(_SURROGATE.sub("\ufffd", text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
