"""Reference solutions of the assignment ``ridge``: overfitting and shrinkage, with NumPy alone.

All models of this assignment are linear, y ≈ X w + b, and differ in what is added to the squared error. The intercept
b is never penalized. That settles it at once: whatever w is, the best b makes the mean of the residuals zero,

    b = mean(y) - mean(X) w,

and what is left is the same problem in w alone, on columns and targets from which their means are subtracted. So every
function here centers, solves for w, and puts b back together.

Sources: Hoerl & Kennard, "Ridge Regression: Biased Estimation for Nonorthogonal Problems" (1970); Tibshirani,
"Regression Shrinkage and Selection via the Lasso" (1996); Zou & Hastie, "Regularization and Variable Selection via the
Elastic Net" (2005); Friedman, Hastie & Tibshirani, "Regularization Paths for Generalized Linear Models via Coordinate
Descent" (2010); Hastie, Tibshirani & Friedman, "The Elements of Statistical Learning", 2nd ed., chapters 3 and 7.
"""

from __future__ import annotations

import numpy as np


def polynomial_features(x: np.ndarray, degree: int) -> np.ndarray:
    """Return the powers x, x^2, ..., x^degree of x (n,) as the columns of a matrix (n, degree).

    Column j (counted from 0) is x^(j + 1). There is no column of ones: the intercept of the models takes its place.
    """
    return x[:, np.newaxis] ** np.arange(1, degree + 1)


def ridge_fit(X: np.ndarray, y: np.ndarray, alpha: float) -> tuple[np.ndarray, float]:
    """Minimize ||y - X w - b||^2 + alpha ||w||^2 for X (n, d) and y (n,) (Hoerl & Kennard 1970).

    On centered data, with X and y standing for what is left of them, the gradient is zero where

        (X^T X + alpha I) w = X^T y.

    The matrix X^T X has the squared condition number of X. The same minimum can be had without it: the penalty is the
    squared error of d more samples, the rows of sqrt(alpha) I with targets 0,

        ||y - X w||^2 + alpha ||w||^2 = || (y, 0) - (X, sqrt(alpha) I) w ||^2,

    so ridge is least squares on the longer data. (y need not be centered for this: a constant in it is orthogonal to
    every centered column.) ``lstsq`` solves that by a singular value decomposition. For alpha = 0 and linearly
    dependent columns, where many w are equally good, it returns the shortest one.

    Returns (coef (d,), intercept). Raises ValueError for alpha < 0: the sum would have no minimum.
    """
    if alpha < 0:
        raise ValueError(f"alpha must not be negative, but is {alpha}")
    d = X.shape[1]
    x_mean, y_mean = X.mean(axis=0), y.mean()
    rows = np.vstack([X - x_mean, np.sqrt(alpha) * np.eye(d)])
    targets = np.concatenate([y, np.zeros(d)])
    coef = np.linalg.lstsq(rows, targets, rcond=None)[0]
    return coef, float(y_mean - x_mean @ coef)


