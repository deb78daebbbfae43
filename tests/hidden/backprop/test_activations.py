"""Hidden checks of the activations, against torch's autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.compare import as_array, assert_all, assert_matches

pytestmark = pytest.mark.exercise("activations")

TORCH = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
SATURATED = np.array([-1000.0, 1000.0, -800.0, 750.0, 0.5])

# Far out, an argument clipped to +-20 or beyond is as good as any other: sigmoid is then off by 2e-9. The wrong answers
# there are NaN, and numbers that are far off.
SATURATED_ATOL = 1e-8

# A warning is no value: it has to be looked for where the code runs. Told of are overflows alone; that 0/0 or inf/inf
# is thrown away by a where is nobody's business if nothing overflowed.
OVERFLOWS = """
def _overflows(name, z):
    import warnings
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        globals()[name](z)
    return any("overflow" in str(warning.message) for warning in seen)
"""


def examples():
    """Arguments of both signs and several sizes, none of them 0, with one and with two axes."""
    sizes = np.geomspace(0.03, 6.0, 12)
    signs = np.where(np.arange(12) % 2 == 0, 1.0, -1.0)
    grid = np.random.permutation(sizes * signs).reshape(3, 4)
    return [np.array([-2.5, -0.4, 0.3, 1.2, 3.0]), grid]


def right(name, z):
    """The function, or with _grad its derivative, at z."""
    x = torch.from_numpy(z.copy()).requires_grad_()
    y = TORCH[name.removesuffix("_grad")](x)
    if not name.endswith("_grad"):
        return y.detach().numpy()
    return torch.autograd.grad(y.sum(), x)[0].numpy()


def values(student, name, z):
    """What the student's function gives for z, without looking for changed arguments: that has a check of its own.

    The booleans of ``z > 0`` are good factors in a chain rule: they count as 0 and 1.
    """
    with np.errstate(all="ignore"):  # where warnings are errors, and a misconception runs in this process
        found = student[name].may_mutate(z)
    return found.astype(np.float64) if found.dtype.kind == "b" else found


def assert_right(student, name):
    for z in examples():
        assert_matches(values(student, name, z), right(name, z), what=f"{name}(z)")


def test_relu(student):
    """relu keeps what is positive and turns the rest into 0, elementwise."""
    assert_right(student, "relu")


@pytest.mark.exercise("activations", weight=1.5)
def test_relu_grad(student):
    """relu_grad is the derivative of relu at z: 1 where z is positive, 0 where it is negative."""
    assert_right(student, "relu_grad")


@pytest.mark.exercise("activations", weight=0.5)
def test_relu_grad_at_zero(student):
    """relu_grad(0) is 0."""
    z = np.array([0.0, 2.0, 0.0, -1.0])
    assert_matches(values(student, "relu_grad", z), np.array([0.0, 1.0, 0.0, 0.0]), what="relu_grad(z)")


@pytest.mark.exercise("activations", weight=1.5)
def test_sigmoid(student):
    """sigmoid(z) is 1 / (1 + exp(-z)), elementwise."""
    assert_right(student, "sigmoid")


@pytest.mark.exercise("activations", weight=1.5)
def test_sigmoid_grad(student):
    """sigmoid_grad is the derivative of sigmoid with respect to z, at z."""
    assert_right(student, "sigmoid_grad")


@pytest.mark.exercise("activations", weight=1.5)
def test_tanh_grad(student):
    """tanh_grad is the derivative of tanh with respect to z, at z."""
    assert_right(student, "tanh_grad")


@pytest.mark.exercise("activations", weight=0.5)
@pytest.mark.parametrize("name", ["relu", "sigmoid", "sigmoid_grad", "tanh_grad"])
def test_far_from_zero(student, name):
    """At z = 1000 and z = -1000 the values are finite and right."""
    found = values(student, name, SATURATED)
    assert_matches(found, right(name, SATURATED), what=f"{name}(z) far from 0", atol=SATURATED_ATOL)


@pytest.mark.exercise("activations", supporting=True)
def test_no_overflow_warning(student):
    """No function warns of an overflow at z = 1000 and z = -1000."""
    student.define(OVERFLOWS)
    for name in ("relu", "relu_grad", "sigmoid", "sigmoid_grad", "tanh_grad"):
        quiet = student._overflows(name, SATURATED) is False
        assert_all(quiet, "should compute large arguments without an overflow", what=name)


@pytest.mark.exercise("activations", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student):
    """No function changes z in place."""
    for name in ("relu", "relu_grad", "sigmoid", "sigmoid_grad", "tanh_grad"):
        z = examples()[1]
        found = student[name](z)
        found = found.astype(np.float64) if found.dtype.kind == "b" else found
        as_array(found, what=f"{name}(z)", shape=z.shape, finite=True)
