"""Answers that compute nothing: what holds for them must earn nothing by itself.

Some properties hold without any work: an argument is left alone by what does nothing, an error is raised by what always
raises one, evaluation mode is the identity for what returns its input. The checks of these are marked ``supporting``,
and the audit proves with these answers that no other check is of that kind.
"""

from __future__ import annotations

import inspect
from typing import Any

from autograder.suite.assignment import Assignment
from autograder.suite.subjects import namespace_of
from autograder.suite.variants import Variant

_BODIES = {
    "None": "return None",
    "zero": "return 0.0",
    "its first argument": "return values[0] if values else None",
    "its first argument, twice": "return (values[0], values[0]) if values else None",
    "its first argument times 0": "return values[0] * 0 if values else None",
    "its first argument times 0, twice": "return (values[0] * 0, values[0] * 0) if values else None",
    "an error": "raise ValueError('not this')",
    "another error": "raise TypeError('not this')",
}
_FILLED = {"zeros of the right shape": "0 * numbers", "ones of the right shape": "0 * numbers + 1"}

# What a result of the right form and no content is made of. Functions that are handed in (objectives, kernels) are not
# called: what they see is graded.
_FILLING = """
import numpy as _np


def _filled(value):
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return not value if isinstance(value, bool) else value
    if type(value).__module__ == "torch":
        return _fill(value.detach())
    if isinstance(value, (_np.ndarray, _np.generic, int, float)):
        return type(value)(_fill(value)) if isinstance(value, (int, float)) else _fill(value)
    if isinstance(value, (tuple, list)):
        return type(value)(_filled(item) for item in value)
    if isinstance(value, dict):
        return {name: _filled(item) for name, item in value.items()}
    return value


def _unseen(*given, **named):
    if len(given) == 2 and all(type(one).__module__ == "torch" for one in given):
        return given[0].new_zeros(len(given[0]), len(given[1])).fill_diagonal_(1.0)  # a kernel
    return 0.0


def _empty(function):
    def answer(*values, **named):
        values = [_unseen if type(value).__name__ == "function" else value for value in values]
        return _filled(function(*values, **named))

    return answer
"""


def empty_answers(assignment: Assignment, exercise: str) -> list[Variant]:
    """The answers of one exercise, each with all its functions and classes. Raises SuiteFault."""
    namespace = namespace_of(assignment)
    names = [f.name for f in assignment.contract.functions.values() if f.exercise == exercise]
    found = {name: "\n".join(_definition(n, namespace.get(n), body) for n in names) for name, body in _BODIES.items()}
    if not any(isinstance(namespace.get(name), type) for name in names):
        for name, fill in _FILLED.items():
            definitions = [f"{n} = _empty({n})" for n in names]
            found[name] = "\n".join([f"_fill = lambda numbers: {fill}", _FILLING, *definitions])
    return [Variant("empty", exercise, name, text) for name, text in found.items()]


def _definition(name: str, solution: Any, body: str) -> str:
    if not isinstance(solution, type):
        return f"def {name}(*values, **named):\n    {body}\n"
    methods = [n for n, value in vars(solution).items() if inspect.isfunction(value) and not n.startswith("_")]
    if "__call__" in vars(solution):
        methods.append("__call__")
    base = "(nn.Module)" if any(kind.__module__.startswith("torch.nn") for kind in solution.__mro__) else ""
    lines = [f"class {name}{base}:", "    def __init__(self, *values, **named):", "        super().__init__()"]
    for method in methods:
        lines += [f"    def {method}(self, *values, **named):", f"        {body}"]
    return "\n".join(lines) + "\n"
