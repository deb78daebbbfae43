"""The static half of the ban: calls of banned functions in the code that an exercise's functions reach by name.

The operator trace sees what runs; this sees what is written, and says it before anything runs. Only calls and base
classes count: a banned name in a comment, a string, an ``isinstance`` or a cell that compares with the library's
result is honest use.
"""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from autograder.suite.assignment import Assignment

MAX_CELL = 200_000  # characters; nobody writes a solution of that size
_AUTOGRAD = ("torch.autograd.grad", "torch.autograd.backward")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def static_findings(assignment: Assignment, sources: Sequence[str]) -> dict[str, str]:
    """Return exercise -> message for each exercise whose functions call something banned."""
    banned = assignment.contract.banned
    patterns = (*banned.functions, *(_AUTOGRAD if banned.autograd else ()))
    if not patterns:
        return {}
    trees = list(_parsed(sources))
    aliases, definitions = _aliases(trees), _definitions(trees)
    found = {}
    for exercise in assignment.exercises:
        for definition in _reachable(assignment.functions_of(exercise), definitions):
            name = next(_banned_uses(definition, aliases, patterns), None)
            if name is not None:
                found[exercise] = f"{definition.name} uses {name}, which this assignment bans: write it yourself"
                break
    return found


def _parsed(sources: Iterable[str]) -> Iterator[ast.Module]:
    from IPython.core.inputtransformer2 import TransformerManager

    for source in sources:
        if len(source) > MAX_CELL:
            continue
        try:
            yield ast.parse(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]  # IPython's
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # it does not run either: the checks will say so


def _aliases(trees: Iterable[ast.Module]) -> dict[str, str]:
    """Imported name -> what it stands for: F -> torch.nn.functional."""
    found: dict[str, str] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    found[name.asname or name.name.partition(".")[0]] = (
                        name.name if name.asname else name.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for name in node.names:
                    found[name.asname or name.name] = f"{node.module}.{name.name}"
    return found


def _definitions(trees: Iterable[ast.Module]) -> dict[str, Definition]:
    return {node.name: node for tree in trees for node in ast.walk(tree) if isinstance(node, Definition)}


def _reachable(roots: Iterable[str], definitions: Mapping[str, Definition]) -> Iterator[Definition]:
    waiting, seen = list(roots), set(roots)
    while waiting:
        definition = definitions.get(waiting.pop(0))
        if definition is None:
            continue
        yield definition
        names = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
        waiting += sorted(names & definitions.keys() - seen)
        seen |= names


def _banned_uses(definition: Definition, aliases: Mapping[str, str], patterns: Sequence[str]) -> Iterator[str]:
    for node in ast.walk(definition):
        used: list[Any] = []
        if isinstance(node, ast.Call):
            used = [node.func]
        elif isinstance(node, ast.ClassDef):
            used = list(node.bases)
        for expression in used:
            name = _dotted(expression, aliases)
            if name is not None and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                yield name


def _dotted(node: ast.expr, aliases: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return aliases.get(node.id)
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, aliases)
        return f"{base}.{node.attr}" if base is not None else None
    return None
