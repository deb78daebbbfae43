"""Hidden checks of ``Adagrad``, against the rule of ``torch.optim.Adagrad``."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.exercise("adagrad")

# Where eps does not decide the result, a slip with eps costs nothing: such slips have checks of their own. They are off
# by less than 1e-7 here, the nearest other mistake by 1e-2, right answers by 1e-13.
RTOL = 1e-5


def scaled(gradients, factor):
    return [{key: factor * value for key, value in grads.items()} for grads in gradients]


@pytest.mark.exercise("adagrad", weight=4)
def test_steps(student, example, follows):
    """The gradient is divided by the root of the sum of its squares so far, the latest included."""
    follows(student, "Adagrad", example(), 0.1, rtol=RTOL)


def test_every_entry_has_its_own_sum(student, example, follows):
    """Entries with large and with small gradients make steps of the same length: each has a sum of its own."""
    params, gradients = example()
    scale = {key: np.logspace(0, 4, value.size).reshape(value.shape) for key, value in params.items()}
    gradients = [{key: scale[key] * value for key, value in grads.items()} for grads in gradients]
    follows(student, "Adagrad", (params, gradients), 0.1, rtol=RTOL)


def test_zero_gradients(student, example, follows):
    """Where the gradient is zero nothing moves, also if it has never been anything else: no NaN."""
    params, gradients = example()
    for number, grads in enumerate(gradients):
        grads["b1"][:] = 0.0
        grads["W1"][0] *= number >= 5
    follows(student, "Adagrad", (params, gradients), 0.1, rtol=RTOL)


def test_eps(student, example, follows):
    """The argument eps is used, and is added to the root."""
    params, gradients = example()
    follows(student, "Adagrad", (params, scaled(gradients, 0.05)), 0.1, eps=0.2)


@pytest.mark.exercise("adagrad", weight=0.5)
def test_default_eps(student, example, follows):
    """eps is 1e-10 unless it is given: gradients as small as that show it."""
    params, gradients = example()
    follows(student, "Adagrad", (params, scaled(gradients, 1e-10)), lr=0.1)


def test_two_optimizers(student, assert_independent_optimizers):
    """Two optimizers have sums of their own, also for parameters of the same names."""
    assert_independent_optimizers(student, "Adagrad", {"lr": 0.1}, {"lr": 0.3}, rtol=RTOL)


@pytest.mark.exercise("adagrad", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, assert_arguments_left_alone):
    """Neither params nor grads are changed, in this step or in a later one."""
    assert_arguments_left_alone(student, "Adagrad", lr=0.1)