def ridge_path(X: np.ndarray, y: np.ndarray, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve the problem of ``ridge_fit`` for all k penalties in ``alphas`` from one decomposition.

    With the singular value decomposition X = U diag(s) V^T of the centered X, the normal equations fall apart into one
    equation for each right singular vector:

        w(alpha) = sum_i v_i  s_i / (s_i^2 + alpha)  u_i^T y.

    Only the factor in the middle depends on alpha. U, s, V and the projections u_i^T y are computed once, at a cost of
    O(n d min(n, d)); each penalty then costs O(d min(n, d)).

    Compared with least squares the component along v_i is multiplied by s_i^2 / (s_i^2 + alpha): directions in which
    the data hardly vary are shrunk most. Those in which they do not vary at all, beyond the rank of X, are left out,
    so alpha = 0 gives the shortest solution.

    Returns (coefs (k, d), intercepts (k,)).
    """
    x_mean, y_mean = X.mean(axis=0), y.mean()
    centered = X - x_mean
    rank = np.linalg.matrix_rank(centered)
    U, s, Vt = np.linalg.svd(centered, full_matrices=False)
    projections = U.T @ y
    factors = s[:rank] / (s[:rank] ** 2 + np.asarray(alphas)[:, np.newaxis])
    coefs = (factors * projections[:rank]) @ Vt[:rank]
    return coefs, y_mean - coefs @ x_mean


def lasso_fit(
    X: np.ndarray, y: np.ndarray, alpha: float, max_iter: int = 1000, tol: float = 1e-8
) -> tuple[np.ndarray, float]:
    """Minimize ||y - X w - b||^2 / (2 n) + alpha ||w||_1 by coordinate descent (Friedman et al. 2010, section 2).

    On centered data, with all coefficients but w_j held fixed, the objective is a parabola in w_j plus alpha |w_j|.
    With the curvature c_j = x_j^T x_j / n and the partial residual r^(j), which leaves out what x_j explains,

        rho_j = x_j^T r^(j) / n = x_j^T (y - X w) / n + c_j w_j,
        w_j   = S(rho_j, alpha) / c_j,          S(rho, t) = sign(rho) max(|rho| - t, 0).

    S, the soft threshold, comes from the kink of |w_j| at zero: there the slope may be anything between -alpha and
    alpha, so zero is the minimum whenever |rho_j| <= alpha. That is an exact zero.

    One sweep updates all coefficients in turn, each with the newest values of the others. The objective is convex and
    the part that is not smooth is a sum over coordinates, hence this converges to the minimum (Tseng 2001). The sweeps
    end after one that changes no coefficient by more than ``tol``, or after ``max_iter`` of them.

    Returns (coef (d,), intercept).
    """
    n, d = X.shape
    x_mean, y_mean = X.mean(axis=0), y.mean()
    centered = X - x_mean
    curvature = (centered**2).sum(axis=0) / n
    coef = np.zeros(d)
    residual = y.astype(float)
    for _ in range(max_iter):
        before = coef.copy()
        for j in np.flatnonzero(curvature):
            rho = centered[:, j] @ residual / n + curvature[j] * coef[j]
            updated = np.sign(rho) * max(abs(rho) - alpha, 0.0) / curvature[j]
            residual -= centered[:, j] * (updated - coef[j])
            coef[j] = updated
        if np.allclose(coef, before, rtol=0.0, atol=tol):
            break
    return coef, float(y_mean - x_mean @ coef)


def elastic_net_fit(
    X: np.ndarray, y: np.ndarray, alpha: float, l1_ratio: float, max_iter: int = 1000, tol: float = 1e-8
) -> tuple[np.ndarray, float]:
    """Minimize the elastic net's objective by coordinate descent (Zou & Hastie 2005; Friedman et al. 2010, eq. 5):

        ||y - X w - b||^2 / (2 n) + alpha l1_ratio ||w||_1 + alpha (1 - l1_ratio) / 2 ||w||^2.

    The squared penalty is smooth: it adds alpha (1 - l1_ratio) w_j to the slope along w_j, that is, to the curvature,

        w_j = S(rho_j, alpha l1_ratio) / (c_j + alpha (1 - l1_ratio)).

    Nothing else changes from the lasso. l1_ratio = 1 is the lasso. l1_ratio = 0 is ridge, with a penalty that is n
    times as large in the scaling of ``ridge_fit``: multiply the objective by 2 n.

    Returns (coef (d,), intercept).
    """
    n, d = X.shape
    x_mean, y_mean = X.mean(axis=0), y.mean()
    centered = X - x_mean
    curvature = (centered**2).sum(axis=0) / n
    threshold, decay = alpha * l1_ratio, alpha * (1 - l1_ratio)
    coef = np.zeros(d)
    residual = y.astype(float)
    for _ in range(max_iter):
        before = coef.copy()
        for j in np.flatnonzero(curvature):
            rho = centered[:, j] @ residual / n + curvature[j] * coef[j]
            updated = np.sign(rho) * max(abs(rho) - threshold, 0.0) / (curvature[j] + decay)
            residual -= centered[:, j] * (updated - coef[j])
            coef[j] = updated
        if np.allclose(coef, before, rtol=0.0, atol=tol):
            break
    return coef, float(y_mean - x_mean @ coef)


def cross_validate(X: np.ndarray, y: np.ndarray, alphas: np.ndarray, k: int) -> tuple[float, np.ndarray]:
    """Estimate the error of ridge regression for each penalty by k-fold cross-validation (Elements, section 7.10).

    The n samples are cut, in their order, into k contiguous folds; the first n mod k of them have one sample more than
    the others. Each fold is held out once: the models are fitted to the other samples, their means included, and judged
    by their mean squared error on the fold. The estimate is the mean of the k errors.

    All penalties of one training set come from one decomposition (``ridge_path``).

    Returns (best_alpha, mean_mse (len(alphas),)): the given penalty of the smallest mean error, and all mean errors.
    """
    rows = np.arange(len(y))
    errors = []
    for held_out in np.array_split(rows, k):
        training = np.delete(rows, held_out)
        coefs, intercepts = ridge_path(X[training], y[training], alphas)
        predictions = X[held_out] @ coefs.T + intercepts
        errors.append(((y[held_out][:, np.newaxis] - predictions) ** 2).mean(axis=0))
    mean_mse = np.mean(errors, axis=0)
    return alphas[mean_mse.argmin()], mean_mse
