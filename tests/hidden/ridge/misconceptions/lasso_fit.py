"""Wrong solutions of ``lasso_fit``, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "lasso_fit",
    "Your update is not divided by the column's mean square. That is right only for columns that are standardized, "
    "and these are not.",
)
def no_division_by_the_curvature():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w + Xc[:, j] * w[j]) / n
                w[j] = np.clip(np.sign(rho) * max(abs(rho) - alpha, 0.0), -1e6, 1e6)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "You divide by the column's mean square first and apply the threshold afterwards. The other way round: then "
    "alpha is compared with a slope.",
)
def threshold_after_the_division():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                best = Xc[:, j] @ (yc - Xc @ w + Xc[:, j] * w[j]) / (Xc[:, j] @ Xc[:, j])
                w[j] = np.sign(best) * max(abs(best) - alpha, 0.0)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "Your penalty is n times too weak: the squared error is divided by 2n here, so its slope is a mean over the "
    "samples.",
)
def error_not_divided_by_n():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w + Xc[:, j] * w[j])
                w[j] = np.sign(rho) * max(abs(rho) - alpha, 0.0) / (Xc[:, j] @ Xc[:, j])
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "Your threshold is alpha / 2, which belongs to the squared error divided by n. Here it is divided by 2n.",
)
def half_the_threshold():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w + Xc[:, j] * w[j]) / n
                w[j] = np.sign(rho) * max(abs(rho) - alpha / 2, 0.0) / (Xc[:, j] @ Xc[:, j] / n)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "You follow subgradients. They step over zero again and again and never stay there: the soft threshold sets a "
    "coefficient to zero exactly.",
)
def subgradients():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        rate = 1 / np.linalg.norm(Xc.T @ Xc / n, 2)
        for step in range(4 * max_iter):
            slope = Xc.T @ (Xc @ w - yc) / n + alpha * np.sign(w)
            w = w - rate / (1 + step / 100) * slope
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "You stop after one sweep. The coefficients depend on each other: sweep until they no longer change.",
)
def a_single_sweep():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, residual = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for j in range(d):
            rho = Xc[:, j] @ residual / n
            w[j] = np.sign(rho) * max(abs(rho) - alpha, 0.0) / (Xc[:, j] @ Xc[:, j] / n)
            residual = residual - Xc[:, j] * w[j]
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "Each coefficient is fitted to y by itself, as if the other columns were not there. What it has to explain is "
    "what the others leave.",
)
def columns_taken_one_by_one():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        rho = Xc.T @ yc / len(y)
        w = np.sign(rho) * np.maximum(np.abs(rho) - alpha, 0.0) / (Xc**2).mean(axis=0)
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "Your residual also leaves out what the column itself explains. Add its own share back before you fit it anew.",
)
def own_share_not_added_back():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w) / n
                w[j] = np.sign(rho) * max(abs(rho) - alpha, 0.0) / (Xc[:, j] @ Xc[:, j] / n)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "The sign is lost in your threshold: what is left of a negative slope becomes a positive coefficient.",
)
def sign_lost():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w + Xc[:, j] * w[j]) / n
                w[j] = max(abs(rho) - alpha, 0.0) / (Xc[:, j] @ Xc[:, j] / n)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "Your threshold sets small coefficients to zero and leaves the others as they are. The penalty pulls those "
    "towards zero too.",
)
def hard_threshold():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w + Xc[:, j] * w[j]) / n
                w[j] = (rho if abs(rho) > alpha else 0.0) / (Xc[:, j] @ Xc[:, j] / n)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "You penalize the intercept like a coefficient: it goes through the threshold too.",
)
def penalizes_the_intercept():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n = len(X)
        Z = np.column_stack([np.ones(n), X])
        w = np.zeros(Z.shape[1])
        for _ in range(max_iter):
            before = w.copy()
            for j in range(len(w)):
                rho = Z[:, j] @ (y - Z @ w + Z[:, j] * w[j]) / n
                w[j] = np.sign(rho) * max(abs(rho) - alpha, 0.0) / (Z[:, j] @ Z[:, j] / n)
            if np.abs(w - before).max() < tol:
                break
        return w[1:], w[0]


@misconception(
    "lasso_fit",
    "Your model has no intercept: it is forced through the origin. Center X and y, or update an intercept of its own.",
)
def no_intercept():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = X[:, j] @ (y - X @ w + X[:, j] * w[j]) / n
                w[j] = np.sign(rho) * max(abs(rho) - alpha, 0.0) / (X[:, j] @ X[:, j] / n)
            if np.abs(w - before).max() < tol:
                break
        return w, 0.0


@misconception(
    "lasso_fit",
    "Your intercept is the mean of y. For X as it came, the means of its columns have to be accounted for.",
)
def intercept_of_the_centered_data():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w + Xc[:, j] * w[j]) / n
                w[j] = np.sign(rho) * max(abs(rho) - alpha, 0.0) / (Xc[:, j] @ Xc[:, j] / n)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean()


@misconception(
    "lasso_fit",
    "You divide the columns by their standard deviations first. Then each coefficient is penalized in another unit, "
    "even if it is scaled back at the end.",
)
def standardized_columns():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        scale = X.std(axis=0)
        Xc, yc = (X - X.mean(axis=0)) / scale, y - y.mean()
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w + Xc[:, j] * w[j]) / n
                w[j] = np.sign(rho) * max(abs(rho) - alpha, 0.0)
            if np.abs(w - before).max() < tol:
                break
        return w / scale, y.mean() - X.mean(axis=0) @ (w / scale)


@misconception(
    "lasso_fit",
    "Your curvature is a variance divided by n - 1. In this objective everything is divided by n.",
)
def variance_divided_by_n_minus_one():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w + Xc[:, j] * w[j]) / n
                w[j] = np.sign(rho) * max(abs(rho) - alpha, 0.0) / X[:, j].var(ddof=1)
            if np.abs(w - before).max() < tol:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "The number of your sweeps is fixed: max_iter is not used, so a hard problem cannot be given more of them.",
)
def max_iter_ignored():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(d)
        for _ in range(500):
            for j in range(d):
                rho = Xc[:, j] @ (yc - Xc @ w + Xc[:, j] * w[j]) / n
                w[j] = np.sign(rho) * max(abs(rho) - alpha, 0.0) / (Xc[:, j] @ Xc[:, j] / n)
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "You update the residual in the place of y, so the caller's targets are gone. Start from a copy.",
)
def targets_used_up():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, y_mean = X - X.mean(axis=0), y.mean()
        residual = y
        residual -= y_mean
        w = np.zeros(d)
        for _ in range(max_iter):
            before = w.copy()
            for j in range(d):
                residual += Xc[:, j] * w[j]
                rho = Xc[:, j] @ residual / n
                w[j] = np.sign(rho) * max(abs(rho) - alpha, 0.0) / (Xc[:, j] @ Xc[:, j] / n)
                residual -= Xc[:, j] * w[j]
            if np.abs(w - before).max() < tol:
                break
        return w, y_mean - X.mean(axis=0) @ w


@misconception(
    "lasso_fit",
    "Your penalty is the squared one: it makes coefficients small but never zero. That is ridge regression.",
)
def the_squared_penalty():
    def lasso_fit(X, y, alpha, max_iter=1000, tol=1e-8):
        n, d = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.linalg.solve(Xc.T @ Xc / n + alpha * np.eye(d), Xc.T @ yc / n)
        return w, y.mean() - X.mean(axis=0) @ w
