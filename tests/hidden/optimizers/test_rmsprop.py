"""Hidden checks of ``RMSprop``, against the rule of ``torch.optim.RMSprop``."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.exercise("rmsprop")

# Where eps does not decide the result, a slip with eps costs nothing: such slips have checks of their own. They are off
# by 1e-6 here, the nearest other mistake by 1e-2, right answers by 1e-13.
RTOL = 1e-5


def scaled(gradients, factor):
    return [{key: factor * value for key, value in grads.items()} for grads in gradients]


@pytest.mark.exercise("rmsprop", weight=4)
def test_steps(student, example, follows):
    """The gradient is divided by the root of a decaying mean of its squares, the latest included."""
    follows(student, "RMSprop", example(), 0.02, alpha=0.99, rtol=RTOL)


@pytest.mark.exercise("rmsprop", weight=2)
def test_alpha(student, example, follows):
    """The argument alpha is used: it is the weight of the past."""
    follows(student, "RMSprop", example(), 0.05, alpha=0.8, rtol=RTOL)


def test_default_alpha(student, example, follows):
    """alpha is 0.99 unless it is given."""
    follows(student, "RMSprop", example(), 0.02, rtol=RTOL)


def test_forgets(student, example, follows):
    """When the gradients become small the steps recover: what is long past no longer counts."""
    params, gradients = example(24)
    gradients = scaled(gradients[:8], 100.0) + gradients[8:]
    follows(student, "RMSprop", (params, gradients), 0.05, alpha=0.7, rtol=RTOL)


def test_every_entry_has_its_own_mean(student, example, follows):
    """Entries with large and with small gradients make steps of the same length: each has a mean of its own."""
    params, gradients = example()
    scale = {key: np.logspace(0, 4, value.size).reshape(value.shape) for key, value in params.items()}
    gradients = [{key: scale[key] * value for key, value in grads.items()} for grads in gradients]
    follows(student, "RMSprop", (params, gradients), 0.02, alpha=0.99, rtol=RTOL)


def test_zero_gradients(student, example, follows):
    """Where the gradient is zero nothing moves, also if it has never been anything else: no NaN."""
    params, gradients = example()
    for number, grads in enumerate(gradients):
        grads["b1"][:] = 0.0
        grads["W1"][0] *= number >= 5
    follows(student, "RMSprop", (params, gradients), 0.02, alpha=0.99, rtol=RTOL)


def test_eps(student, example, follows):
    """The argument eps is used, and is added to the root."""
    params, gradients = example()
    follows(student, "RMSprop", (params, scaled(gradients, 0.05)), 0.1, alpha=0.99, eps=0.02)


@pytest.mark.exercise("rmsprop", weight=0.5)
def test_default_eps(student, example, follows):
    """eps is 1e-8 unless it is given: gradients as small as that show it."""
    params, gradients = example()
    follows(student, "RMSprop", (params, scaled(gradients, 1e-8)), lr=0.1, alpha=0.99)


def test_two_optimizers(student, assert_independent_optimizers):
    """Two optimizers have means of their own, also for parameters of the same names."""
    settings = {"lr": 0.02, "alpha": 0.9}, {"lr": 0.05, "alpha": 0.8}
    assert_independent_optimizers(student, "RMSprop", *settings, rtol=RTOL)


@pytest.mark.exercise("rmsprop", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, assert_arguments_left_alone):
    """Neither params nor grads are changed, in this step or in a later one."""
    assert_arguments_left_alone(student, "RMSprop", lr=0.02)
