"""Right solutions of ``lasso_fit`` in other styles: each must earn every point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("lasso_fit")
def prediction_computed_anew():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for _ in range(max_iter):
            w_old = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w + Xc[:, j] * w[j])
                norm = np.sum(Xc[:, j] ** 2)
                if rho < -alpha * n:
                    w[j] = (rho + alpha * n) / norm
                elif rho > alpha * n:
                    w[j] = (rho - alpha * n) / norm
                else:
                    w[j] = 0
            if np.linalg.norm(w - w_old) < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@equivalent("lasso_fit")
def stops_by_the_objective():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, last = np.zeros(d), np.inf
        for _ in range(max_iter):
            for j in range(d):
                others = np.delete(np.arange(d), j)
                partial = yc - Xc[:, others] @ w[others]
                rho = Xc[:, j].dot(partial) / n
                w[j] = np.sign(rho) * np.maximum(np.abs(rho) - alpha, 0) / (Xc[:, j].dot(Xc[:, j]) / n)
            objective = np.sum((yc - Xc @ w) ** 2) / (2 * n) + alpha * np.abs(w).sum()
            if last - objective < tol:
                break
            last = objective
        return w, y.mean() - X.mean(axis=0) @ w


@equivalent("lasso_fit")
def matrix_of_inner_products():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n = len(y)
        Xc = X - X.mean(axis=0)
        G, b = Xc.T @ Xc / n, Xc.T @ (y - y.mean()) / n
        w = [0.0] * X.shape[1]
        for _ in range(max_iter):
            change = 0.0
            for j in range(len(w)):
                rho = b[j] - sum(G[j, k] * w[k] for k in range(len(w)) if k != j)
                new = (rho - alpha if rho > alpha else rho + alpha if rho < -alpha else 0.0) / G[j, j]
                change, w[j] = max(change, abs(new - w[j])), new
            if change <= tol:
                break
        return w, float(y.mean() - X.mean(axis=0) @ np.array(w))


@equivalent("lasso_fit")
def an_intercept_in_the_sweep():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        w, b = np.zeros(d), np.mean(y)
        norms = (X**2).mean(axis=0)
        residual = y - b
        for _ in range(max_iter):
            biggest = 0.0
            for j in range(d):
                old = w[j]
                rho = X[:, j] @ residual / n + norms[j] * old
                w[j] = np.sign(rho) * max(0.0, abs(rho) - alpha) / norms[j]
                residual = residual + X[:, j] * (old - w[j])
                biggest = max(biggest, abs(w[j] - old))
            shift = residual.mean()
            b += shift
            residual = residual - shift
            if max(biggest, abs(shift)) < tol:
                break
        return w, b


@equivalent("lasso_fit")
def random_order():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc = X - X.mean(axis=0)
        residual, w = y - y.mean(), np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in np.random.permutation(d):
                column = Xc[:, j]
                residual = residual + column * w[j]
                rho = np.mean(column * residual)
                w[j] = np.sign(rho) * max(abs(rho) - alpha, 0) / np.mean(column**2)
                residual = residual - column * w[j]
            if np.max(np.abs(w - before)) < tol * max(1.0, np.max(np.abs(w))):
                break
        return w.reshape(-1, 1), np.mean(y) - np.dot(np.mean(X, axis=0), w)


@equivalent("lasso_fit")
def scaled_columns_and_penalties():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        scale = X.std(axis=0)
        Z, yc = (X - X.mean(axis=0)) / scale, y - y.mean()
        v = np.zeros(d)
        for _ in range(max_iter):
            before = v.copy()
            for j in range(d):
                v[j] = 0.0
                rho = Z[:, j] @ (yc - Z @ v) / n
                v[j] = np.sign(rho) * max(abs(rho) - alpha / scale[j], 0.0)
            if ((v - before) ** 2).sum() < tol**2:
                break
        w = v / scale
        return w, y.mean() - X.mean(axis=0) @ w


@equivalent("lasso_fit")
def proximal_gradient():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        step = n / np.linalg.norm(Xc, 2) ** 2
        w = np.zeros(d)
        for _ in range(max_iter):
            v = w - step * Xc.T @ (Xc @ w - yc) / n
            new = np.sign(v) * np.maximum(np.abs(v) - step * alpha, 0)
            if np.abs(new - w).max() < tol:
                w = new
                break
            w = new
        return w, y.mean() - X.mean(axis=0) @ w


@equivalent("lasso_fit")
def elastic_net_without_the_square():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        return elastic_net_fit(X, y, alpha, 1.0, max_iter=max_iter, tol=tol)


@equivalent("lasso_fit")
def stops_by_the_slopes():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), np.einsum("ij,ij->j", Xc, Xc) / n
        iteration, violation = 0, np.inf
        while iteration < max_iter and violation > tol:
            for j in range(d):
                g = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.copysign(max(abs(g) - alpha, 0.0), g) / c[j]
            slope = Xc.T @ (yc - Xc @ w) / n
            violation = np.where(w != 0, np.abs(slope - alpha * np.sign(w)), np.maximum(np.abs(slope) - alpha, 0)).max()
            iteration += 1
        return (w, np.array(y.mean() - X.mean(axis=0) @ w))
