"""Right solutions of ``elastic_net_fit`` in other styles: each must earn every point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("elastic_net_fit")
def a_lasso_on_longer_data():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        rows = np.vstack([X - X.mean(axis=0), np.sqrt(n * alpha * (1 - l1_ratio)) * np.eye(d)])
        targets = np.concatenate([y - y.mean(), np.zeros(d)])
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = rows[:, j] @ (targets - rows @ w + rows[:, j] * w[j]) / n
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0) / (rows[:, j] @ rows[:, j] / n)
            if np.abs(w - before).sum() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@equivalent("elastic_net_fit")
def the_two_ends_apart():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        if l1_ratio == 0:
            return ridge_fit(X, y, alpha * len(y))
        if l1_ratio == 1:
            return lasso_fit(X, y, alpha, max_iter, tol)
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        l1, l2 = alpha * l1_ratio, alpha * (1 - l1_ratio)
        w = np.zeros(d)
        for _ in range(max_iter):
            w_old = np.copy(w)
            for j in range(d):
                rho = Xc[:, j].T @ (yc - Xc @ w) / n + np.mean(Xc[:, j] ** 2) * w[j]
                if abs(rho) <= l1:
                    w[j] = 0.0
                else:
                    w[j] = (rho - l1 * np.sign(rho)) / (np.mean(Xc[:, j] ** 2) + l2)
            if np.linalg.norm(w - w_old) < tol:
                break
        return w, np.mean(y - X @ w)


@equivalent("elastic_net_fit")
def everything_times_n():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, residual = X - X.mean(0), y - y.mean()
        l1, l2 = n * alpha * l1_ratio, n * alpha * (1 - l1_ratio)
        squares = np.sum(Xc**2, axis=0)
        w = np.zeros(d)
        for _ in range(max_iter):
            step = 0.0
            for j in range(d):
                rho = Xc[:, j] @ residual + squares[j] * w[j]
                new = np.sign(rho) * np.maximum(np.abs(rho) - l1, 0.0) / (squares[j] + l2)
                residual = residual - Xc[:, j] * (new - w[j])
                step = max(step, abs(new - w[j]))
                w[j] = new
            if step < tol:
                break
        return list(w), y.mean() - X.mean(0) @ w


@equivalent("elastic_net_fit")
def stops_by_the_objective():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        G, b = Xc.T @ Xc / n, Xc.T @ yc / n
        w, last = np.zeros(d), np.inf
        for _ in range(max_iter):
            for j in range(d):
                rho = b[j] - G[j] @ w + G[j, j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0) / (G[j, j] + alpha * (1 - l1_ratio))
            objective = (
                np.sum((yc - Xc @ w) ** 2) / (2 * n)
                + alpha * l1_ratio * np.sum(np.abs(w))
                + alpha * (1 - l1_ratio) / 2 * np.sum(w**2)
            )
            if abs(last - objective) < tol:
                break
            last = objective
        return w, y.mean() - X.mean(axis=0) @ w


@equivalent("elastic_net_fit")
def proximal_gradient():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        l1, l2 = alpha * l1_ratio, alpha * (1 - l1_ratio)
        step = 1 / (np.linalg.norm(Xc, 2) ** 2 / n + l2)
        w = np.zeros(d)
        for _ in range(max_iter):
            v = w - step * (Xc.T @ (Xc @ w - yc) / n + l2 * w)
            new = np.sign(v) * np.maximum(np.abs(v) - step * l1, 0)
            done = np.abs(new - w).max() < tol
            w = new
            if done:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@equivalent("elastic_net_fit")
def an_intercept_in_the_sweep():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        w, b = np.zeros(d), 0.0
        for _ in range(max_iter):
            old = np.append(w, b)
            b = np.mean(y - X @ w)
            for j in range(d):
                partial = y - b - X @ w + X[:, j] * w[j]
                rho = X[:, j] @ partial / n
                shrunk = max(rho - alpha * l1_ratio, 0) + min(rho + alpha * l1_ratio, 0)
                w[j] = shrunk / (X[:, j] @ X[:, j] / n + alpha * (1 - l1_ratio))
            if np.abs(np.append(w, b) - old).max() < tol:
                break
        return w, np.mean(y - X @ w)
