"""Mutants of the reference solutions: each exercise's cell with one small change.

A mutant that keeps all points shows a check that is missing, unless the change makes no difference to the contract.
Those that make none are listed, each with its reason, in ``equivalent_mutants.toml`` beside the suite.
"""

from __future__ import annotations

import ast
import difflib
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

from autograder.audit.operators import FIELD_OPERATORS
from autograder.errors import SuiteFault

LISTED = "equivalent_mutants.toml"

# cosmic-ray replaces each arithmetic operator by each of the eleven others: nearly all of those fail at once, and say
# nothing about a suite. These are the ones that a tired person could have written.
_BINARY = ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul", "FloorDiv_Div")
_COMPARISONS = ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq", "NotEq_Eq", "Lt_GtE", "Gt_LtE", "LtE_Gt", "GtE_Lt")
_CORE = (
    *(f"ReplaceBinaryOperator_{pair}" for pair in _BINARY),
    *(f"ReplaceComparisonOperator_{pair}" for pair in _COMPARISONS),
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_USub_UAdd",
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "NumberReplacer",
    "RemoveDecorator",
    "ZeroIterationForLoop",
)


@dataclass(frozen=True)
class Mutant:
    """One changed solution: ``line`` of the reference ``becomes`` another; ``cell`` is the whole changed text."""

    exercise: str
    operator: str
    line: str
    becomes: str
    cell: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from others, whatever moves in the file."""
        return self.exercise, self.line, self.becomes

    def __str__(self) -> str:
        return f"{self.exercise}: `{self.line}` becomes `{self.becomes or '(nothing)'}`"


@dataclass(frozen=True)
class Listed:
    """An entry of the list of mutants that are right nevertheless."""

    exercise: str
    line: str
    becomes: str
    reason: str
    either: bool = False  # some rounding decides whether it keeps its points

    @property
    def key(self) -> tuple[str, str, str]:
        """That of its mutant."""
        return self.exercise, self.line, self.becomes


def operators() -> Iterator[tuple[str, Any]]:
    """Name and instance of each mutation operator in use."""
    provider: Any = OperatorProvider()
    for name in _CORE:
        yield name, provider[name]()
    for field_operator in FIELD_OPERATORS:
        yield field_operator.__name__, field_operator()


def mutants(exercise: str, cell: str) -> list[Mutant]:
    """All mutants of one exercise's cell, each changed text once. Annotations and docstrings are left alone."""
    found: dict[str, Mutant] = {}
    original = _parsed(cell)
    assert original is not None, "a reference solution is Python"
    known = {ast.dump(original)}
    for name, operator in operators():
        for code in _occurrences(cell, operator):
            tree = _parsed(code)
            if tree is None or (dump := ast.dump(tree)) in known:
                continue
            known.add(dump)
            line, becomes = _change(cell, code)
            found[code] = Mutant(exercise, name, line, becomes, code)
    return list(found.values())


def listed(suite: Path) -> list[Listed]:
    """The mutants that a suite lists as right. Raises SuiteFault for an entry without its reason."""
    path = suite / LISTED
    if not path.exists():
        return []
    try:
        entries = tomllib.loads(path.read_text()).get("mutant", [])
        result = [Listed(**entry) for entry in entries]
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise SuiteFault(f"{path}: {error}; each [[mutant]] has exercise, line, becomes and reason") from error
    for entry in result:
        if len(entry.reason) < 10:
            raise SuiteFault(f"{path}: `{entry.line}` has no reason; say why the change makes no difference")
    return result


def _occurrences(cell: str, operator: Any) -> Iterable[str]:
    number = 0
    while (code := mutate_code(cell, operator, number)) is not None:
        yield code
        number += 1


def _parsed(code: str) -> ast.Module | None:
    """The tree of a mutant; None for what is no Python, or changes an annotation only (which nothing looks at)."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return None
    return _Unannotated().visit(tree)  # type: ignore[no-any-return]  # a transformer may return anything


class _Unannotated(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)


def _change(cell: str, code: str) -> tuple[str, str]:
    """The lines that differ, as one line each."""
    old, new = cell.splitlines(), code.splitlines()
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            return " ".join(line.strip() for line in old[a:b]), " ".join(line.strip() for line in new[c:d])
    return "", ""
