"""Which exercises a changed solution can touch: its own, and those whose checks or references use its functions."""

from __future__ import annotations

import ast
from pathlib import Path

from autograder.suite.assignment import Assignment


def reach(assignment: Assignment, exercise: str) -> tuple[str, ...]:
    """The exercises whose checks can see a change of ``exercise``, in order; the others need not be run.

    An exercise is reached if a name of ``exercise`` occurs in its checks, or in the references that its checks use,
    directly or through other references.
    """
    uses = _uses_of_references(assignment)
    names = set(assignment.functions_of(exercise))
    return tuple(e for e in assignment.exercises if e == exercise or names & _seen_from(assignment, e, uses))


def _seen_from(assignment: Assignment, exercise: str, uses: dict[str, set[str]]) -> set[str]:
    known = {name for e in assignment.exercises for name in assignment.functions_of(e)}
    seen = set(assignment.functions_of(exercise)) | (known & _names(assignment.suite / f"test_{exercise}.py"))
    seen |= known & _names(assignment.suite / "conftest.py")
    waiting = list(seen)
    while waiting:
        for name in uses.get(waiting.pop(), set()) & known - seen:
            seen.add(name)
            waiting.append(name)
    return seen


def _uses_of_references(assignment: Assignment) -> dict[str, set[str]]:
    tree = ast.parse(assignment.solutions.read_text())
    return {node.name: _identifiers(node) for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _names(path: Path) -> set[str]:
    return _identifiers(ast.parse(path.read_text())) if path.exists() else set()


def _identifiers(tree: ast.AST) -> set[str]:
    """Every name and attribute in it, and every word of its texts: code for the student's side is text here."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {word for word in _words(node.value) if word.isidentifier()}
    return found


def _words(text: str) -> list[str]:
    return "".join(c if c.isidentifier() or c.isdigit() else " " for c in text).split()
