"""Takes the bodies of reference solutions out of their module, and puts them into a cell's solution regions.

A region is what lies between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` inside a function or method; it
is filled with the body, after the docstring, of the function of the same qualified name in
``solutions/<assignment>.py``. Text is copied as it stands, comments included; it is indented anew only where
the region is indented otherwise.
"""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

from autograder.errors import CourseFault

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Region:
    """Lines ``begin`` to ``end`` (0-based, the delimiters) of a cell, inside the function ``name``."""

    begin: int
    end: int
    name: str
    signature: str


class Solutions:
    """The functions of a module of solutions, by qualified name ("dropout_forward", "Dropout.forward")."""

    def __init__(self, text: str, *, what: str) -> None:
        self._what = what
        self._lines = text.splitlines()
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            raise CourseFault(f"{what} is not Python: {error.msg} (line {error.lineno})") from error
        self._functions = dict(_functions(tree))
        self._module_names = {name for node in tree.body for name in _bound(node)}

    def body(self, region: Region, indent: str) -> list[str]:
        """The lines for ``region``, indented by ``indent``. Raises CourseFault if there is no solution."""
        function = self._functions.get(region.name)
        if function is None:
            there = ", ".join(sorted(self._functions))
            raise CourseFault(f"{self._what} has no {region.name}, which the notebook asks for; there are: {there}")
        if _signature(function) != region.signature:
            ours, theirs = _signature(function), region.signature
            raise CourseFault(
                f"{region.name} takes ({theirs}) in the notebook and ({ours}) in {self._what}: "
                "make the arguments and defaults agree"
            )
        statements = function.body[1:] if ast.get_docstring(function) is not None else function.body
        if not statements:
            raise CourseFault(f"{region.name} has no body but its docstring in {self._what}")
        return self._text(function, statements, indent)

    def foreign_names(self, region: Region, known: set[str]) -> set[str]:
        """Names of the module that a solution uses but the notebook does not have."""
        function = self._functions[region.name]
        names = [node for statement in function.body for node in ast.walk(statement) if isinstance(node, ast.Name)]
        own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        own |= {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
        return ({node.id for node in names} & self._module_names) - own - known - set(vars(builtins))

    def _text(self, function: Function, statements: list[ast.stmt], indent: str) -> list[str]:
        first, last = _first_line(statements[0]), statements[-1].end_lineno or statements[-1].lineno
        header = function.body[0].end_lineno if statements[0] is not function.body[0] else function.lineno
        if first <= (header or 0):
            raise CourseFault(f"{function.name} in {self._what}: its body must begin on a line of its own")
        while first - 1 > (header or 0) and self._is_remark(first - 1):
            first -= 1
        lines = self._lines[first - 1 : last]
        while not lines[0].strip():
            lines = lines[1:]
        if _indent_of(self._lines[_first_line(statements[0]) - 1]) == indent:
            return lines
        text = "\n".join(lines)
        moved = textwrap.indent(textwrap.dedent(text), indent)
        if not _same_code(text, moved):
            found = f"{function.name} in {self._what} has a text over several lines that indenting would change"
            raise CourseFault(f"{found}: give the solution and the notebook's cell the same indentation")
        return moved.splitlines()

    def _is_remark(self, number: int) -> bool:
        """Whether line ``number`` (1-based) is empty or a comment, so belongs to the statement below it."""
        line = self._lines[number - 1].strip()
        return not line or line.startswith("#")


def find_regions(source: str, *, what: str) -> list[Region]:
    """The solution regions of a cell's source, top to bottom. Raises CourseFault where one is not inside a
    function.
    """
    lines = source.splitlines()
    pairs = list(_pairs(lines, what))
    skeleton = list(lines)
    for begin, end in pairs:
        # Whatever stands in a region now, even if it is no Python, must not matter.
        skeleton[begin] = _indent_of(lines[begin]) + "pass"
        skeleton[begin + 1 : end + 1] = [""] * (end - begin)
    try:
        tree = ast.parse("\n".join(skeleton))
    except SyntaxError as error:
        raise CourseFault(f"{what} is not Python around its solution: {error.msg} (line {error.lineno})") from error
    return [_region(tree, begin, end, what) for begin, end in pairs]


def fill(source: str, region: Region, body: list[str]) -> str:
    """``source`` with ``body`` between the region's delimiters."""
    lines = source.splitlines()
    return "\n".join([*lines[: region.begin + 1], *body, *lines[region.end :]])


def indent_of(source: str, region: Region) -> str:
    """The indentation of the region's first delimiter."""
    return _indent_of(source.splitlines()[region.begin])


def bound_names(source: str) -> set[str]:
    """Names that a cell's code binds at its top level, without its magics; none if it is not Python."""
    lines = ["" if line.startswith(("%", "!")) else line for line in source.splitlines()]
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return set()
    return {name for node in tree.body for name in _bound(node)}


def _pairs(lines: list[str], what: str) -> Iterator[tuple[int, int]]:
    begin: int | None = None
    for number, line in enumerate(lines):
        if "BEGIN SOLUTION" in line:
            if begin is not None:
                raise CourseFault(f"{what}: a second BEGIN SOLUTION before the END (line {number + 1})")
            begin = number
        elif "END SOLUTION" in line:
            if begin is None:
                raise CourseFault(f"{what}: END SOLUTION without BEGIN (line {number + 1})")
            yield begin, number
            begin = None
    if begin is not None:
        raise CourseFault(f"{what}: BEGIN SOLUTION without END (line {begin + 1})")


def _region(tree: ast.Module, begin: int, end: int, what: str) -> Region:
    around = [
        (name, function)
        for name, function in _functions(tree)
        if function.lineno <= begin + 1 <= (function.end_lineno or function.lineno)
    ]
    if not around:
        raise CourseFault(f"{what}: the solution in line {begin + 1} is not inside a function or method")
    name, function = max(around, key=lambda each: each[1].lineno)
    return Region(begin, end, name, _signature(function))


def _functions(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, Function]]:
    for node in tree.body:
        if isinstance(node, Function):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")


def _signature(function: Function) -> str:
    """Arguments and defaults without annotations, which may be longer or shorter in a notebook."""
    arguments = deepcopy(function.args)
    for argument in ast.walk(arguments):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    return ast.unparse(arguments)


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    else:
        yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _same_code(one: str, other: str) -> bool:
    trees = [ast.parse(f"def f():\n{textwrap.indent('pass', _indent_of(text))}\n{text}") for text in (one, other)]
    return ast.dump(trees[0]) == ast.dump(trees[1])


def _indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
