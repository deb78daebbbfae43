"""Right solutions in other styles: none of them may lose a point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("standardize")
def column_by_column():
    def standardize(X):
        if len(X.shape) != 2:
            raise ValueError("X must have two axes")
        Z, scaler = np.zeros(X.shape), []
        for j in range(X.shape[1]):
            column = X[:, j]
            mean = sum(column) / len(column)
            std = (sum((column - mean) ** 2) / len(column)) ** 0.5
            if max(column) == min(column):
                mean, std = column[0], 0.0
            else:
                Z[:, j] = (column - mean) / std
            scaler.append((mean, std))
        return Z, scaler

    def unstandardize(Z, scaler):
        return np.stack([z * std + mean for z, (mean, std) in zip(Z.T, scaler)], axis=1)


@equivalent("standardize")
def one_pass_variance():
    def standardize(X):
        n, d = X.shape
        mean = X.sum(axis=0) / n
        variance = (X * X).sum(axis=0) / n - mean * mean
        variance[(X == X[0]).all(axis=0)] = 1.0
        return (X - mean) / np.sqrt(variance), {"mean": mean, "variance": variance}

    def unstandardize(Z, scaler):
        return scaler["mean"] + Z * scaler["variance"] ** 0.5


@equivalent("standardize")
def tiny_deviations_count_as_zero():
    def standardize(X):
        if np.ndim(X) != 2:
            raise ValueError(np.shape(X))
        centered = X - np.average(X, axis=0)
        scale = np.linalg.norm(centered, axis=0) / len(X) ** 0.5
        scale = np.where(scale < 1e-12 * np.abs(X).max(axis=0), 1.0, scale)
        return centered / scale, lambda Z: Z * scale + np.average(X, axis=0)

    def unstandardize(Z, scaler):
        return scaler(Z)


@equivalent("standardize")
def matrix_products():
    class Scaler:
        def __init__(self, shift, scale):
            self.shift, self.scale = shift, scale

    def standardize(X):
        if X.ndim != 2:
            raise ValueError("expected a matrix")
        n = X.shape[0]
        centered = (np.eye(n) - np.ones((n, n)) / n) @ X
        scale = np.sqrt(np.einsum("ij,ij->j", centered, centered) / n)
        scale[X.max(axis=0) == X.min(axis=0)] = 1.0
        return centered @ np.diag(1 / scale), Scaler(X.mean(axis=0), scale)

    def unstandardize(Z, scaler):
        return Z @ np.diag(scaler.scale) + scaler.shift
