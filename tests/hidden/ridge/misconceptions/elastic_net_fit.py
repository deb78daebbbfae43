"""Wrong solutions of ``elastic_net_fit``, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "elastic_net_fit",
    "Your squared penalty is twice too strong: it has a factor 1/2 in the objective, which its gradient cancels.",
)
def squared_penalty_without_its_half():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0.0) / (c[j] + 2 * alpha * (1 - l1_ratio))
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "Your squared penalty is only half as strong as asked: the factor 1/2 of the objective is gone once you "
    "differentiate.",
)
def squared_penalty_halved_twice():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0.0) / (c[j] + alpha * (1 - l1_ratio) / 2)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "You give the share l1_ratio to the squared penalty. It is the share of the absolute values.",
)
def ratio_the_wrong_way_round():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * (1 - l1_ratio), 0.0) / (c[j] + alpha * l1_ratio)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "The squared penalty does not enter your update: what you fit is a lasso with a smaller penalty.",
)
def squared_penalty_forgotten():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0.0) / (c[j])
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "Your squared penalty is 1 - l1_ratio, whatever alpha is. Both penalties are shares of alpha.",
)
def squared_penalty_without_alpha():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0.0) / (c[j] + (1 - l1_ratio))
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "Your threshold is all of alpha. The absolute values have only the share l1_ratio of it.",
)
def whole_threshold():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha, 0.0) / (c[j] + alpha * (1 - l1_ratio))
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "Your squared penalty is divided by n. Only the squared error is divided by n in this objective.",
)
def squared_penalty_divided_by_n():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0.0) / (c[j] + alpha * (1 - l1_ratio) / n)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "Both of your penalties are n times too weak: the squared error is divided by 2n here.",
)
def error_not_divided_by_n():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio / n, 0.0) / (c[j] + alpha * (1 - l1_ratio) / n)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "You multiply the coefficients by 1 + alpha (1 - l1_ratio) at the end. That correction belongs to another form "
    "of the elastic net: here the minimum itself is asked for.",
)
def shrinkage_undone():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0.0) / (c[j] + alpha * (1 - l1_ratio))
            if np.abs(w - before).max() < tol:
                break
        w = w * (1 + alpha * (1 - l1_ratio))
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "You divide by the curvature first and apply the threshold afterwards. The other way round: then the penalty is "
    "compared with a slope.",
)
def threshold_after_the_division():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                best = rho / (c[j] + alpha * (1 - l1_ratio))
                w[j] = np.sign(best) * max(abs(best) - alpha * l1_ratio, 0.0)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "Your model has no intercept: it is forced through the origin. Center X and y, or update an intercept of its own.",
)
def no_intercept():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X, y
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0.0) / (c[j] + alpha * (1 - l1_ratio))
            if np.abs(w - before).max() < tol:
                break
        return w, 0.0


@misconception(
    "elastic_net_fit",
    "Your intercept is the mean of y. For X as it came, the means of its columns have to be accounted for.",
)
def intercept_of_the_centered_data():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0.0) / (c[j] + alpha * (1 - l1_ratio))
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean()


@misconception(
    "elastic_net_fit",
    "You stop after one sweep. The coefficients depend on each other: sweep until they no longer change.",
)
def a_single_sweep():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(1):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0.0) / (c[j] + alpha * (1 - l1_ratio))
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "You subtract the squared penalty's slope at the old coefficient from rho, in place of adding it to the "
    "curvature, and after one such step you stop.",
)
def penalty_in_the_numerator():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(3):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                rho = rho - alpha * (1 - l1_ratio) * before[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0.0) / (c[j])
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "You center y in place, so the caller's targets change. Write y = y - mean, which makes a new array.",
)
def targets_centered_in_place():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        y_mean = y.mean()
        y -= y_mean
        yc = y
        w, c = np.zeros(d), (Xc**2).mean(axis=0)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n + c[j] * w[j]
                w[j] = np.sign(rho) * max(abs(rho) - alpha * l1_ratio, 0.0) / (c[j] + alpha * (1 - l1_ratio))
            if np.abs(w - before).max() < tol:
                break
        return w, y_mean - X.mean(axis=0) @ w


@misconception(
    "elastic_net_fit",
    "You follow subgradients. They step over zero again and again and never stay there: the soft threshold sets a "
    "coefficient to zero exactly.",
)
def subgradients():
    def elastic_net_fit(X, y, alpha, l1_ratio, max_iter=1000, tol=1e-8):
        n = len(y)
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(X.shape[1])
        rate = 1 / (np.linalg.norm(Xc.T @ Xc / n, 2) + alpha)
        for step in range(4 * max_iter):
            slope = Xc.T @ (Xc @ w - yc) / n + alpha * (1 - l1_ratio) * w + alpha * l1_ratio * np.sign(w)
            w = w - rate / (1 + step / 100) * slope
        return w, y.mean() - X.mean(axis=0) @ w
