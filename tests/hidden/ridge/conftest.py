"""What the checks of ``ridge`` share: stand-ins for the other exercises.

A solution may call another exercise's function: ``cross_validate`` the student's own ``ridge_path``, the elastic net
their ``lasso_fit``. So each check runs with sound ones in the place of the earlier exercises' first, and where that
fails with the student's own: no mistake costs points twice, and a slow fit is not paid for at every fold. Our code on
the student's side holds no solution: the judge computes.

Later exercises' functions are always the student's own. Otherwise two functions that do nothing but call each other
would be right, each with the judge's answer in the other one's place.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from autograder.compare import recording
from autograder.errors import ArgumentChanged, BadReturn, BannedOperation, Mismatch, MissingName, StudentError

# Failures after which the student's process still answers, so that a second try is possible.
REPEATABLE = (ArgumentChanged, BadReturn, BannedOperation, Mismatch, MissingName, StudentError)

# In the notebook's order.
SIGNATURES = {
    "polynomial_features": "x, degree",
    "ridge_fit": "X, y, alpha",
    "ridge_path": "X, y, alphas",
    "lasso_fit": "X, y, alpha, max_iter=1000, tol=1e-8",
    "elastic_net_fit": "X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8",
    "cross_validate": "X, y, alphas, k",
}

OWN = """
if "_own_functions" in globals():
    globals().update(_own_functions)
"""

ASK = """
if "_own_functions" not in globals():
    _own_functions = {name: globals()[name] for name in %r if name in globals()}

def _ask_the_judge(functions):
    global _judge
    _judge = functions
"""

STAND_IN = """
def %(name)s(%(parameters)s):
    return _judge[%(number)d](%(arguments)s)
"""

Check = Callable[[], None]


def _stand_ins(names: list[str]) -> str:
    """Code that puts a question to the judge in the place of each of these functions."""
    code = ASK % names
    for number, name in enumerate(names):
        parameters = SIGNATURES[name]
        arguments = ", ".join(parameter.partition("=")[0] for parameter in parameters.split(", "))
        code += STAND_IN % {"name": name, "parameters": parameters, "number": number, "arguments": arguments}
    return code


def _on_its_own(exercise: str, reference: Any, student: Any, check: Check) -> None:
    """Run the check with sound functions in place of the earlier exercises'; if it fails, with the student's own."""
    others = list(SIGNATURES)[: list(SIGNATURES).index(exercise)]
    try:
        with recording():  # of two tries only the one that decides is evidence of a mistake
            student.define(_stand_ins(others))
            student._ask_the_judge([getattr(reference, name) for name in others])
            check()
    except REPEATABLE:
        student.define(OWN)
        check()
    else:
        student.define(OWN)


@pytest.fixture
def on_its_own(request: pytest.FixtureRequest, reference: Any) -> Callable[[Any, Check], None]:
    """See ``_on_its_own``; a function of ``student``, and not bound to one."""
    exercise = request.node.get_closest_marker("exercise").args[0]
    return functools.partial(_on_its_own, exercise, reference)
