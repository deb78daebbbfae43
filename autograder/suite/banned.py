"""The static half of the ban: calls of banned functions in the code that an exercise's functions reach by name.

The operator trace sees what runs; this sees what is written, and says it before anything runs. Only calls and base
classes count: a banned name in a comment, a string, an ``isinstance`` or a cell that compares with the library's
result is honest use.
"""

from __future__ import annotations

import ast
import fnmatch
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.suite.assignment import Assignment

MAX_CELL = 200_000  # characters; nobody writes a solution of that size
_AUTOGRAD = ("torch.autograd.grad", "torch.autograd.backward")

Defining = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class _Definition:
    """A function or class: the names that it mentions, and what it calls or derives from."""

    name: str
    mentions: frozenset[str]
    uses: tuple[ast.expr, ...]


@dataclass(frozen=True)
class _CellDigest:
    """What one cell imports (name -> dotted path) and defines."""

    aliases: Mapping[str, str]
    definitions: Mapping[str, _Definition]


def static_findings(assignment: Assignment, sources: Sequence[str]) -> dict[str, str]:
    """Return exercise -> message for each exercise whose functions call something banned."""
    banned = assignment.contract.banned
    patterns = (*banned.functions, *(_AUTOGRAD if banned.autograd else ()))
    if not patterns:
        return {}
    digests = [_digest(source) for source in sources if len(source) <= MAX_CELL]
    aliases = {name: path for digest in digests for name, path in digest.aliases.items()}
    definitions = {name: found for digest in digests for name, found in digest.definitions.items()}
    found = {}
    for exercise in assignment.exercises:
        own = assignment.functions_of(exercise)
        others = assignment.contract.functions.keys() - set(own)  # those cost their own exercise's points
        for definition in _reachable(own, {n: d for n, d in definitions.items() if n not in others}):
            name = next(_banned_uses(definition, aliases, patterns), None)
            if name is not None:
                found[exercise] = f"{definition.name} uses {name}, which this assignment bans: write it yourself"
                break
    return found


@functools.lru_cache(maxsize=1000)
def _digest(source: str) -> _CellDigest:
    tree = _parsed(source)
    if tree is None:
        return _CellDigest({}, {})
    aliases: dict[str, str] = {}
    definitions: dict[str, _Definition] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                top = name.name.partition(".")[0]
                aliases[name.asname or top] = name.name if name.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            aliases.update({name.asname or name.name: f"{node.module}.{name.name}" for name in node.names})
        elif isinstance(node, Defining):
            definitions[node.name] = _definition(node)
    return _CellDigest(aliases, definitions)


def _parsed(source: str) -> ast.Module | None:
    """A cell's syntax tree, magics translated; None for one that does not run either: the checks will say so."""
    from IPython.core.inputtransformer2 import TransformerManager

    for translate in (str, TransformerManager().transform_cell):  # type: ignore[no-untyped-call]  # IPython's
        try:
            return ast.parse(translate(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _definition(node: Defining) -> _Definition:
    names: set[str] = set()
    uses: list[ast.expr] = []
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            names.add(part.id)
        elif isinstance(part, ast.Call):
            uses.append(part.func)
        elif isinstance(part, ast.ClassDef):
            uses += part.bases
    return _Definition(node.name, frozenset(names), tuple(uses))


def _reachable(roots: Iterable[str], definitions: Mapping[str, _Definition]) -> Iterator[_Definition]:
    waiting, seen = list(roots), set(roots)
    while waiting:
        definition = definitions.get(waiting.pop(0))
        if definition is None:
            continue
        yield definition
        waiting += sorted(definition.mentions & definitions.keys() - seen)
        seen |= definition.mentions


def _banned_uses(definition: _Definition, aliases: Mapping[str, str], patterns: Sequence[str]) -> Iterator[str]:
    for expression in definition.uses:
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
