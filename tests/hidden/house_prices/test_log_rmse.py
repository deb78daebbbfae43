"""Hidden checks of ``log_rmse``, against scikit-learn's mean squared error of the logarithms."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mean_squared_error

from autograder.compare import as_number, assert_matches
from autograder.suite import raises

pytestmark = pytest.mark.exercise("log_rmse")

# A tensor may have been made float32 on the way: 1e-6 relative. The nearest known mistake, log(1 + p) for log(p), is
# off by 70 % on the small numbers below.
RTOL = 1e-4


def prices(n, typical=150_000.0):
    """(prediction, target), each (n,): prices around a typical one, and predictions that are some 20 % off."""
    target = typical * np.exp(0.4 * np.random.randn(n))
    return target * np.exp(0.2 * np.random.randn(n) + 0.05), target


def right(prediction, target):
    return float(np.sqrt(mean_squared_error(np.log(target), np.log(prediction))))


@pytest.mark.exercise("log_rmse", weight=3)
@pytest.mark.parametrize("n", [7, 50])
def test_prices(student, n):
    """The error is the root of the mean squared difference of the logarithms of predictions and targets."""
    prediction, target = prices(n)
    assert_matches(student.log_rmse(prediction, target), right(prediction, target), what="the error", rtol=RTOL)


@pytest.mark.exercise("log_rmse", weight=2)
def test_small_numbers(student):
    """The logarithm is that of the numbers themselves, also where they are smaller than 1."""
    prediction, target = prices(20, typical=0.3)
    assert_matches(student.log_rmse(prediction, target), right(prediction, target), what="the error", rtol=RTOL)


@pytest.mark.exercise("log_rmse", weight=2)
def test_does_not_depend_on_the_unit(student):
    """Prices in another currency give the same error: only ratios of predictions and targets count."""
    prediction, target = prices(20)
    first, second = (student.log_rmse(factor * prediction, factor * target) for factor in (1.0, 0.0007))
    assert_matches(second, as_number(first, what="the error"), what="the error in another unit", rtol=RTOL)
    assert_matches(first, right(prediction, target), what="the error", rtol=RTOL)


def test_one_house(student):
    """For a single house it is the distance of the two logarithms, whichever of them is larger."""
    for prediction, target in ((2.0e5, 1.0e5), (1.0e5, 2.0e5)):
        error = student.log_rmse(np.array([prediction]), np.array([target]))
        assert_matches(error, float(np.log(2.0)), what="the error", rtol=RTOL)


@pytest.mark.exercise("log_rmse", supporting=True)
def test_perfect_prediction(student):
    """A perfect prediction has the error 0."""
    _, target = prices(10)
    # A float32 logarithm of a price is off by 1e-6.
    assert_matches(student.log_rmse(target.copy(), target), 0.0, what="the error", atol=1e-5)


@pytest.mark.exercise("log_rmse", supporting=True)
@pytest.mark.parametrize("wrong", [0.0, -1.0], ids=["zero", "negative"])
@pytest.mark.parametrize("which", ["prediction", "target"])
def test_not_positive(student, which, wrong):
    """Predictions and targets have a logarithm only if they are positive: anything else is a ValueError."""
    arguments = dict(zip(("prediction", "target"), prices(9), strict=True))
    arguments[which][4] = wrong * 1e5
    with raises("ValueError"):
        student.log_rmse(arguments["prediction"], arguments["target"])
