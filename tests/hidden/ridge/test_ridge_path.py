"""Hidden checks of ``ridge_path``, against scikit-learn's ``Ridge``."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from autograder.compare import as_array, assert_all, assert_matches

pytestmark = pytest.mark.exercise("ridge_path")

# As in ridge_fit: methods of decomposition agree to 4e-14, and how a penalty is solved for is not what is judged here.
# The nearest known mistake, a penalty that is off by the factor 2, changes a coefficient by 2e-2.
RTOL = 1e-4

# Unsorted on purpose: the order of the results is that of the penalties.
ALPHAS = np.array([2.0, 30.0, 0.1, 0.6])

# The cost of many penalties in one call, as a share of the cost of as many calls with one penalty each. A loop over
# whole fits has 1 by definition; on a machine with three times as many tasks as cores it was measured from 0.7 on. One
# decomposition has 0.01, or up to 0.3 where whole matrices are multiplied anew for each penalty; a product X^T X that
# is made once and solved with each penalty has up to 0.4.
LARGEST_SHARE = 0.5
CLEARLY_SHARED = 0.2  # below this one round is enough
PENALTIES = 200
SINGLE_CALLS = 20
ROUNDS = 3

# Not part of any solution: single fits in one request, so that what a request costs is not taken for the cost of a fit.
ONE_BY_ONE = """
def _one_by_one(X, y, single_alphas):
    for alphas in single_alphas:
        ridge_path(X, y, alphas)
"""


def example(n=14, d=5, seed=4):
    """X (n, d) with columns of unequal spread and mean, y (n,) with an intercept."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * np.linspace(0.6, 2.0, d) + np.linspace(-1.0, 2.0, d)
    y = X @ np.linspace(2.0, -1.5, d) + 3.0 + 0.5 * rng.standard_normal(n)
    return X, y


def right(X, y, alphas):
    """(coefs (k, d), intercepts (k,)): one model a penalty."""
    models = [Ridge(alpha=alpha, solver="svd").fit(X, y) for alpha in alphas]
    return np.array([model.coef_ for model in models]), np.array([model.intercept_ for model in models])


def path(student, X, y, alphas):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.ridge_path.may_mutate(X, y, alphas)


def assert_coefs(found, X, y, alphas):
    """Compare penalty by penalty: the coefficients of a small one would set the scale for those of a large one."""
    expected = right(X, y, alphas)[0]
    found = as_array(found, what="coefs", shape=expected.shape)
    assert_matches(list(found), list(expected), what="coefs", rtol=RTOL)


@pytest.mark.exercise("ridge_path", weight=3)
def test_coefficients(student, on_its_own):
    """Row i of coefs (k, d) is the ridge solution for the i-th penalty, in the order given, intercept not penalized."""
    X, y = example()

    def check():
        assert_coefs(path(student, X, y, ALPHAS)[0], X, y, ALPHAS)

    on_its_own(student, check)


@pytest.mark.exercise("ridge_path", weight=1.5)
def test_intercepts(student, on_its_own):
    """Entry i of intercepts (k,) fits row i of coefs: with it the residuals have mean zero."""
    X, y = example(seed=6)

    def check():
        _, intercepts = path(student, X, y, ALPHAS)
        assert_matches(intercepts, right(X, y, ALPHAS)[1], what="intercepts", rtol=RTOL)

    on_its_own(student, check)


def test_more_features_than_samples(student, on_its_own):
    """X may have more columns than rows."""
    X, y = example(n=5, d=8, seed=8)

    def check():
        assert_coefs(path(student, X, y, ALPHAS)[0], X, y, ALPHAS)

    on_its_own(student, check)


@pytest.mark.exercise("ridge_path", weight=0.5)
@pytest.mark.parametrize("alphas", [[0.7], [5.0, 5.0, 0.2, 1.0, 1.0, 0.2]], ids=["one", "repeated"])
def test_any_penalties(student, on_its_own, alphas):
    """One penalty is a path too, and penalties may repeat: the shapes are (k, d) and (k,) for any k."""
    X, y = example()
    alphas = np.array(alphas)

    def check():
        coefs, intercepts = path(student, X, y, alphas)
        assert_coefs(coefs, X, y, alphas)
        assert_matches(intercepts, right(X, y, alphas)[1], what="intercepts", rtol=RTOL)

    on_its_own(student, check)


@pytest.mark.exercise("ridge_path", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, on_its_own):
    """None of X, y and alphas is changed in place."""
    X, y = example()

    def check():
        coefs, intercepts = student.ridge_path(X, y, ALPHAS)
        as_array(coefs, what="coefs", shape=(len(ALPHAS), X.shape[1]), finite=True)
        as_array(intercepts, what="intercepts", shape=ALPHAS.shape, finite=True)

    on_its_own(student, check)


def seconds(call):
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


@pytest.mark.exercise("ridge_path", weight=2.5, supporting=True)
def test_one_decomposition(student):
    """All penalties come from one decomposition: 200 of them cost far less than 200 fits."""
    # Measured by the judge's own clock, against the student's own single fits. X lies on the student's side already:
    # a call carries next to nothing. Both sides of the ratio last similarly long and take turns, so that a busy machine
    # slows down both; the smaller of several measurements is the one that was disturbed least.
    rng = np.random.default_rng(0)
    n, d = 600, 100
    design = rng.standard_normal((n, d)) + 0.5
    targets = design @ rng.standard_normal(d) + rng.standard_normal(n)
    X, y = student.put(design), student.put(targets)
    alphas = np.geomspace(0.01, 1e4, PENALTIES)

    def together():
        coefs, _ = student.ridge_path.may_mutate(X, y, alphas)
        as_array(coefs, what="coefs", shape=(PENALTIES, d), finite=True)

    student.define(ONE_BY_ONE)
    one_each = alphas[:: PENALTIES // SINGLE_CALLS, None]
    student._one_by_one.may_mutate(X, y, one_each[:1])  # the first call of all wakes libraries up
    whole, single = np.inf, np.inf
    for _ in range(ROUNDS):
        single = min(single, seconds(lambda: student._one_by_one.may_mutate(X, y, one_each)) / SINGLE_CALLS)
        whole = min(whole, seconds(together))
        if whole < CLEARLY_SHARED * PENALTIES * single:
            break
    shared = whole < LARGEST_SHARE * PENALTIES * single
    assert_all(shared, "should be far below that of as many single fits", what="the cost of 200 penalties in one call")
