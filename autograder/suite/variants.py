"""Misconceptions and equivalents: wrong and right solutions of an exercise in other styles, kept as cell texts.

The body of a decorated function is the text of the exercise's solution cell; the function itself is never called.
So a variant is exactly what a student would have written, and runs the way a notebook does: after the other
exercises, in one namespace.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any, Literal

from autograder.errors import SuiteFault

VariantKind = Literal["misconception", "equivalent", "reference", "stub", "empty"]
_MARK = "__autograder_variant__"

Factory = Callable[[], None]


@dataclass(frozen=True)
class Variant:
    """A solution of one exercise: ``cell`` is its text; ``sentence`` tells a misconception's student what is wrong."""

    kind: VariantKind
    exercise: str
    name: str
    cell: str
    sentence: str = ""


def misconception(exercise: str, sentence: str) -> Callable[[Factory], Factory]:
    """Mark a function whose body is a wrong solution; the sentence names the mistake without giving the solution."""
    return _marker("misconception", exercise, sentence)


def equivalent(exercise: str) -> Callable[[Factory], Factory]:
    """Mark a function whose body is a right solution in another style."""
    return _marker("equivalent", exercise, "")


def _marker(kind: VariantKind, exercise: str, sentence: str) -> Callable[[Factory], Factory]:
    def mark(factory: Factory) -> Factory:
        setattr(factory, _MARK, (kind, exercise, sentence))
        return factory

    return mark


def load_variants(directory: Path) -> list[Variant]:
    """Read the variants of a suite, in the order of their files' names. Raises SuiteFault.

    They are in misconceptions.py and equivalents.py, or, where these would be long, in files in folders of these names.
    """
    found: list[Variant] = []
    for name in ("misconceptions", "equivalents"):
        for path in (directory / f"{name}.py", *sorted((directory / name).glob("*.py"))):
            if path.exists():
                found += _read(path)
    return found


def _read(path: Path) -> list[Variant]:
    namespace: dict[str, Any] = {"__name__": f"variants_{path.parent.name}_{path.stem}"}
    text = path.read_text()
    try:
        exec(compile(text, str(path), "exec"), namespace)
    except Exception as error:
        raise SuiteFault(f"{path}: {type(error).__name__}: {error}") from error
    bodies = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    lines = text.splitlines()
    variants = []
    for value in list(namespace.values()):
        if isinstance(value, FunctionType) and hasattr(value, _MARK):
            kind, exercise, sentence = getattr(value, _MARK)
            variants.append(
                Variant(kind, exercise, value.__name__, _body(bodies, value.__name__, path, lines), sentence)
            )
    return variants


def _body(bodies: dict[str, ast.FunctionDef], name: str, path: Path, lines: list[str]) -> str:
    node = bodies.get(name)
    if node is None:
        raise SuiteFault(f"{path}: {name} is not at the top of its file")
    statements = node.body[1:] if ast.get_docstring(node) is not None else node.body
    if not statements:
        raise SuiteFault(f"{path}: {name} is empty; its body should be the text of a solution cell")
    return textwrap.dedent("\n".join(lines[_first_line(statements[0]) - 1 : node.end_lineno])) + "\n"


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])
