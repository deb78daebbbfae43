"""The static half of the ban: calls of banned functions in the code that an exercise's functions reach by name.

The operator trace sees what runs; this sees what is written, and says it before anything runs. Only calls and base
classes count: a banned name in a comment, a string, an ``isinstance`` or a cell that compares with the library's
result is honest use.
"""

from __future__ import annotations

import ast
import fnmatch
import functools
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.suite.assignment import Assignment

MAX_CELL = 200_000  # characters; nobody writes a solution of that size
MAX_CELLS = 1_000_000  # of all cells together, in their order
MAX_DOTS = 20  # in the name of a function
_AUTOGRAD = ("torch.autograd.grad", "torch.autograd.backward")

Defining = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(eq=False)
class _Definition:
    """A function or class: the names that it mentions, what it calls or derives from, and what is defined in it."""

    name: str
    mentions: set[str] = field(default_factory=set)
    uses: list[ast.expr] = field(default_factory=list)
    inside: list[_Definition] = field(default_factory=list)


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
    left_out = unsearched(sources)
    digests = [_digest(source) for source in sources if source not in left_out]
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


def unsearched(sources: Sequence[str]) -> set[str]:
    """The cells that are too large to be searched."""
    left, found = MAX_CELLS, set()
    for source in sources:
        left -= len(source)
        if len(source) > MAX_CELL or left < 0:
            found.add(source)
    return found


@functools.lru_cache(maxsize=1000)
def _digest(source: str) -> _CellDigest:
    tree = parsed(source)
    if tree is None:
        return _CellDigest({}, {})
    aliases: dict[str, str] = {}
    definitions: dict[str, _Definition] = {}
    waiting: list[tuple[ast.AST, _Definition | None]] = [(tree, None)]  # with the innermost definition around it
    while waiting:
        node, around = waiting.pop()
        if isinstance(node, ast.Import):
            for name in node.names:
                top = name.name.partition(".")[0]
                aliases[name.asname or top] = name.name if name.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            aliases.update({name.asname or name.name: f"{node.module}.{name.name}" for name in node.names})
        elif isinstance(node, Defining):
            inner = _Definition(node.name)
            if isinstance(node, ast.ClassDef):
                inner.uses += node.bases
            if around is not None:
                around.inside.append(inner)
            definitions[node.name] = around = inner
        elif around is not None and isinstance(node, ast.Name):
            around.mentions.add(node.id)
        elif around is not None and isinstance(node, ast.Call):
            around.uses.append(node.func)
        waiting += [(child, around) for child in reversed(list(ast.iter_child_nodes(node)))]
    return _CellDigest(aliases, definitions)


@functools.lru_cache(maxsize=1000)
def parsed(source: str) -> ast.Module | None:
    """A cell's syntax tree, magics translated; None for one that does not run either: the checks will say so."""
    from IPython.core.inputtransformer2 import TransformerManager

    for translate in (str, TransformerManager().transform_cell):  # type: ignore[no-untyped-call]  # IPython's
        try:
            return ast.parse(translate(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _reachable(roots: Iterable[str], definitions: Mapping[str, _Definition]) -> Iterator[_Definition]:
    waiting = deque(definitions[name] for name in roots if name in definitions)
    seen = set(roots)
    while waiting:
        definition = waiting.popleft()
        yield definition
        waiting.extendleft(reversed(definition.inside))  # what is defined in it is part of it
        waiting.extend(definitions[name] for name in sorted(definition.mentions & definitions.keys() - seen))
        seen |= definition.mentions


def _banned_uses(definition: _Definition, aliases: Mapping[str, str], patterns: Sequence[str]) -> Iterator[str]:
    for expression in definition.uses:
        name = dotted(expression, aliases)
        if name is not None and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            yield name


def dotted(node: ast.expr, aliases: Mapping[str, str]) -> str | None:
    """The path that an expression names (``F.dropout`` is torch.nn.functional.dropout), None if it names none."""
    names: list[str] = []
    while isinstance(node, ast.Attribute) and len(names) < MAX_DOTS:
        names.append(node.attr)
        node = node.value
    base = aliases.get(node.id) if isinstance(node, ast.Name) else None
    return ".".join([base, *reversed(names)]) if base is not None else None
