"""Hidden checks of ``lasso_fit``, against scikit-learn's ``Lasso`` and the conditions of its minimum."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from autograder.compare import as_array, as_number, assert_all, assert_matches
from autograder.errors import SuiteFault

pytestmark = pytest.mark.exercise("lasso_fit")

# Right solutions stop by different rules. At the default tolerance their coefficients, which are of size 1 here, were
# found up to 1e-4 apart. The nearest known mistake, curvatures divided by n - 1, is off by 1e-2.
ATOL = 1e-3
# The intercept adds up the errors of d coefficients, times means of size 1.
INTERCEPT_ATOL = 5e-3


def example(n=40, seed=11):
    """X (n, 6), y (n,): columns of unequal spread and mean, two of them correlated, three without any effect."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 6))
    X[:, 1] = 0.6 * X[:, 0] + 0.8 * X[:, 1]
    X = X * np.array([1.0, 0.7, 1.6, 1.2, 0.8, 1.4]) + np.array([0.5, -1.0, 1.0, 0.0, 2.0, -0.5])
    y = X @ np.array([1.5, 0.0, -1.0, 0.0, 2.0, 0.0]) + 3.0 + 0.3 * rng.standard_normal(n)
    return X, y


def wide_example():
    """X (12, 18), y (12,): more columns than rows."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((12, 18)) * np.linspace(0.8, 1.5, 18) + np.linspace(-1.0, 1.0, 18)
    y = 2.0 * X[:, 2] - 1.5 * X[:, 11] - 1.0 + 0.2 * rng.standard_normal(12)
    return X, y


def largest_useful_alpha(X, y):
    """The penalty from which on every coefficient is zero: the largest slope of the squared error at zero."""
    return np.abs((X - X.mean(axis=0)).T @ (y - y.mean())).max() / len(y)


def right(X, y, alpha):
    """(coef, intercept), shown to be the minimum: the slope of the squared error is alpha against the sign of each
    coefficient, and smaller where it is zero."""
    model = Lasso(alpha=alpha, tol=1e-13, max_iter=100_000).fit(X, y)
    coef = model.coef_
    slopes = (X - X.mean(axis=0)).T @ (y - model.predict(X)) / len(y)
    active = coef != 0
    clear = np.abs(coef[active]).min(initial=1.0) > 0.02 and np.abs(slopes[~active]).max(initial=0.0) < 0.97 * alpha
    if not (np.allclose(slopes[active], alpha * np.sign(coef[active]), atol=1e-6) and clear):
        raise SuiteFault("the oracle has not found the minimum, or it is not clear which coefficients are zero")
    return coef, float(model.intercept_)


def fit(student, *args, **kwargs):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.lasso_fit.may_mutate(*args, **kwargs)


@pytest.mark.exercise("lasso_fit", weight=2)
@pytest.mark.parametrize("alpha", [0.08, 0.4])
def test_coefficients(student, on_its_own, alpha):
    """The coefficients minimize the squared error over 2n plus alpha times the sum of their absolute values, also where
    the columns of X are correlated and have unequal spreads and means."""
    X, y = example()

    def check():
        coef, _ = fit(student, X, y, alpha)
        assert_matches(coef, right(X, y, alpha)[0], what="coef", rtol=0, atol=ATOL)

    on_its_own(student, check)


@pytest.mark.exercise("lasso_fit", weight=0.5)
def test_all_coefficients_negative(student, on_its_own):
    """It goes on until no coefficient changes any more, also where all of them are negative."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((30, 2))
    X[:, 1] = 0.9 * X[:, 0] + 0.4 * X[:, 1]
    y = -2.0 * X[:, 0] - 1.5 * X[:, 1] + 0.1 * rng.standard_normal(30)

    def check():
        coef, _ = fit(student, X, y, 0.05)
        assert_matches(coef, right(X, y, 0.05)[0], what="coef", rtol=0, atol=ATOL)

    on_its_own(student, check)


def test_intercept(student, on_its_own):
    """The intercept is not penalized and fits the coefficients: with it the residuals have mean zero."""
    X, y = example(n=30, seed=12)

    def check():
        _, intercept = fit(student, X, y + 10.0, 0.25)
        assert_matches(intercept, right(X, y + 10.0, 0.25)[1], what="intercept", rtol=0, atol=INTERCEPT_ATOL)

    on_its_own(student, check)


@pytest.mark.exercise("lasso_fit", weight=1.5)
def test_exact_zeros(student, on_its_own):
    """Coefficients that the penalty removes are exactly zero, not just small, and only those."""
    X, y = example()

    def check():
        coef, _ = fit(student, X, y, 0.4)
        expected = right(X, y, 0.4)[0]
        coef = as_array(coef, what="coef", shape=expected.shape, finite=True)
        assert_all(coef[expected == 0] == 0, "should be exactly zero", what="each coefficient that is removed")
        assert_all(coef[expected != 0] != 0, "should not be zero", what="each coefficient that is kept")

    on_its_own(student, check)


def test_largest_penalty(student, on_its_own):
    """From a certain alpha on every coefficient is exactly zero and the intercept is the mean of y; a little below it
    one coefficient is not."""
    X, y = example()
    alpha = largest_useful_alpha(X, y)

    def check():
        coef, intercept = fit(student, X, y, 1.05 * alpha)
        coef = as_array(coef, what="coef", shape=(X.shape[1],), finite=True)
        assert_all(coef == 0, "should be exactly zero", what="each coefficient under a large alpha")
        assert_matches(intercept, y.mean(), what="intercept under a large alpha", rtol=0, atol=INTERCEPT_ATOL)
        coef, _ = fit(student, X, y, 0.9 * alpha)
        assert_matches(coef, right(X, y, 0.9 * alpha)[0], what="coef", rtol=0, atol=ATOL)

    on_its_own(student, check)


def test_more_features_than_samples(student, on_its_own):
    """X may have more columns than rows."""
    X, y = wide_example()

    def check():
        coef, _ = fit(student, X, y, 0.3)
        assert_matches(coef, right(X, y, 0.3)[0], what="coef", rtol=0, atol=ATOL)

    on_its_own(student, check)


def test_max_iter_and_tol(student, on_its_own):
    """max_iter and tol are used: where two columns are nearly equal, more sweeps and a smaller tolerance than the
    defaults lead to the minimum."""
    # A sweep reduces the error by the factor 0.996 here: 1000 sweeps leave 1e-2 of it, 10,000 nothing.
    X = np.array([[1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0]]).T
    X = X @ np.array([[1.0, 0.998], [0.0, np.sqrt(1 - 0.998**2)]]) + [0.5, -1.0]
    y = X @ [1.5, -1.0] + 2.0

    def check():
        coef, _ = fit(student, X, y, 0.0002, max_iter=10_000, tol=1e-14)
        assert_matches(coef, right(X, y, 0.0002)[0], what="coef", rtol=0, atol=ATOL)

    on_its_own(student, check)


@pytest.mark.exercise("lasso_fit", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, on_its_own):
    """Neither X nor y is changed in place: centering is done on copies, and so are the residuals."""
    X, y = example()

    def check():
        coef, intercept = student.lasso_fit(X, y, 0.4)
        as_array(coef, what="coef", shape=(X.shape[1],), finite=True)
        as_number(intercept, what="intercept")

    on_its_own(student, check)
