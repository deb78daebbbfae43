"""Hidden checks of ``elastic_net_fit``, against scikit-learn's ``ElasticNet``, ``Lasso`` and ``Ridge``."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, Lasso, Ridge

from autograder.compare import as_array, as_number, assert_all, assert_matches
from autograder.errors import SuiteFault

pytestmark = pytest.mark.exercise("elastic_net_fit")

# As for the lasso: right solutions stop by different rules, up to 1e-4 apart. The nearest known mistake, a squared
# penalty without its factor 1/2, changes a coefficient of size 1 by 5e-2.
ATOL = 1e-3
INTERCEPT_ATOL = 5e-3  # it adds up the errors of d coefficients, times means of size 1


def example(n=36, seed=21):
    """X (n, 5), y (n,): columns of unequal spread and mean, two of them correlated, two without any effect."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 5))
    X[:, 1] = 0.6 * X[:, 0] + 0.8 * X[:, 1]
    X = X * np.array([1.0, 0.7, 1.6, 1.2, 0.8]) + np.array([0.5, -1.0, 1.0, 0.0, 2.0])
    y = X @ np.array([1.5, 1.0, -1.0, 0.0, 0.0]) + 3.0 + 0.3 * rng.standard_normal(n)
    return X, y


def wide_example():
    """X (10, 15), y (10,): more columns than rows."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((10, 15)) * np.linspace(0.8, 1.5, 15) + np.linspace(-1.0, 1.0, 15)
    y = 2.0 * X[:, 2] - 1.5 * X[:, 9] - 1.0 + 0.2 * rng.standard_normal(10)
    return X, y


def oracle(X, y, alpha, l1_ratio):
    if l1_ratio == 0:
        return Ridge(alpha=alpha * len(y), solver="svd").fit(X, y)
    if l1_ratio == 1:
        return Lasso(alpha=alpha, tol=1e-13, max_iter=100_000).fit(X, y)
    return ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-13, max_iter=100_000).fit(X, y)


def right(X, y, alpha, l1_ratio):
    """(coef, intercept), shown to be the minimum by the slopes of the smooth part of the objective there."""
    model = oracle(X, y, alpha, l1_ratio)
    coef = model.coef_
    slopes = (X - X.mean(axis=0)).T @ (y - model.predict(X)) / len(y) - alpha * (1 - l1_ratio) * coef
    threshold, active = alpha * l1_ratio, coef != 0
    clear = np.abs(coef[active]).min(initial=1.0) > 0.01 and np.all(np.abs(slopes[~active]) < 0.97 * threshold)
    if not (np.allclose(slopes[active], threshold * np.sign(coef[active]), atol=1e-6) and clear):
        raise SuiteFault("the oracle has not found the minimum, or it is not clear which coefficients are zero")
    return coef, float(model.intercept_)


def fit(student, *args, **kwargs):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.elastic_net_fit.may_mutate(*args, **kwargs)


@pytest.mark.exercise("elastic_net_fit", weight=2)
@pytest.mark.parametrize(("alpha", "l1_ratio"), [(0.3, 0.5), (0.8, 0.2), (0.4, 0.85)])
def test_coefficients(student, on_its_own, alpha, l1_ratio):
    """The coefficients minimize the squared error over 2n plus both penalties, each with its share of alpha and the
    squared one with its factor 1/2."""
    X, y = example()

    def check():
        coef, _ = fit(student, X, y, alpha, l1_ratio)
        assert_matches(coef, right(X, y, alpha, l1_ratio)[0], what="coef", rtol=0, atol=ATOL)

    on_its_own(student, check)


@pytest.mark.exercise("elastic_net_fit", weight=0.5)
def test_all_coefficients_negative(student, on_its_own):
    """It goes on until no coefficient changes any more, also where all of them are negative."""
    rng = np.random.default_rng(6)
    X = rng.standard_normal((30, 2))
    X[:, 1] = 0.9 * X[:, 0] + 0.4 * X[:, 1]
    y = -2.0 * X[:, 0] - 1.5 * X[:, 1] + 0.1 * rng.standard_normal(30)

    def check():
        coef, _ = fit(student, X, y, 0.05, 0.5)
        assert_matches(coef, right(X, y, 0.05, 0.5)[0], what="coef", rtol=0, atol=ATOL)

    on_its_own(student, check)


def test_intercept(student, on_its_own):
    """The intercept is not penalized and fits the coefficients: with it the residuals have mean zero."""
    X, y = example(seed=22)

    def check():
        _, intercept = fit(student, X, y + 10.0, 0.4, 0.5)
        assert_matches(intercept, right(X, y + 10.0, 0.4, 0.5)[1], what="intercept", rtol=0, atol=INTERCEPT_ATOL)

    on_its_own(student, check)


def test_lasso_at_ratio_one(student, on_its_own):
    """For l1_ratio = 1 it is the lasso."""
    X, y = example()

    def check():
        coef, _ = fit(student, X, y, 0.3, 1.0)
        assert_matches(coef, right(X, y, 0.3, 1.0)[0], what="coef", rtol=0, atol=ATOL)

    on_its_own(student, check)


def test_ridge_at_ratio_zero(student, on_its_own):
    """For l1_ratio = 0 it is ridge regression in the scaling of this objective."""
    X, y = example()

    def check():
        coef, intercept = fit(student, X, y, 0.5, 0.0)
        right_coef, right_intercept = right(X, y, 0.5, 0.0)
        assert_matches(coef, right_coef, what="coef", rtol=0, atol=ATOL)
        assert_matches(intercept, right_intercept, what="intercept", rtol=0, atol=INTERCEPT_ATOL)

    on_its_own(student, check)


def test_exact_zeros(student, on_its_own):
    """Coefficients that the penalty removes are exactly zero, not just small, and only those."""
    X, y = example()

    def check():
        coef, _ = fit(student, X, y, 0.4, 0.85)
        expected = right(X, y, 0.4, 0.85)[0]
        coef = as_array(coef, what="coef", shape=expected.shape, finite=True)
        assert_all(coef[expected == 0] == 0, "should be exactly zero", what="each coefficient that is removed")
        assert_all(coef[expected != 0] != 0, "should not be zero", what="each coefficient that is kept")

    on_its_own(student, check)


def test_more_features_than_samples(student, on_its_own):
    """X may have more columns than rows."""
    X, y = wide_example()

    def check():
        coef, _ = fit(student, X, y, 0.4, 0.6)
        assert_matches(coef, right(X, y, 0.4, 0.6)[0], what="coef", rtol=0, atol=ATOL)

    on_its_own(student, check)


@pytest.mark.exercise("elastic_net_fit", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, on_its_own):
    """Neither X nor y is changed in place: centering is done on copies, and so are the residuals."""
    X, y = example()

    def check():
        coef, intercept = student.elastic_net_fit(X, y, 0.4, 0.5)
        as_array(coef, what="coef", shape=(X.shape[1],), finite=True)
        as_number(intercept, what="intercept")

    on_its_own(student, check)
