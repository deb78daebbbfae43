"""What the checks of ``backprop`` share: a stand-in for another exercise.

``mlp_forward`` and ``mlp_backward`` may well call the student's own ``relu`` and ``relu_grad``. So they are judged with
those and, where a check fails, once more with sound ones: no mistake costs points twice. Our code on the student's side
holds no solution: it asks the judge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.compare import recording
from autograder.errors import ArgumentChanged, BadReturn, Mismatch, MissingName, StudentError

# Failures after which the student's process still answers, so that a second try is possible.
REPEATABLE = (ArgumentChanged, BadReturn, Mismatch, MissingName, StudentError)

STAND_IN = """
if "_own_activations" not in globals():
    _own_activations = {name: globals().get(name) for name in ("relu", "relu_grad")}

def _ask_the_judge(ask_relu, ask_relu_grad):
    global relu, relu_grad
    relu, relu_grad = ask_relu, ask_relu_grad
"""

OWN = """
if "_own_activations" in globals():
    globals().update(_own_activations)
"""

Check = Callable[[], None]


def _relu(z: Any) -> np.ndarray:
    return np.maximum(np.asarray(z, dtype=np.float64), 0.0)


def _relu_grad(z: Any) -> np.ndarray:
    return np.where(np.asarray(z, dtype=np.float64) > 0.0, 1.0, 0.0)


def _on_its_own(student: Any, check: Check) -> None:
    """Run the check; if it fails, once more with sound activations in place of the student's."""
    student.define(OWN)
    try:
        check()
    except REPEATABLE as with_own:
        with recording():  # what the second try sees is no evidence of the mistake
            try:
                student.define(STAND_IN)
                student._ask_the_judge(_relu, _relu_grad)
                check()
            except REPEATABLE:
                raise with_own from None


@pytest.fixture(scope="session")
def on_its_own() -> Callable[[Any, Check], None]:
    """See ``_on_its_own``; a function of ``student``, and not bound to one."""
    return _on_its_own
