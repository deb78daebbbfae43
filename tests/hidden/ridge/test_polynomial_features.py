"""Hidden checks of ``polynomial_features``, against scikit-learn's ``PolynomialFeatures`` and NumPy's ``vander``."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import PolynomialFeatures

from autograder.compare import as_array, assert_matches
from autograder.errors import SuiteFault

pytestmark = pytest.mark.exercise("polynomial_features")


def right(x, degree):
    """The features (n, degree) by two libraries, which must agree."""
    expected = PolynomialFeatures(degree, include_bias=False).fit_transform(x[:, None])
    if not np.allclose(expected, np.vander(x, degree + 1, increasing=True)[:, 1:], rtol=1e-12, atol=0):
        raise SuiteFault("the two oracles disagree")
    return expected


def features(student, x, degree):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.polynomial_features.may_mutate(x, degree)


def assert_columns(found, x, degree):
    """Compare column by column: in one comparison the largest powers would set the scale for all."""
    expected = right(x, degree)
    found = as_array(found, what="the features", shape=expected.shape)
    assert_matches(list(found.T), list(expected.T), what="column")


@pytest.mark.exercise("polynomial_features", weight=2)
@pytest.mark.parametrize(("n", "degree"), [(7, 3), (4, 6)])
def test_powers(student, n, degree):
    """Column j of the result (n, degree) is x to the power j + 1, also for negative x."""
    x = np.random.default_rng(n).uniform(-2.0, 2.0, n)
    assert_columns(features(student, x, degree), x, degree)


def test_degree_one(student):
    """For degree 1 the result is x itself as a single column, of shape (n, 1)."""
    x = np.array([0.5, -1.25, 3.0, 2.0, -0.75])
    assert_columns(features(student, x, 1), x, 1)


def test_high_degree(student):
    """High powers are right too, as large as they get."""
    x = np.array([-3.0, 1.5, 0.25, 2.0, 0.0])
    assert_columns(features(student, x, 21), x, 21)


@pytest.mark.exercise("polynomial_features", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student):
    """The argument x is not changed in place."""
    x = np.array([0.5, -1.25, 3.0, 2.0])
    as_array(student.polynomial_features(x, 3), what="the features", shape=(4, 3), finite=True)
