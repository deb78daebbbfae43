"""Wrong solutions, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception("standardize", "Your mean and standard deviation are taken over all of X. Each column has its own.")
def without_an_axis():
    def standardize(X):
        if X.ndim != 2:
            raise ValueError("X must have two axes")
        mean, std = X.mean(), X.std()
        return (X - mean) / std, (mean, std)

    def unstandardize(Z, scaler):
        return Z * scaler[1] + scaler[0]


@misconception(
    "standardize",
    "Your standard deviation is divided by n - 1, as pandas does by default. Here it is divided by n.",
)
def divides_by_n_minus_1():
    def standardize(X):
        if X.ndim != 2:
            raise ValueError("X must have two axes")
        mean, std = X.mean(axis=0), X.std(axis=0, ddof=1)
        std[np.ptp(X, axis=0) == 0] = 1.0
        return (X - mean) / std, (mean, std)

    def unstandardize(Z, scaler):
        return Z * scaler[1] + scaler[0]


@misconception("standardize", "A column of equal values has the standard deviation 0, and you divide by it.")
def divides_by_zero():
    def standardize(X):
        if X.ndim != 2:
            raise ValueError("X must have two axes")
        mean, std = X.mean(axis=0), X.std(axis=0)
        with np.errstate(invalid="ignore"):
            return (X - mean) / std, (mean, std)

    def unstandardize(Z, scaler):
        return Z * scaler[1] + scaler[0]


@misconception(
    "standardize",
    "You look for a standard deviation of exactly 0. Rounding may leave a column of equal values a tiny one, and what "
    "you divide by it is rounding too.",
)
def looks_for_a_deviation_of_zero():
    def standardize(X):
        if X.ndim != 2:
            raise ValueError("X must have two axes")
        mean, std = X.mean(axis=0), X.std(axis=0)
        std[std == 0] = 1.0
        return (X - mean) / std, (mean, std)

    def unstandardize(Z, scaler):
        return Z * scaler[1] + scaler[0]


@misconception(
    "standardize",
    "You keep mean and standard deviation outside the functions: the next call of standardize overwrites them. They "
    "belong into the scaler.",
)
def one_scaler_for_all_calls():
    def standardize(X):
        global mean, std
        if X.ndim != 2:
            raise ValueError("X must have two axes")
        mean, std = X.mean(axis=0), X.std(axis=0)
        std[np.ptp(X, axis=0) == 0] = 1.0
        return (X - mean) / std, None

    def unstandardize(Z, scaler):
        return Z * std + mean


@misconception("standardize", "You subtract the mean from X in place: whoever called you has lost the data.")
def changes_the_argument():
    def standardize(X):
        if X.ndim != 2:
            raise ValueError("X must have two axes")
        constant = np.ptp(X, axis=0) == 0
        mean, std = X.mean(axis=0), X.std(axis=0)
        std[constant] = 1.0
        X -= mean
        X /= std
        return X, (mean, std)

    def unstandardize(Z, scaler):
        return Z * scaler[1] + scaler[0]
