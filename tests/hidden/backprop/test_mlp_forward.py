"""Hidden checks of ``mlp_forward``, against torch.

Each is made with the student's own ``relu`` or, where that fails, a stand-in for it (see conftest.py).
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autograder.compare import as_array, assert_matches

pytestmark = pytest.mark.exercise("mlp_forward")


def example(n, d, h, c):
    """(params, X): biases as large as the weights, and units that are active for some samples only."""
    X = np.random.randn(n, d)
    params = {
        "W1": np.random.randn(d, h),
        "b1": np.random.uniform(0.3, 0.9, size=h) * np.where(np.arange(h) % 2 == 0, 1.0, -1.0),
        "W2": np.random.randn(h, c),
        "b2": np.linspace(-1.5, 2.0, c),
    }
    return params, X


def right(params, X):
    """The logits, by torch's linear layers."""
    W1, b1, W2, b2 = (torch.from_numpy(params[name]) for name in ("W1", "b1", "W2", "b2"))
    return F.linear(F.relu(F.linear(torch.from_numpy(X), W1.T, b1)), W2.T, b2).numpy()


def logits_of(student, params, X):
    """The student's logits, without looking for changed arguments: that has a check of its own."""
    return student.mlp_forward.may_mutate(params, X)[0]


@pytest.mark.parametrize("sizes", [(5, 3, 6, 4), (4, 6, 3, 2), (9, 2, 5, 7)], ids=["wide", "narrow", "many classes"])
def test_logits(student, on_its_own, sizes):
    """The logits are those of an affine layer, ReLU, and another affine layer."""
    params, X = example(*sizes)
    expected = right(params, X)
    on_its_own(student, lambda: assert_matches(logits_of(student, params, X), expected, what="the logits"))


def test_one_sample(student, on_its_own):
    """A single sample gives logits of shape (1, c)."""
    params, X = example(1, 4, 5, 3)
    expected = right(params, X)
    on_its_own(student, lambda: assert_matches(logits_of(student, params, X), expected, what="the logits"))


def test_silent_hidden_units(student, on_its_own):
    """Where all hidden units are below zero ReLU lets nothing through, and the logits are b2."""
    params, X = example(4, 3, 6, 5)
    params["b1"] = np.full(6, -100.0)
    expected = right(params, X)
    on_its_own(student, lambda: assert_matches(logits_of(student, params, X), expected, what="the logits"))


def test_biases(student, on_its_own):
    """Both biases are added: for X = 0 the logits are those of relu(b1)."""
    params, X = example(3, 4, 6, 2)
    X = np.zeros_like(X)
    expected = right(params, X)
    on_its_own(student, lambda: assert_matches(logits_of(student, params, X), expected, what="the logits"))


def test_logits_may_be_negative(student, on_its_own):
    """Nothing comes after the second affine layer: logits are neither cut off at zero nor normalized."""
    params, X = example(4, 3, 5, 3)
    params["b2"] = np.full(3, -60.0)
    expected = right(params, X)
    on_its_own(student, lambda: assert_matches(logits_of(student, params, X), expected, what="the logits"))


@pytest.mark.exercise("mlp_forward", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, on_its_own):
    """Neither params nor X is changed in place."""
    params, X = example(5, 3, 6, 4)

    def check():
        logits, _ = student.mlp_forward(params, X)
        as_array(logits, what="the logits", shape=(5, 4), finite=True)

    on_its_own(student, check)
