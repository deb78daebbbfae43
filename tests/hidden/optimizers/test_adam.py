"""Hidden checks of ``Adam``, against the rule of ``torch.optim.Adam``.

Where eps is added, before or after the correction of the mean square, makes a difference of order eps: both are
accepted everywhere (see ``_right_adam`` in conftest.py).
"""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.exercise("adam")

# Where eps does not decide the result, a slip with eps costs nothing: such slips have checks of their own. They are off
# by 1e-7 here, the nearest other mistake by 1e-3, right answers by 1e-13.
RTOL = 1e-5

# The defaults, stated where they are not what is checked: a wrong one costs points once.
STATED = {"betas": (0.9, 0.999), "weight_decay": 0.0}


def scaled(gradients, factor):
    return [{key: factor * value for key, value in grads.items()} for grads in gradients]


@pytest.mark.exercise("adam", weight=5)
def test_steps(student, example, follows):
    """Each step is the mean gradient over the root of the mean square, both corrected for their start at zero."""
    follows(student, "Adam", example(), 0.05, rtol=RTOL, **STATED)


@pytest.mark.exercise("adam", weight=2)
def test_betas(student, example, follows):
    """The argument betas is used: the first for the mean, the second for the mean square."""
    follows(student, "Adam", example(), 0.05, betas=(0.7, 0.95), weight_decay=0.0, rtol=RTOL)


def test_defaults(student, example, follows):
    """betas is (0.9, 0.999) and weight_decay is 0 unless they are given."""
    follows(student, "Adam", example(), lr=0.05, rtol=RTOL)


def test_first_step(student, example, follows):
    """The first step has length lr in every entry, however large or small its gradient is."""
    params, gradients = example(1)
    scale = {key: np.logspace(0, 4, value.size).reshape(value.shape) for key, value in params.items()}
    gradients = [{key: scale[key] * value for key, value in grads.items()} for grads in gradients]
    follows(student, "Adam", (params, gradients), 0.05, rtol=RTOL, **STATED)


def test_many_steps(student, example, follows):
    """After many steps, when there is hardly anything left to correct, the steps are still right."""
    follows(student, "Adam", example(60), 0.02, betas=(0.6, 0.9), weight_decay=0.0, rtol=RTOL)


@pytest.mark.exercise("adam", weight=3)
def test_weight_decay(student, example, follows):
    """weight_decay times the parameters is added to the gradient, and so goes into both means."""
    follows(student, "Adam", example(), 0.05, betas=(0.9, 0.999), weight_decay=0.4, rtol=RTOL)


def test_zero_gradients(student, example, follows):
    """Where the gradient has always been zero nothing moves: no NaN."""
    params, gradients = example()
    for number, grads in enumerate(gradients):
        grads["b1"][:] = 0.0
        grads["W1"][0] *= number >= 5
    follows(student, "Adam", (params, gradients), 0.05, rtol=RTOL, **STATED)


def test_eps(student, example, follows):
    """The argument eps is used, and is added to the root."""
    params, gradients = example()
    follows(student, "Adam", (params, scaled(gradients, 0.05)), 0.05, eps=0.02, **STATED)


@pytest.mark.exercise("adam", weight=0.5)
def test_default_eps(student, example, follows):
    """eps is 1e-8 unless it is given: gradients as small as that show it."""
    params, gradients = example()
    follows(student, "Adam", (params, scaled(gradients, 1e-8)), 0.05, **STATED)


def test_two_optimizers(student, assert_independent_optimizers):
    """Two optimizers have means and counters of their own, also for parameters of the same names."""
    settings = {"lr": 0.05, **STATED}, {"lr": 0.02, "betas": (0.7, 0.95), "weight_decay": 0.0}
    assert_independent_optimizers(student, "Adam", *settings, rtol=RTOL)


@pytest.mark.exercise("adam", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, assert_arguments_left_alone):
    """Neither params nor grads are changed, in this step or in a later one."""
    assert_arguments_left_alone(student, "Adam", lr=0.05, weight_decay=0.4)
