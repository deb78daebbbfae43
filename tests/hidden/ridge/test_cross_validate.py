"""Hidden checks of ``cross_validate``, against scikit-learn's ``KFold`` and ``Ridge``."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from autograder.compare import as_array, as_number, assert_all, assert_matches
from autograder.errors import SuiteFault

pytestmark = pytest.mark.exercise("cross_validate")

# A fit by gradient descent is right too and 1e-4 off at worst; an error near its minimum feels that much less. The
# nearest known mistake, the mean over samples in place of folds that differ in size, is off by 1e-2.
RTOL = 1e-4
CLEAR = 0.02  # the best penalty is better than the next one by this share: rounding cannot decide

# Unsorted, and the best one is neither first nor last: its position tells nothing.
ALPHAS = np.array([30.0, 0.03, 3.0, 300.0, 0.3])


def example(n=20, d=6, noise=1.5, seed=31):
    """X (n, d), y (n,) that drift from the first row to the last: other folds, shuffled say, have other errors."""
    rng = np.random.default_rng(seed)
    drift = np.linspace(-1.5, 1.5, n)
    X = rng.standard_normal((n, d)) * np.linspace(0.6, 1.5, d) + drift[:, None] * np.linspace(0.5, -0.5, d) + 1.0
    y = X @ np.linspace(1.0, -0.6, d) + 4.0 + drift + noise * rng.standard_normal(n)
    return X, y


def right(X, y, alphas, k):
    """mean_mse (len(alphas),)."""
    errors = np.zeros((k, len(alphas)))
    for fold, (training, held_out) in enumerate(KFold(k).split(X)):
        for i, alpha in enumerate(alphas):
            model = Ridge(alpha=alpha, solver="svd").fit(X[training], y[training])
            errors[fold, i] = np.mean((y[held_out] - model.predict(X[held_out])) ** 2)
    return errors.mean(axis=0)


def validate(student, X, y, alphas, k):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.cross_validate.may_mutate(X, y, alphas, k)


def assert_errors(found, X, y, alphas, k):
    assert_matches(found, right(X, y, alphas, k), what="mean_mse", rtol=RTOL)


@pytest.mark.exercise("cross_validate", weight=2.5)
@pytest.mark.parametrize("k", [4, 5])
def test_mean_errors(student, on_its_own, k):
    """Entry i of mean_mse is the mean over the k contiguous folds of the mean squared error on the held-out fold, of a
    ridge model with the i-th penalty and an intercept, fitted to the other folds alone."""
    X, y = example()

    def check():
        assert_errors(validate(student, X, y, ALPHAS, k)[1], X, y, ALPHAS, k)

    on_its_own(student, check)


@pytest.mark.exercise("cross_validate", weight=1.5)
@pytest.mark.parametrize(("n", "k"), [(17, 5), (14, 4)])
def test_folds_of_unequal_size(student, on_its_own, n, k):
    """Where k does not divide n, the first n mod k folds have one sample more, no sample is left out, and each fold
    counts the same."""
    X, y = example(n=n, d=4)

    def check():
        assert_errors(validate(student, X, y, ALPHAS, k)[1], X, y, ALPHAS, k)

    on_its_own(student, check)


def test_leave_one_out(student, on_its_own):
    """With k = n each sample is held out alone."""
    X, y = example(n=9, d=3)

    def check():
        assert_errors(validate(student, X, y, ALPHAS, 9)[1], X, y, ALPHAS, 9)

    on_its_own(student, check)


@pytest.mark.parametrize(("noise", "seed"), [(1.5, 31), (6.0, 32)], ids=["little noise", "much noise"])
def test_best_alpha(student, on_its_own, noise, seed):
    """best_alpha is that of the given penalties with the smallest mean error: the penalty itself."""
    X, y = example(noise=noise, seed=seed)
    errors = right(X, y, ALPHAS, 5)
    best, next_best = np.argsort(errors)[:2]
    if errors[next_best] < (1 + CLEAR) * errors[best]:
        raise SuiteFault("it is not clear which penalty is the best")

    def check():
        best_alpha, _ = validate(student, X, y, ALPHAS, 5)
        best_alpha = as_number(best_alpha, what="best_alpha")
        assert_all(bool(np.isin(best_alpha, ALPHAS)), "should be one of the given penalties", what="best_alpha")
        assert_all(best_alpha == ALPHAS[best], "should be the one with the smallest mean error", what="best_alpha")

    on_its_own(student, check)


@pytest.mark.exercise("cross_validate", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, on_its_own):
    """None of X, y and alphas is changed in place."""
    X, y = example()

    def check():
        best_alpha, errors = student.cross_validate(X, y, ALPHAS, 4)
        as_number(best_alpha, what="best_alpha")
        as_array(errors, what="mean_mse", shape=ALPHAS.shape, finite=True)

    on_its_own(student, check)
