"""Right solutions of ``polynomial_features`` in other styles: each must earn every point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("polynomial_features")
def vandermonde():
    def polynomial_features(x, degree):
        return np.vander(x, degree + 1, increasing=True)[:, 1:]


@equivalent("polynomial_features")
def vandermonde_turned_around():
    def polynomial_features(x, degree):
        return np.vander(x, degree + 1)[:, -2::-1]


@equivalent("polynomial_features")
def stacked_columns():
    def polynomial_features(x, degree):
        return np.column_stack([x ** (j + 1) for j in range(degree)])


@equivalent("polynomial_features")
def rows_transposed():
    def polynomial_features(x, degree):
        return np.array([np.power(x, j) for j in range(1, degree + 1)]).T


@equivalent("polynomial_features")
def filled_in_a_loop():
    def polynomial_features(x, degree):
        n = len(x)
        features = np.empty((n, degree))
        for i in range(n):
            for j in range(degree):
                features[i, j] = x[i] ** (j + 1)
        return features


@equivalent("polynomial_features")
def running_products():
    def polynomial_features(x, degree):
        return np.cumprod(np.repeat(x.reshape(-1, 1), degree, axis=1), axis=1)


@equivalent("polynomial_features")
def each_column_from_the_one_before():
    def polynomial_features(x, degree):
        features = np.zeros((x.shape[0], degree))
        features[:, 0] = x
        for j in range(1, degree):
            features[:, j] = features[:, j - 1] * x
        return features


@equivalent("polynomial_features")
def outer_power():
    def polynomial_features(x, degree):
        return np.power.outer(x, range(1, degree + 1))


@equivalent("polynomial_features")
def nested_lists():
    def polynomial_features(x, degree):
        return [[float(value) ** power for power in range(1, degree + 1)] for value in x]


@equivalent("polynomial_features")
def numpy_polynomials():
    from numpy.polynomial import polynomial

    def polynomial_features(x, degree):
        return polynomial.polyvander(x, degree)[:, 1:]
