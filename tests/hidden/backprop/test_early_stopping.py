"""Hidden checks of the class ``EarlyStopping``: a table of cases.

All losses are short binary fractions, so that every way to write the comparison gives the same. Left open, as the
contract does: whether best_loss follows a decrease that is too small to be an improvement, and what best_loss and
best_step are before the first improvement.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from autograder.compare import as_number, assert_matches

pytestmark = pytest.mark.exercise("early_stopping")


def feed(student, losses, *settings, **named):
    """(the stopper, what step returned for each loss): something that is no bool has a check of its own."""
    stopper = student.EarlyStopping(*settings, **named)
    answers = [stopper.step(loss) for loss in losses]
    return stopper, np.array([truth(answer) for answer in answers])


def truth(answer):
    """A bool, or what stands for one: a number, or None where the code ends without a word."""
    if answer is None:
        return False
    return bool(answer) if type(answer) in (bool, np.bool_) else as_number(answer, what="what step returns") != 0


def assert_answers(found, expected):
    """``expected`` is a text: a dash for going on, an S for stopping."""
    right = np.array([letter == "S" for letter in expected])
    assert_matches(found, right, what="what step returns, call by call,")


@pytest.mark.parametrize(
    ("patience", "expected"),
    [(1, "--SSSS"), (2, "---SSS"), (4, "-----S")],
    ids=["patience of one", "patience of two", "patience of four"],
)
def test_stops_when_patience_is_used_up(student, patience, expected):
    """True comes with the call that completes patience calls in a row without an improvement on the best loss."""
    _, found = feed(student, [4.0, 3.0, 3.5, 3.25, 5.0, 4.5], patience)
    assert_answers(found, expected)


@pytest.mark.exercise("early_stopping", weight=2.5)
def test_improvement_is_on_the_best_loss(student):
    """A loss below the previous one is no improvement unless it is below the best one."""
    _, found = feed(student, [5.0, 2.0, 4.0, 3.5, 3.0, 2.5], 3)
    assert_answers(found, "----SS")


@pytest.mark.exercise("early_stopping", weight=1.5, supporting=True)
def test_counts_consecutive_calls(student):
    """An improvement starts the count again: only calls in a row count."""
    _, found = feed(student, [8.0, 9.0, 7.0, 7.5, 6.0, 6.5, 5.0, 5.5, 4.0], 2)
    assert_answers(found, "---------")


@pytest.mark.exercise("early_stopping", weight=1.5)
def test_goes_on_saying_stop(student):
    """After the stop each further call says stop again, until an improvement; then the count starts again."""
    _, found = feed(student, [4.0, 3.0, 5.0, 6.0, 7.0, 8.0, 2.0, 2.5, 2.25, 2.75], 2)
    assert_answers(found, "---SSS--SS")


@pytest.mark.exercise("early_stopping", weight=0.5, supporting=True)
def test_keeps_improving(student):
    """While each loss is better than all before, however slightly, there is no stop."""
    losses = [1.0 - 2.0**-12 * step for step in range(6)]
    _, found = feed(student, losses, 1)
    assert_answers(found, "------")


@pytest.mark.exercise("early_stopping", weight=1.5)
def test_best_loss_and_best_step(student):
    """best_loss is the lowest loss so far and best_step the number of its call, counted from 0."""
    stopper, _ = feed(student, [4.0, 3.0, 5.0, 2.0, 6.0, 7.0], 5)
    assert_matches(stopper.best_loss, 2.0, what="best_loss")
    assert_matches(stopper.best_step, 3, what="best_step")
    stopper.step(1.0)
    assert_matches(stopper.best_loss, 1.0, what="best_loss after another improvement")
    assert_matches(stopper.best_step, 6, what="best_step after another improvement")


@pytest.mark.exercise("early_stopping", weight=0.5)
def test_first_call(student):
    """The first loss is an improvement, whatever its size: it is the best so far, at step 0."""
    for loss in (3.0, 5000.0, -2.0):
        stopper, found = feed(student, [loss], 1)
        assert_answers(found, "-")
        assert_matches(stopper.best_loss, loss, what="best_loss after one call")
        assert_matches(stopper.best_step, 0, what="best_step after one call")


@pytest.mark.exercise("early_stopping", weight=1.5)
def test_min_delta(student):
    """Only a loss that is more than min_delta below the best one is an improvement."""
    _, found = feed(student, [4.0, 4.25, 4.125], 2, min_delta=0.5)
    assert_answers(found, "--S")
    losses = [4.0, 3.75, 3.625, 3.0, 2.0, 1.875, 1.75]
    _, found = feed(student, losses, 2, 0.5)
    assert_answers(found, "--S---S")
    stopper, _ = feed(student, losses[:5], 2, min_delta=0.5)
    assert_matches(stopper.best_loss, 2.0, what="best_loss")


@pytest.mark.exercise("early_stopping", weight=0.5)
def test_improvement_of_exactly_min_delta(student):
    """An improvement of exactly min_delta is not enough: it has to be larger."""
    _, found = feed(student, [2.0, 1.5, 0.25], 1, 0.5)
    assert_answers(found, "-S-")


@pytest.mark.exercise("early_stopping", weight=0.5)
def test_the_same_loss_again(student):
    """The same loss again is no improvement: a plateau ends the training."""
    _, found = feed(student, [3.0, 3.0, 3.0, 3.0], 2)
    assert_answers(found, "--SS")


@pytest.mark.exercise("early_stopping", weight=0.5)
def test_zero_is_a_loss_like_any_other(student):
    """A best loss of exactly 0 is the best until a loss is below it."""
    stopper, found = feed(student, [1.0, 0.0, 0.5, 0.25, -1.0, -0.5], 2)
    assert_answers(found, "---S--")
    assert_matches(stopper.best_loss, -1.0, what="best_loss")
    assert_matches(stopper.best_step, 4, what="best_step")


def test_nan_is_no_improvement(student):
    """NaN is never an improvement: such calls count towards patience, and the best loss stays what it was."""
    stopper, found = feed(student, [3.0, math.nan, math.nan, 2.0, math.nan, 2.5, math.nan], 2)
    assert_answers(found, "--S--SS")
    assert_matches(stopper.best_loss, 2.0, what="best_loss")
    assert_matches(stopper.best_step, 3, what="best_step")


@pytest.mark.exercise("early_stopping", weight=0.5)
def test_nan_first(student):
    """After a NaN in the first call the first number is an improvement."""
    stopper, found = feed(student, [math.nan, 2.0, 2.5, 1.0], 2)
    assert_answers(found, "----")
    assert_matches(stopper.best_loss, 1.0, what="best_loss")
    assert_matches(stopper.best_step, 3, what="best_step")


@pytest.mark.exercise("early_stopping", weight=0.5)
def test_nan_from_the_start(student):
    """Calls with NaN count towards patience also where no number came before them."""
    _, found = feed(student, [math.nan, math.nan], 2)
    assert_answers(found, "-S")


@pytest.mark.exercise("early_stopping", weight=0.5)
def test_answers_are_booleans(student):
    """Each call of step returns True or False."""
    stopper = student.EarlyStopping(1)
    for loss, expected in ((2.0, False), (3.0, True), (1.0, False)):
        assert_matches(stopper.step(loss), expected, what="what step returns")


@pytest.mark.exercise("early_stopping", weight=0.5)
def test_each_object_counts_for_itself(student):
    """Two objects know nothing of each other."""
    one, other = student.EarlyStopping(2), student.EarlyStopping(3)
    found = [[truth(stopper.step(loss)) for stopper in (one, other)] for loss in (4.0, 5.0, 6.0, 7.0)]
    right = np.array([[False, False], [False, False], [True, False], [True, True]])
    assert_matches(np.array(found), right, what="what step returns for two objects in turn")
