"""Hidden checks of ``step_decay``, ``cosine_decay`` and ``ema``.

The oracles: tables that ``torch.optim.lr_scheduler.StepLR`` and ``CosineAnnealingLR`` (torch 2.13) made for these
settings, and explicit formulas that are not the ones of the reference.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from autograder.compare import as_array, as_number, assert_all, assert_matches

pytestmark = pytest.mark.exercise("schedules")

# StepLR(optimizer, step_size=3, gamma=0.5), lr = 0.8
STEP_TABLE = [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1]

# CosineAnnealingLR(optimizer, T_max=8, eta_min=0.1), lr = 0.9
COSINE_TABLE = [
    0.9,
    0.8695518130045147,
    0.782842712474619,
    0.653073372946036,
    0.5,
    0.346926627053964,
    0.2171572875253810,
    0.1304481869954853,
    0.1,
]


def step_decays(student, steps, *settings):
    rates = (student.step_decay(step, *settings) for step in steps)
    return np.array([as_number(rate, what="step_decay") for rate in rates])


def cosine_decays(student, steps, *settings, **named):
    rates = (student.cosine_decay(step, *settings, **named) for step in steps)
    return np.array([as_number(rate, what="cosine_decay") for rate in rates])


def averages(student, values, decay):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.ema.may_mutate(values, decay)


def right_ema(values, decay):
    """The sum written out: each value by its age."""
    ages = np.subtract.outer(np.arange(len(values)), np.arange(len(values)))
    weights = np.where(ages >= 0, (1 - decay) * float(decay) ** np.maximum(ages, 0), 0.0)
    return weights @ np.asarray(values, dtype=float)


@pytest.mark.exercise("schedules", weight=3)
def test_step_decay(student):
    """step_decay is a staircase: constant for step_size steps, then multiplied by gamma, again and again."""
    found = step_decays(student, range(len(STEP_TABLE)), 0.8, 3, 0.5)
    assert_matches(found, np.array(STEP_TABLE), what="step_decay at these steps")


def test_step_decay_elsewhere(student):
    """The first step_size steps have the rate lr; step size and gamma may be any; much later the rate is tiny."""
    found = step_decays(student, range(4), 0.3, 4, 0.1)
    assert_matches(found, np.full(4, 0.3), what="step_decay within the first step_size steps")
    found = step_decays(student, [7, 8, 70], 2.0, 1, 0.9)
    assert_matches(found, 2.0 * np.exp(np.log(0.9) * np.array([7, 8, 70])), what="step_decay with step_size 1")


@pytest.mark.exercise("schedules", weight=2)
def test_cosine_decay(student):
    """cosine_decay falls from lr to lr_min along half a period of a cosine."""
    found = cosine_decays(student, range(9), 8, 0.9, 0.1)
    assert_matches(found, np.array(COSINE_TABLE), what="cosine_decay at these steps")


def test_ends_of_the_cosine(student):
    """cosine_decay is lr at step 0 and lr_min, which is 0 unless given, at total_steps; halfway it is their mean."""
    assert_matches(student.cosine_decay(0, 10, 0.3), 0.3, what="cosine_decay at step 0")
    assert_matches(student.cosine_decay(5, 10, 0.3), 0.15, what="cosine_decay halfway")
    assert_matches(student.cosine_decay(10, 10, 0.3), 0.0, what="cosine_decay at total_steps")
    assert_matches(student.cosine_decay(0, 7, 0.3, lr_min=0.05), 0.3, what="cosine_decay at step 0, with lr_min")
    assert_matches(student.cosine_decay(7, 7, 0.3, lr_min=0.05), 0.05, what="cosine_decay at total_steps, with lr_min")


def test_cosine_decay_elsewhere(student):
    """At any step, and for any number of steps in all, it is on the cosine."""
    steps = np.array([1, 13, 50, 88, 99])
    found = cosine_decays(student, steps.tolist(), 99, 2.0, lr_min=0.5)
    assert_matches(found, 0.5 + 1.5 * np.cos(math.pi * steps / 198) ** 2, what="cosine_decay at these steps")


@pytest.mark.exercise("schedules", weight=2)
def test_ema_table(student):
    """ema gives one average for each value: decay times the average before, plus (1 - decay) times the value."""
    assert_matches(averages(student, [150, 210, 320], 0.2), np.array([120.0, 192.0, 294.4]), what="the averages")


def test_ema(student):
    """The average starts at 0 and is not corrected for that; decay is the weight of the past."""
    values = (np.random.randn(15) + 2).tolist()
    assert_matches(averages(student, values, 0.8), right_ema(values, 0.8), what="the averages")


def test_ema_of_a_constant(student):
    """The average of a constant climbs from near 0 towards it, and the more slowly the closer decay is to 1."""
    found = as_array(averages(student, [5.0] * 12, 0.9), what="the averages", shape=(12,), finite=True)
    assert_all(bool((np.diff(found) > 0).all()), "should climb from each value to the next", what="the average")
    assert_matches(found, 5.0 * (1 - 0.9 ** np.arange(1, 13)), what="the averages")
    assert_matches(averages(student, [1.5, -2.0, 7.0], 0.0), np.array([1.5, -2.0, 7.0]), what="the averages at decay 0")


@pytest.mark.exercise("schedules", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student):
    """ema does not change the list that it is handed."""
    as_array(student.ema([3.0, 1.0, 4.0, 1.0], 0.5), what="the averages", shape=(4,), finite=True)
