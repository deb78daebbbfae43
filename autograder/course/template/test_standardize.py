"""Hidden checks of ``standardize`` and ``unstandardize``."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.compare import assert_matches
from autograder.suite import raises

pytestmark = pytest.mark.exercise("standardize")


def standardized(student, X):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.standardize.may_mutate(X)


@pytest.mark.exercise("standardize", weight=2)
@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_columns(student, reference, offset):
    """Each column of Z has mean 0 and standard deviation 1."""
    X = np.random.randn(20, 3) * [1.0, 10.0, 0.1] + offset
    Z, _ = standardized(student, X)
    expected, _ = reference.standardize(X)
    assert_matches(Z, expected, what="Z")


def test_constant_column(student):
    """A column of equal values becomes zeros, not NaN."""
    Z, _ = standardized(student, np.array([[1.0, 7.0, 9.0], [3.0, 7.0, 5.0]]))
    assert_matches(Z, np.array([[-1.0, 0.0, 1.0], [1.0, 0.0, -1.0]]), what="Z")


@pytest.mark.exercise("standardize", weight=0.5)
def test_rounded_constant_column(student, reference):
    """A column of equal values becomes zeros also where rounding leaves it a standard deviation of 1e-17."""
    X = np.array([[1.0, 0.1], [2.0, 0.1], [3.0, 0.1]])
    Z, _ = standardized(student, X)
    assert_matches(Z, reference.standardize(X)[0], what="Z")


def test_round_trip(student):
    """unstandardize gives X back: all that it needs is in its own scaler, whatever was standardized since."""
    first, second = np.random.randn(8, 3), 5 * np.random.randn(6, 3) + 2
    Z, scaler = standardized(student, first)
    standardized(student, second)
    assert_matches(student.unstandardize(Z, scaler), first, what="X")


def test_other_rows(student, reference):
    """unstandardize takes any rows in the units of the scaler, not only those of Z."""
    X, rows = 3 * np.random.randn(8, 3) + 1, np.random.randn(2, 3)
    _, scaler = standardized(student, X)
    _, reference_scaler = reference.standardize(X)
    assert_matches(student.unstandardize(rows, scaler), reference.unstandardize(rows, reference_scaler), what="X")


@pytest.mark.exercise("standardize", weight=0.25, supporting=True)
@pytest.mark.parametrize("shape", [(5,), (2, 3, 4)])
def test_other_shapes(student, shape):
    """X has two axes: anything else is a ValueError."""
    with raises("ValueError"):
        standardized(student, np.random.randn(*shape))


@pytest.mark.exercise("standardize", weight=0.5, supporting=True)
def test_argument_stays(student):
    """X is not changed in place."""
    student.standardize(np.random.randn(5, 2))
