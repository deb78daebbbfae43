"""Wrong solutions of ``polynomial_features``, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "polynomial_features",
    "Your matrix has a column of ones. The models of this notebook have an intercept, which does its work: leave it "
    "out.",
)
def a_column_of_ones():
    def polynomial_features(x, degree):
        return np.vander(x, degree + 1, increasing=True)


@misconception(
    "polynomial_features",
    "Your powers start at 0 and end one too early. Column j, counted from 0, is x to the power j + 1.",
)
def powers_from_zero():
    def polynomial_features(x, degree):
        return x[:, None] ** np.arange(degree)


@misconception(
    "polynomial_features",
    "Your columns run from the highest power to the lowest. The first column is x itself.",
)
def falling_powers():
    def polynomial_features(x, degree):
        return np.vander(x, degree + 1)[:, :-1]


@misconception(
    "polynomial_features",
    "Your columns are multiples of x, not powers: they all carry the same information.",
)
def multiples_for_powers():
    def polynomial_features(x, degree):
        return np.stack([x * j for j in range(1, degree + 1)], axis=1)


@misconception(
    "polynomial_features",
    "Your powers lie in rows. A sample is a row here, and a feature is a column.",
)
def powers_in_rows():
    def polynomial_features(x, degree):
        return np.array([x**j for j in range(1, degree + 1)])


@misconception(
    "polynomial_features",
    "The highest power is missing: the end of a range is not part of it.",
)
def one_power_short():
    def polynomial_features(x, degree):
        if degree == 1:
            return x[:, None]
        return np.stack([x**j for j in range(1, degree)], axis=1)


@misconception(
    "polynomial_features",
    "Your matrix is made for integers, so everything behind the decimal point is cut off when it is filled.",
)
def filled_as_integers():
    def polynomial_features(x, degree):
        features = np.zeros((len(x), degree), dtype=int)
        for j in range(degree):
            features[:, j] = x ** (j + 1)
        return features


@misconception(
    "polynomial_features",
    "You standardize the columns. That may be a good idea later, but these are not the powers that are asked for.",
)
def standardized_columns():
    def polynomial_features(x, degree):
        features = x[:, None] ** np.arange(1, degree + 1)
        return (features - features.mean(axis=0)) / features.std(axis=0)


@misconception(
    "polynomial_features",
    "You multiply x in place. So x itself grows, your later powers grow too fast, and the caller's data are gone.",
)
def multiplied_in_place():
    def polynomial_features(x, degree):
        power = x
        columns = [power.copy()]
        for _ in range(degree - 1):
            power *= x
            columns.append(power.copy())
        return np.column_stack(columns)


@misconception(
    "polynomial_features",
    "Every column of yours is the highest power: the exponent does not change from column to column.",
)
def the_highest_power_everywhere():
    def polynomial_features(x, degree):
        return np.column_stack([x**degree for _ in range(degree)])
