"""Right solutions of ``ridge_path`` in other styles: each must earn every point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("ridge_path")
def singular_values_in_a_loop():
    def ridge_path(X, y, alphas):
        mu, ybar = X.mean(0), y.mean()
        U, s, Vh = np.linalg.svd(X - mu, full_matrices=False)
        uty = U.T @ (y - ybar)
        coefs = np.zeros((len(alphas), X.shape[1]))
        intercepts = np.zeros(len(alphas))
        for i, a in enumerate(alphas):
            coefs[i] = Vh.T @ (s * uty / (s**2 + a))
            intercepts[i] = ybar - mu @ coefs[i]
        return coefs, intercepts


@equivalent("ridge_path")
def whole_matrices_for_each_penalty():
    def ridge_path(X, y, alphas):
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        U, s, Vt = np.linalg.svd(Xc, full_matrices=False)
        coefs = [Vt.T @ np.diag(s / (s * s + alpha)) @ U.T @ yc for alpha in alphas]
        return coefs, [y.mean() - X.mean(axis=0) @ coef for coef in coefs]


@equivalent("ridge_path")
def full_decomposition():
    def ridge_path(X, y, alphas):
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        U, s, Vt = np.linalg.svd(Xc)
        r = len(s)
        U, Vt = U[:, :r], Vt[:r]
        coefs = np.stack([Vt.T @ ((s / (s**2 + a)) * (U.T @ yc)) for a in alphas])
        return coefs, y.mean() - coefs @ X.mean(axis=0)


@equivalent("ridge_path")
def eigenvectors():
    def ridge_path(X, y, alphas):
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        values, V = np.linalg.eigh(Xc.T @ Xc)
        z = V.T @ Xc.T @ yc
        coefs = (V @ (z[:, None] / (values[:, None] + np.asarray(alphas)[None, :]))).T
        return coefs, y.mean() - coefs @ X.mean(axis=0)


@equivalent("ridge_path")
def eigenvectors_and_whole_matrices():
    def ridge_path(X, y, alphas):
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        values, V = np.linalg.eigh(Xc.T @ Xc)
        coefs = np.array([V @ np.diag(1 / (values + alpha)) @ V.T @ (Xc.T @ yc) for alpha in alphas])
        return coefs, (y.mean() - coefs @ X.mean(axis=0)).reshape(-1, 1)


@equivalent("ridge_path")
def eigenvectors_of_the_samples():
    def ridge_path(X, y, alphas):
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        values, U = np.linalg.eigh(Xc @ Xc.T)
        uty = U.T @ yc
        dual = U @ (uty[:, None] / (values[:, None] + np.array(alphas)))
        coefs = (Xc.T @ dual).T
        return coefs, y.mean() - coefs.dot(X.mean(axis=0))


@equivalent("ridge_path")
def einstein_sums():
    def ridge_path(X, y, alphas):
        m = X.mean(axis=0, keepdims=True)
        U, s, Vt = np.linalg.svd(X - m, full_matrices=False)
        factor = s[None, :] / np.add.outer(np.asarray(alphas), s**2)
        coefs = np.einsum("kr,nr,n,rd->kd", factor, U, y - y.mean(), Vt, optimize=True)
        return coefs, y.mean() - (coefs * m).sum(axis=1)


@equivalent("ridge_path")
def triangular_factor_first():
    def ridge_path(X, y, alphas):
        x_mean, y_mean = np.mean(X, axis=0), np.mean(y)
        Q, R = np.linalg.qr(X - x_mean)
        U, s, Vt = np.linalg.svd(R, full_matrices=False)
        z = U.T @ (Q.T @ (y - y_mean))
        coefs, intercepts = [], []
        for alpha in alphas:
            w = (z * s / (s**2 + alpha)) @ Vt
            coefs.append(w)
            intercepts.append(y_mean - w @ x_mean)
        return np.vstack(coefs), np.array(intercepts)


@equivalent("ridge_path")
def shrunk_least_squares():
    def ridge_path(X, y, alphas):
        x_mean, y_mean = X.mean(axis=0), y.mean()
        U, s, Vt = np.linalg.svd(X - x_mean, full_matrices=False)
        keep = s > 1e-10 * s.max()
        s, U, Vt = s[keep], U[:, keep], Vt[keep]
        least_squares = (U.T @ (y - y_mean)) / s
        shrinkage = s**2 / (s**2 + np.reshape(alphas, (-1, 1)))
        coefs = np.matmul(shrinkage * least_squares, Vt)
        return (coefs, y_mean - np.matmul(coefs, x_mean))
