"""What the checks of ``normalization`` share: a stand-in for another exercise.

``BatchNorm1d`` may well call the student's own ``batchnorm_forward``. So it is judged with that and, where a check
fails, once more with a sound one: no mistake costs points twice. Our code on the student's side holds no solution: the
judge computes, also the gradient.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch

from autograder.compare import recording
from autograder.errors import (
    ArgumentChanged,
    BadReturn,
    BannedOperation,
    Mismatch,
    MissingName,
    StudentError,
    StudentFault,
)

# Failures after which the student's process still answers, so that a second try is possible.
REPEATABLE = (ArgumentChanged, BadReturn, BannedOperation, Mismatch, MissingName, StudentError)

STAND_IN = """
import torch as _torch

if "_own_batchnorm" not in globals():
    _own_batchnorm = {name: globals().get(name) for name in ("batchnorm_forward", "batchnorm_backward")}

def _ask_the_judge(forward, backward):
    global _judge_forward, _judge_backward
    _judge_forward, _judge_backward = forward, backward

class _AskedBatchNorm(_torch.autograd.Function):
    @staticmethod
    def forward(ctx, *inputs):
        ctx.inputs = inputs
        outputs = _judge_forward(*(value.detach() if hasattr(value, "detach") else value for value in inputs))
        ctx.mark_non_differentiable(*outputs[1:])
        return outputs

    @staticmethod
    def backward(ctx, dy, _mean, _var):
        return (*batchnorm_backward(dy, ctx.inputs), None, None, None, None, None)

def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    cache = (x, gamma, beta, running_mean, running_var, training, momentum, eps)
    y, mean, var = _AskedBatchNorm.apply(*cache)
    return y, cache, mean, var

def batchnorm_backward(dy, cache):
    return _judge_backward(dy, *(value.detach() if hasattr(value, "detach") else value for value in cache))
"""

OWN = """
if "_own_batchnorm" in globals():
    globals().update(_own_batchnorm)
"""

Check = Callable[[], None]


def _answered(function: Callable[..., Any]) -> Callable[..., Any]:
    """A callback. What the student's code hands in may not fit: a ValueError says so in place of any other error."""

    def answer(*inputs: Any) -> Any:
        try:
            return tuple(value.detach().clone() for value in function(*inputs))
        except (AttributeError, IndexError, RuntimeError, TypeError) as error:
            raise ValueError(f"these are not the arguments of batch norm: {type(error).__name__}") from error

    return answer


def _callbacks(reference: Any) -> list[Callable[..., Any]]:
    """The forward and the backward pass as the judge computes them for the stand-in."""

    def forward(*inputs: Any) -> Any:
        y, _, mean, var = reference.batchnorm_forward(*inputs)
        return y, mean, var

    def backward(dy: Any, *inputs: Any) -> Any:
        x, gamma, _, mean, var, training, _, eps = inputs
        if training:
            return reference.batchnorm_backward(dy, reference.batchnorm_forward(*inputs)[1])
        std = torch.sqrt(var + eps)
        return dy * gamma / std, (dy * (x - mean) / std).sum(dim=0), dy.sum(dim=0)

    return [_answered(forward), _answered(backward)]


def _on_its_own(reference: Any, student: Any, check: Check) -> None:
    """Run the check; if it fails, once more with sound batchnorm functions in place of the student's."""
    try:
        check()
    except REPEATABLE:
        with recording():  # what the second try sees is no evidence of the mistake
            passed = _passes_with_stand_in(reference, student, check)
        if not passed:
            raise


def _passes_with_stand_in(reference: Any, student: Any, check: Check) -> bool:
    student.define(STAND_IN)
    try:
        student._ask_the_judge(*_callbacks(reference))
        check()
    except REPEATABLE:
        return False
    else:
        return True
    finally:
        with contextlib.suppress(StudentFault):  # where the code's process has ended, nothing is left to restore
            student.define(OWN)


@pytest.fixture
def on_its_own(reference: Any) -> Callable[[Any, Check], None]:
    """See ``_on_its_own``; a function of ``student``, and not bound to one."""
    return functools.partial(_on_its_own, reference)
