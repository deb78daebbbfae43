"""Hidden checks of ``softmax_cross_entropy``, against ``torch.nn.functional.cross_entropy`` and autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autograder.compare import as_array, as_number, assert_matches

pytestmark = pytest.mark.exercise("softmax_cross_entropy")

# On ordinary logits a small constant inside the logarithm (1e-8, at a probability of 0.02) may show in the seventh
# digit: whether it does harm is judged where it does. Nearest wrong answers there differ by a tenth.
ORDINARY_RTOL = 1e-5


def example(n=6, c=4):
    """Logits (n, c) of a few units, and labels (n,) in which some class is missing and some come twice."""
    logits = np.random.uniform(-2.0, 2.0, size=(n, c))
    labels = np.arange(n) ** 2 % c
    return logits, labels.astype(np.int64)


def right(logits, labels):
    """(loss, dlogits)."""
    z = torch.from_numpy(logits.copy()).requires_grad_()
    loss = F.cross_entropy(z, torch.from_numpy(labels.copy()))
    return loss.item(), torch.autograd.grad(loss, z)[0].numpy()


def computed(student, logits, labels):
    """(loss, dlogits), without looking for changed arguments: that has a check of its own."""
    with np.errstate(all="ignore"):  # where warnings are errors, and a misconception runs in this process
        return student.softmax_cross_entropy.may_mutate(logits, labels)


@pytest.mark.exercise("softmax_cross_entropy", weight=1.5)
@pytest.mark.parametrize("shape", [(6, 4), (3, 7)], ids=["few classes", "many classes"])
def test_loss(student, shape):
    """The loss is the mean over the samples of minus the log-probability of each one's label."""
    logits, labels = example(*shape)
    loss, _ = computed(student, logits, labels)
    assert_matches(loss, right(logits, labels)[0], what="the loss", rtol=ORDINARY_RTOL)


@pytest.mark.exercise("softmax_cross_entropy", weight=1.5)
@pytest.mark.parametrize("shape", [(6, 4), (3, 7)], ids=["few classes", "many classes"])
def test_gradient(student, shape):
    """dlogits is the gradient of that mean loss with respect to the logits."""
    logits, labels = example(*shape)
    _, dlogits = computed(student, logits, labels)
    assert_matches(dlogits, right(logits, labels)[1], what="dlogits", rtol=ORDINARY_RTOL)


@pytest.mark.exercise("softmax_cross_entropy", weight=0.5)
def test_one_sample(student):
    """A single sample with two classes has a loss and a gradient like any other."""
    logits, labels = np.array([[0.7, -0.4]]), np.array([1])
    loss, dlogits = computed(student, logits, labels)
    right_loss, right_dlogits = right(logits, labels)
    assert_matches(loss, right_loss, what="the loss", rtol=ORDINARY_RTOL)
    assert_matches(dlogits, right_dlogits, what="dlogits", rtol=ORDINARY_RTOL)


@pytest.mark.parametrize("offset", [1000.0, -1000.0], ids=["high", "low"])
def test_offset(student, offset):
    """Adding the same large number to all logits changes neither the loss nor the gradient, and nothing overflows."""
    logits, labels = example()
    loss, dlogits = computed(student, logits + offset, labels)
    right_loss, right_dlogits = right(logits, labels)
    # Around 1000 the logits themselves are rounded in the thirteenth digit.
    assert_matches(loss, right_loss, what="the loss", rtol=ORDINARY_RTOL)
    assert_matches(dlogits, right_dlogits, what="dlogits", rtol=ORDINARY_RTOL)


def test_offset_of_each_row(student):
    """Each row may have a large offset of its own: a row around -1000 beside one around 1000 does no harm."""
    logits, labels = example()
    offsets = np.array([1000.0, -1000.0, 0.0, 900.0, -950.0, 10.0])[:, None]
    loss, dlogits = computed(student, logits + offsets, labels)
    right_loss, right_dlogits = right(logits, labels)
    assert_matches(loss, right_loss, what="the loss", rtol=ORDINARY_RTOL)
    assert_matches(dlogits, right_dlogits, what="dlogits", rtol=ORDINARY_RTOL)


def test_loss_of_a_hopeless_prediction(student):
    """Where the label's logit is far below another one the loss is that distance: finite, and not cut off."""
    logits = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 0.0, 1000.0], [800.0, 0.0, 0.0], [0.0, 3.0, 900.0]])
    labels = np.array([1, 1, 0, 2])
    loss, _ = computed(student, logits, labels)
    assert_matches(loss, right(logits, labels)[0], what="the loss")


def test_gradient_of_extreme_logits(student):
    """The gradient is finite and right where logits of 1000 and -1000 stand in one row."""
    logits = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 0.0, 1000.0], [800.0, 0.0, 0.0], [0.0, 3.0, 900.0]])
    labels = np.array([1, 1, 0, 2])
    _, dlogits = computed(student, logits, labels)
    # A small constant in a denominator may show.
    assert_matches(dlogits, right(logits, labels)[1], what="dlogits", rtol=ORDINARY_RTOL)


@pytest.mark.exercise("softmax_cross_entropy", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student):
    """Neither the logits nor the labels are changed in place."""
    logits, labels = example()
    loss, dlogits = student.softmax_cross_entropy(logits, labels)
    as_number(loss, what="the loss")
    as_array(dlogits, what="dlogits", shape=logits.shape, finite=True)
