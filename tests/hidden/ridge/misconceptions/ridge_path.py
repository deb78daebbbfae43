"""Wrong solutions of ``ridge_path``, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "ridge_path",
    "You fit anew for each penalty. What is expensive does not depend on alpha: do it once, before the loop.",
)
def one_fit_for_each_penalty():
    def ridge_path(X, y, alphas):
        fits = [ridge_fit(X, y, alpha) for alpha in alphas]
        return np.array([coef for coef, _ in fits]), np.array([intercept for _, intercept in fits])


@misconception(
    "ridge_path",
    "Your factors are s^2 / (s^2 + alpha), which is how much least squares is shrunk. The least squares itself, a "
    "division by s, is missing.",
)
def shrinkage_without_the_inverse():
    def ridge_path(X, y, alphas):
        x_mean, y_mean = X.mean(axis=0), y.mean()
        U, s, Vt = np.linalg.svd(X - x_mean, full_matrices=False)
        coefs = (s**2 / (s**2 + alphas[:, None]) * (U.T @ (y - y_mean))) @ Vt
        return coefs, y_mean - coefs @ x_mean


@misconception(
    "ridge_path",
    "You add alpha to the singular values themselves. The penalty adds to the eigenvalues of X^T X, which are their "
    "squares.",
)
def alpha_added_to_the_singular_values():
    def ridge_path(X, y, alphas):
        x_mean, y_mean = X.mean(axis=0), y.mean()
        U, s, Vt = np.linalg.svd(X - x_mean, full_matrices=False)
        coefs = ((U.T @ (y - y_mean)) / (s + alphas[:, None])) @ Vt
        return coefs, y_mean - coefs @ x_mean


@misconception(
    "ridge_path",
    "You decompose X as it came: without centering there is no intercept, and the fits go through the origin.",
)
def not_centered():
    def ridge_path(X, y, alphas):
        U, s, Vt = np.linalg.svd(X, full_matrices=False)
        coefs = (s / (s**2 + alphas[:, None]) * (U.T @ y)) @ Vt
        return coefs, np.zeros(len(alphas))


@misconception(
    "ridge_path",
    "You sort the penalties. Row i of the results belongs to the i-th penalty in the order given.",
)
def penalties_sorted():
    def ridge_path(X, y, alphas):
        alphas = np.sort(alphas)
        x_mean, y_mean = X.mean(axis=0), y.mean()
        U, s, Vt = np.linalg.svd(X - x_mean, full_matrices=False)
        coefs = (s / (s**2 + alphas[:, None]) * (U.T @ (y - y_mean))) @ Vt
        return coefs, y_mean - coefs @ x_mean


@misconception(
    "ridge_path",
    "Your coefs are transposed: penalties are rows, features are columns.",
)
def features_in_rows():
    def ridge_path(X, y, alphas):
        x_mean, y_mean = X.mean(axis=0), y.mean()
        U, s, Vt = np.linalg.svd(X - x_mean, full_matrices=False)
        coefs = (s / (s**2 + alphas[:, None]) * (U.T @ (y - y_mean))) @ Vt
        return coefs.T, y_mean - coefs @ x_mean


@misconception(
    "ridge_path",
    "All your intercepts are the mean of y. They depend on the coefficients, because the columns of X have means too.",
)
def intercepts_of_the_centered_data():
    def ridge_path(X, y, alphas):
        U, s, Vt = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
        coefs = (s / (s**2 + alphas[:, None]) * (U.T @ (y - y.mean()))) @ Vt
        return coefs, np.full(len(alphas), y.mean())


@misconception(
    "ridge_path",
    "NumPy's svd returns V transposed. You use it as if it were V: the last product turns the result the wrong way.",
)
def v_taken_for_its_transpose():
    def ridge_path(X, y, alphas):
        x_mean, y_mean = X.mean(axis=0), y.mean()
        U, s, V = np.linalg.svd(X - x_mean, full_matrices=False)
        coefs = np.array([V @ (s / (s**2 + alpha) * (U.T @ (y - y_mean))) for alpha in alphas])
        return coefs, y_mean - coefs @ x_mean


@misconception(
    "ridge_path",
    "Your penalties are n times too strong: they belong to the sum of the squared errors, not to their mean.",
)
def penalties_for_the_mean_error():
    def ridge_path(X, y, alphas):
        x_mean, y_mean = X.mean(axis=0), y.mean()
        U, s, Vt = np.linalg.svd(X - x_mean, full_matrices=False)
        coefs = (s / (s**2 + len(y) * alphas[:, None]) * (U.T @ (y - y_mean))) @ Vt
        return coefs, y_mean - coefs @ x_mean


@misconception(
    "ridge_path",
    "You square alpha together with the singular values. Only those are squared.",
)
def alpha_squared():
    def ridge_path(X, y, alphas):
        x_mean, y_mean = X.mean(axis=0), y.mean()
        U, s, Vt = np.linalg.svd(X - x_mean, full_matrices=False)
        coefs = (s / (s**2 + alphas[:, None] ** 2) * (U.T @ (y - y_mean))) @ Vt
        return coefs, y_mean - coefs @ x_mean


@misconception(
    "ridge_path",
    "You center X in place, so the caller's data change. Write X = X - mean, which makes a new array.",
)
def centered_in_place():
    def ridge_path(X, y, alphas):
        x_mean, y_mean = X.mean(axis=0), y.mean()
        X -= x_mean
        U, s, Vt = np.linalg.svd(X, full_matrices=False)
        coefs = (s / (s**2 + alphas[:, None]) * (U.T @ (y - y_mean))) @ Vt
        return coefs, y_mean - coefs @ x_mean


@misconception(
    "ridge_path",
    "Each of your solutions starts from the coefficients of the one before, so the shrinkage adds up. Every penalty "
    "is applied to the same data.",
)
def shrunk_again_and_again():
    def ridge_path(X, y, alphas):
        x_mean, y_mean = X.mean(axis=0), y.mean()
        U, s, Vt = np.linalg.svd(X - x_mean, full_matrices=False)
        component, coefs = (U.T @ (y - y_mean)) / np.maximum(s, 1e-12), []
        for alpha in alphas:
            component = component * s**2 / (s**2 + alpha)
            coefs.append(component @ Vt)
        return np.array(coefs), y_mean - np.array(coefs) @ x_mean
