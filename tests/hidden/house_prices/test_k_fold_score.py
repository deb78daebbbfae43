"""Hidden checks of ``k_fold_score``, by the judge's own log of what ``fit`` and its predictions were called with.

``fit`` is a callback, and what it returns is another one. Each row of X has a number of its own in column 0, by which
the log tells the rows. The model predicts from the prices that it was fitted to, so that other training rows, other
folds or other prices give other errors.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from autograder.compare import as_array, assert_all, assert_matches

pytestmark = pytest.mark.exercise("k_fold_score")

# A tensor may have been made float32 on the way: 1e-6 relative. The nearest known mistake (a fold that is one row too
# long) changes an error by some percent.
RTOL = 1e-4


@dataclass
class Model:
    """The judge's model: a price level, learned in training, times a known effect of one feature."""

    d: int
    fits: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)  # X and y of each call of fit
    asked: list[tuple[int, np.ndarray]] = field(default_factory=list)  # number of the fit, X of each prediction

    def fit(self, X, y):
        """The function that the student's code is handed."""
        X = self._rows(X, "the X that fit was called with")
        y = as_array(y, what="the y that fit was called with", shape=(len(X),), finite=True)
        number = len(self.fits)
        self.fits.append((X, y))
        level = np.mean(np.log(np.maximum(y, 1e-3)))

        def predict(X):
            X = self._rows(X, "the X that a prediction was asked for")
            self.asked.append((number, X))
            return np.exp(level + 0.3 * X[:, 1])

        return predict

    def _rows(self, X, what):
        X = as_array(X, what=what, finite=True)
        assert_all(
            X.ndim == 2 and X.shape[1] == self.d, "should have the columns of X, and a row for each house", what=what
        )
        assert_all(len(X) > 0, "should have at least one row", what=what)
        return X


def problem(n, d=3):
    """X (n, d) whose column 0 numbers the rows, in no order, and prices y (n,) that drift from row to row."""
    X = np.random.randn(n, d)
    X[:, 0] = np.random.permutation(n) - n / 2
    y = 150_000 * np.exp(0.4 * np.random.randn(n) + 0.3 * X[:, 1] + np.linspace(-0.5, 0.5, n))
    return X, y


def folds(n, k):
    """The rows of each fold: contiguous, the first n mod k folds one row longer."""
    sizes = [n // k + (fold < n % k) for fold in range(k)]
    ends = np.cumsum(sizes)
    return [np.arange(end - size, end) for size, end in zip(sizes, ends, strict=True)]


def right(X, y, k):
    """The error of each fold."""
    errors = []
    for held_out in folds(len(y), k):
        rest = np.setdiff1d(np.arange(len(y)), held_out)
        prediction = np.mean(np.log(y[rest])) + 0.3 * X[held_out, 1]
        errors.append(np.sqrt(np.mean((prediction - np.log(y[held_out])) ** 2)))
    return np.array(errors)


def numbers_of(rows, X):
    """Which rows of X these are; None unless they are rows of X as they stand."""
    nearest = np.abs(rows[:, :1] - X[:, 0]).argmin(axis=1)
    return nearest if np.allclose(rows, X[nearest], rtol=RTOL, atol=RTOL) else None


def run(student, X, y, k):
    """The student's result, and the log."""
    model = Model(X.shape[1])
    result = student.k_fold_score.may_mutate(model.fit, X, y, k)
    return result, model


@pytest.mark.exercise("k_fold_score", weight=3)
@pytest.mark.parametrize(("n", "k"), [(20, 4), (23, 5)], ids=["equal folds", "unequal folds"])
def test_errors_of_the_folds(student, on_its_own, n, k):
    """per_fold holds the log-RMSE of each contiguous fold, predicted by a model fitted to the other rows."""
    X, y = problem(n)

    def check():
        (_, per_fold), _ = run(student, X, y, k)
        assert_matches(per_fold, right(X, y, k), what="per_fold", rtol=RTOL)

    on_its_own(student, "k_fold_score", check)


@pytest.mark.exercise("k_fold_score", weight=2)
@pytest.mark.parametrize(("n", "k"), [(17, 3), (12, 2)], ids=["three folds", "two folds"])
def test_mean(student, on_its_own, n, k):
    """mean is the mean of the folds' errors, each fold with the same weight."""
    X, y = problem(n)

    def check():
        (mean, _), _ = run(student, X, y, k)
        assert_matches(mean, float(right(X, y, k).mean()), what="mean", rtol=RTOL)

    on_its_own(student, "k_fold_score", check)


def test_single_rows(student, on_its_own):
    """With k = n each fold is a single row."""
    X, y = problem(6)

    def check():
        (_, per_fold), _ = run(student, X, y, 6)
        assert_matches(per_fold, right(X, y, 6), what="per_fold", rtol=RTOL)

    on_its_own(student, "k_fold_score", check)


@pytest.mark.exercise("k_fold_score", weight=2)
def test_held_out_rows_are_not_fitted(student, on_its_own):
    """Each row is predicted by a model whose fit has not seen it: rows of X as they are, with their own prices."""
    X, y = problem(14)

    def check():
        _, model = run(student, X, y, 4)
        seen_by = []
        for rows, prices in model.fits:
            seen = numbers_of(rows, X)
            what = "the X that fit was called with"
            assert_all(seen is not None, "should be rows of X, as they are", what=what)
            seen_by.append(set(seen.tolist()))
            fitting = np.allclose(prices, y[seen], rtol=RTOL)
            assert_all(fitting, "should be the prices of the rows in X", what="the y that fit was called with")
        held_out = set()
        for number, rows in model.asked:
            asked = numbers_of(rows, X)
            what = "the X that a prediction was asked for"
            assert_all(asked is not None, "should be rows of X, as they are", what=what)
            held_out |= set(asked.tolist()) - seen_by[number]
        everywhere = held_out == set(range(len(y)))
        assert_all(everywhere, "should be predicted by a model that was not fitted to it", what="each row")

    on_its_own(student, "k_fold_score", check)


@pytest.mark.exercise("k_fold_score", weight=2)
def test_each_row_is_held_out_once(student, on_its_own):
    """The model of a fold is fitted to all the other rows, and each row is held out in one fold."""
    X, y = problem(15)

    def check():
        _, model = run(student, X, y, 4)
        everything = set(range(len(y)))
        left_out = []
        for rows, _ in model.fits:
            seen = numbers_of(rows, X)
            assert_all(seen is not None, "should be rows of X, as they are", what="the X that fit was called with")
            once = len(set(seen.tolist())) == len(seen)
            assert_all(once, "should have each row once", what="the X that fit was called with")
            left_out += sorted(everything - set(seen.tolist()))
        assert_all(sorted(left_out) == sorted(everything), "should be left out of one fit", what="each row")

    on_its_own(student, "k_fold_score", check)


@pytest.mark.exercise("k_fold_score", weight=0.5)
def test_arguments_are_left_alone(student, on_its_own):
    """X and y themselves are not changed."""
    X, y = problem(10)

    def check():
        student.k_fold_score(Model(X.shape[1]).fit, X, y, 5)

    on_its_own(student, "k_fold_score", check)
