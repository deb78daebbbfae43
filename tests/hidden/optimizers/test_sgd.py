"""Hidden checks of ``SGD``, against the rule of ``torch.optim.SGD``."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.exercise("sgd")


def test_plain_descent(student, example, follows):
    """With the defaults each parameter moves by lr times its gradient, downhill."""
    follows(student, "SGD", example(), 0.1)


@pytest.mark.exercise("sgd", weight=3)
def test_momentum(student, example, follows):
    """With momentum the velocity of each parameter adds up its gradients, those of the past weighed less and less."""
    follows(student, "SGD", example(), 0.05, momentum=0.8, weight_decay=0.0)


@pytest.mark.exercise("sgd", weight=2)
def test_nesterov(student, example, follows):
    """With nesterov=True the step looks ahead: it uses the gradient and, once more weighed, the new velocity."""
    follows(student, "SGD", example(), 0.05, momentum=0.8, weight_decay=0.0, nesterov=True)


def test_weight_decay(student, example, follows):
    """weight_decay times the parameters is added to the gradient, for every parameter."""
    follows(student, "SGD", example(), 0.1, momentum=0.0, weight_decay=0.3)


@pytest.mark.exercise("sgd", weight=2)
def test_weight_decay_with_momentum(student, example, follows):
    """Weight decay is part of the gradient, so it goes into the velocity as well."""
    follows(student, "SGD", example(), 0.05, momentum=0.8, weight_decay=0.3)


def test_all_settings_together(student, example, follows):
    """Momentum, weight decay and nesterov work together."""
    follows(student, "SGD", example(), lr=0.05, momentum=0.6, weight_decay=0.3, nesterov=True)


def test_two_optimizers(student, assert_independent_optimizers):
    """Two optimizers have a velocity each, also for parameters of the same names."""
    settings = {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.0}, {"lr": 0.03, "momentum": 0.5, "weight_decay": 0.0}
    assert_independent_optimizers(student, "SGD", *settings)


@pytest.mark.exercise("sgd", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, assert_arguments_left_alone):
    """Neither params nor grads are changed, in this step or in a later one."""
    assert_arguments_left_alone(student, "SGD", lr=0.1, momentum=0.8, weight_decay=0.3)
    assert_arguments_left_alone(student, "SGD", lr=0.1, momentum=0.8, weight_decay=0.0)
