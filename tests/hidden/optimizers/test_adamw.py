"""Hidden checks of ``AdamW``, against the rule of ``torch.optim.AdamW``, with the student's ``Adam`` or a sound one.

As for ``Adam``, eps may be added before or after the correction of the mean square.
"""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.exercise("adamw")

# Where eps does not decide the result, a slip with eps costs nothing: such slips have checks of their own. They are off
# by 1e-7 here, the nearest other mistake (the decay of the updated parameters) by 1e-3, right answers by 1e-13.
RTOL = 1e-5

# The defaults, stated where they are not what is checked: a wrong one costs points once.
BETAS = (0.9, 0.999)


def scaled(gradients, factor):
    return [{key: factor * value for key, value in grads.items()} for grads in gradients]


@pytest.mark.exercise("adamw", weight=2)
def test_without_decay(student, on_its_own, example, follows):
    """With weight_decay=0 each step is that of Adam."""
    inputs = example()
    on_its_own(student, lambda: follows(student, "AdamW", inputs, 0.05, betas=BETAS, weight_decay=0.0, rtol=RTOL))


@pytest.mark.exercise("adamw", weight=4)
def test_decay(student, on_its_own, example, follows):
    """The decay is decoupled: it takes the parameters as they were before the step, and does not touch the means."""
    inputs = example()
    on_its_own(student, lambda: follows(student, "AdamW", inputs, 0.05, betas=BETAS, weight_decay=0.4, rtol=RTOL))


@pytest.mark.exercise("adamw", weight=2)
def test_decay_without_a_gradient(student, on_its_own, example, follows):
    """Parameters whose gradient has always been zero shrink by the same share at every step, and are never NaN."""
    params, gradients = example()
    for number, grads in enumerate(gradients):
        grads["b1"][:] = 0.0
        grads["W1"][0] *= number >= 5
    inputs = params, gradients
    on_its_own(student, lambda: follows(student, "AdamW", inputs, 0.05, betas=BETAS, weight_decay=0.4, rtol=RTOL))


def test_decay_does_not_depend_on_the_gradients(student, on_its_own, example, follows):
    """Parameters with large and with small gradients shrink alike."""
    params, gradients = example()
    for grads in gradients:
        grads["W1"] *= 1e4
        grads["W2"] *= 1e2
    inputs = params, gradients
    on_its_own(student, lambda: follows(student, "AdamW", inputs, 0.05, betas=BETAS, weight_decay=0.4, rtol=RTOL))


def test_defaults(student, on_its_own, example, follows):
    """betas is (0.9, 0.999) and weight_decay is 0.01 unless they are given."""
    inputs = example()
    on_its_own(student, lambda: follows(student, "AdamW", inputs, lr=0.05, rtol=RTOL))


def test_betas(student, on_its_own, example, follows):
    """The argument betas is used: the first for the mean, the second for the mean square."""
    inputs = example()
    on_its_own(student, lambda: follows(student, "AdamW", inputs, 0.05, betas=(0.7, 0.95), weight_decay=0.2, rtol=RTOL))


def test_eps(student, on_its_own, example, follows):
    """The argument eps is used, and is added to the root."""
    params, gradients = example()
    inputs = params, scaled(gradients, 0.05)
    on_its_own(student, lambda: follows(student, "AdamW", inputs, 0.05, betas=BETAS, eps=0.02, weight_decay=0.2))


@pytest.mark.exercise("adamw", weight=0.5)
def test_default_eps(student, on_its_own, example, follows):
    """eps is 1e-8 unless it is given: gradients as small as that show it."""
    params, gradients = example()
    inputs = params, scaled(gradients, 1e-8)
    on_its_own(student, lambda: follows(student, "AdamW", inputs, 0.05, betas=BETAS, weight_decay=0.2))


def test_two_optimizers(student, on_its_own, assert_independent_optimizers):
    """Two optimizers have means and counters of their own, also for parameters of the same names."""
    settings = {"lr": 0.05, "weight_decay": 0.3}, {"lr": 0.02, "weight_decay": 0.1}
    settings = [{"betas": BETAS} | each for each in settings]
    on_its_own(student, lambda: assert_independent_optimizers(student, "AdamW", *settings, rtol=RTOL))


@pytest.mark.exercise("adamw", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, on_its_own, assert_arguments_left_alone):
    """Neither params nor grads are changed, in this step or in a later one."""
    on_its_own(student, lambda: assert_arguments_left_alone(student, "AdamW", lr=0.05, weight_decay=0.4))
