"""Reference solutions of the assignment ``house_prices``: from a table with gaps to predictions that are scored fairly.

The path is the same for every table of this kind:

    preprocess       train, test (tables) -> X_train, X_test (numbers), with what the training rows say alone
    log_rmse         the score: relative errors count, not dollars
    k_fold_score     the score of a model on rows that it has not seen
    train_predict    a model chosen by that score, fitted to all training rows

The rule behind all four: whatever is *learned* (a mean, a scale, a list of categories, a penalty) is learned from rows
whose prices may be known, and only *applied* to the others.

Sources: De Cock, "Ames, Iowa: Alternative to the Boston Housing Data" (2011); Hastie, Tibshirani & Friedman, "The
Elements of Statistical Learning" (2nd ed., 2009), sections 3.4.1 (ridge) and 7.10 (cross-validation, done right and
wrong).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.preprocessing import OneHotEncoder


def preprocess(train: pd.DataFrame, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return (X_train (n, d), X_test (m, d)): both tables as numbers, by the statistics of the training rows alone.

    Numeric column x, with the mean mu and the standard deviation s of its present training values:

        z = (x - mu) / s,        0 where x is missing (the mean of z), 0 everywhere if x is constant in training.

    Dividing by infinity is a way to say the last: it leaves zeros in the test rows as well. Whether x is constant is
    decided by counting values. The computed s of a constant column need not be exactly 0: the mean of n times 0.1 may
    differ from 0.1 in the last bit.

    Categorical column: an indicator for each category of the training rows. The encoder treats a missing value as one
    more category. A category that training does not have gets zeros: the model knows nothing of it.

    Id numbers the rows, and SalePrice is the answer: neither is a feature.
    """
    X, X_new = (table.drop(columns=["Id", "SalePrice"], errors="ignore") for table in (train, test))
    numeric = X.select_dtypes("number").columns
    text = X.columns.difference(numeric)
    mean = X[numeric].mean()
    scale = X[numeric].std(ddof=0).where(X[numeric].nunique() > 1, np.inf)
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(X[text])
    X_train, X_test = (
        np.hstack([((table[numeric] - mean) / scale).fillna(0.0).to_numpy(dtype=float), encoder.transform(table[text])])
        for table in (X, X_new)
    )
    return X_train, X_test


def log_rmse(prediction: np.ndarray, target: np.ndarray) -> float:
    """Root mean squared error of the logarithms of positive predictions and targets (n,).

        sqrt( 1/n sum_i (log p_i - log t_i)^2 )

    log p - log t = log(p / t) is about (p - t) / t for small errors: 0.1 means "typically 10 percent off", for a cheap
    house as for a dear one. It does not depend on the currency, since a factor common to p and t cancels.

    Raises ValueError if an entry of either is not positive: it has no logarithm, and a nan would spoil the mean.
    """
    prediction, target = np.asarray(prediction, dtype=float), np.asarray(target, dtype=float)
    if not ((prediction > 0).all() and (target > 0).all()):
        raise ValueError("log_rmse needs positive predictions and targets")
    return float(np.sqrt(np.mean((np.log(prediction) - np.log(target)) ** 2)))


def k_fold_score(
    fit: Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]], X: np.ndarray, y: np.ndarray, k: int
) -> tuple[float, np.ndarray]:
    """Return (mean, per_fold (k,)): the log-RMSE of each fold, predicted by a model fitted to the other folds.

    X (n, d) and y (n,), prices. The folds are contiguous, in the order of the rows, and the first n mod k of them are
    one row longer, as ``np.array_split`` cuts. ``fit(X, y)`` returns a function X -> predictions (prices).

    Each row is held out once, so each error is made by a model that has not seen its row. The mean over the folds
    therefore estimates the error on new rows, of a model fitted to n (k - 1) / k of them: a little pessimistic.
    """
    rows = np.arange(len(y))
    per_fold = []
    for held_out in np.array_split(rows, k):
        rest = np.setdiff1d(rows, held_out)
        predict = fit(X[rest], y[rest])
        per_fold.append(log_rmse(predict(X[held_out]), y[held_out]))
    return float(np.mean(per_fold)), np.array(per_fold)


def train_predict(train: pd.DataFrame, test: pd.DataFrame, seed: int) -> np.ndarray:
    """Return the predicted prices (m,) of the test rows: ridge regression of the logarithm of the price.

    *Why the logarithm.* What a garage or a good neighbourhood adds to a price is nearer to a percentage than to a sum,
    so the logarithm is nearly linear in the features. The squared error of the logarithm is also what log_rmse counts;
    and exp makes every prediction positive.

    *Why ridge.* There are some 80 columns for a few hundred rows, and the indicators of one category column add up to
    1, so that least squares has no unique answer. The penalty is chosen by k_fold_score on the training rows, shuffled
    by ``seed``: the order of a table may mean something, and contiguous folds would then differ from each other.
    """
    X, X_new = preprocess(train, test)
    y = train["SalePrice"].to_numpy(dtype=float)

    def ridge(alpha: float) -> Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]:
        def fit(X: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
            model = Ridge(alpha).fit(X, np.log(y))
            return lambda rows: np.exp(model.predict(rows))

        return fit

    order = np.random.default_rng(seed).permutation(len(y))
    alphas = np.geomspace(0.1, 1000, 9)
    means = [k_fold_score(ridge(alpha), X[order], y[order], 5)[0] for alpha in alphas]
    return ridge(alphas[np.argmin(means)])(X, y)(X_new)
