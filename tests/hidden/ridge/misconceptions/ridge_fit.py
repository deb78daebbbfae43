"""Wrong solutions of ``ridge_fit``, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "ridge_fit",
    "You penalize the intercept: its entry in the penalty's diagonal is alpha like the others. Then the fit depends "
    "on where the zero of y is.",
)
def penalizes_the_intercept():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        Z = np.column_stack([np.ones(len(X)), X])
        w = np.linalg.pinv(Z.T @ Z + alpha * np.eye(Z.shape[1])) @ Z.T @ y
        return w[1:], w[0]


@misconception(
    "ridge_fit",
    "Your model has no intercept: it is forced through the origin. Center X and y, or give X a column for it.",
)
def no_intercept():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        return np.linalg.pinv(X.T @ X + alpha * np.eye(X.shape[1])) @ X.T @ y, 0.0


@misconception(
    "ridge_fit",
    "You center X and y, but then solve with the ones that are not centered.",
)
def centered_and_not_used():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        X_centered = X - X.mean(axis=0)
        y_centered = y - y.mean()
        assert X_centered.shape[0] == y_centered.shape[0]
        w = np.linalg.pinv(X.T @ X + alpha * np.eye(X.shape[1])) @ X.T @ y
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "You center y, but not the columns of X. The intercept then is not free of X's means.",
)
def only_y_centered():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        w = np.linalg.pinv(X.T @ X + alpha * np.eye(X.shape[1])) @ X.T @ (y - y.mean())
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "Your penalty is n times too strong: it belongs to the sum of the squared errors here, not to their mean.",
)
def penalty_for_the_mean_error():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        n, d = X.shape
        A, b = X - X.mean(axis=0), y - y.mean()
        w = np.linalg.pinv(A.T @ A / n + alpha * np.eye(d)) @ (A.T @ b / n)
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "Your penalty is twice too strong. Set the gradient of both terms to zero: each square brings a factor 2, which "
    "cancels.",
)
def penalty_doubled():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        A, b = X - X.mean(axis=0), y - y.mean()
        w = np.linalg.pinv(A.T @ A + 2 * alpha * np.eye(X.shape[1])) @ A.T @ b
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "Your penalty is only half as strong as asked. In the gradient of the squared error there is a factor 2 as well.",
)
def penalty_halved():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        A, b = X - X.mean(axis=0), y - y.mean()
        w = np.linalg.pinv(2 * A.T @ A + alpha * np.eye(X.shape[1])) @ (2 * A.T @ b)
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "You add alpha to every entry of X^T X. It belongs on the diagonal alone: alpha times the identity.",
)
def alpha_without_the_identity():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        A, b = X - X.mean(axis=0), y - y.mean()
        w = np.linalg.pinv(A.T @ A + alpha) @ A.T @ b
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "Your penalty has the wrong sign: it rewards large coefficients in place of making them smaller.",
)
def penalty_subtracted():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        A, b = X - X.mean(axis=0), y - y.mean()
        w = np.linalg.pinv(A.T @ A - alpha * np.eye(X.shape[1])) @ A.T @ b
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "Your extra rows are alpha times the identity. Their squared error is the penalty, so alpha enters squared: "
    "take its root.",
)
def rows_without_the_root():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        d = X.shape[1]
        A = np.vstack([X - X.mean(axis=0), alpha * np.eye(d)])
        b = np.concatenate([y - y.mean(), np.zeros(d)])
        w = np.linalg.lstsq(A, b, rcond=None)[0]
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "Your penalty is not used: whatever alpha is, the result is that of least squares.",
)
def penalty_forgotten():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        w = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=None)[0]
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "Your intercept is the mean of y. That is right for centered columns; for X as it came, the means of its "
    "columns have to be accounted for.",
)
def intercept_of_the_centered_data():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        A, b = X - X.mean(axis=0), y - y.mean()
        return np.linalg.pinv(A.T @ A + alpha * np.eye(X.shape[1])) @ A.T @ b, y.mean()


@misconception(
    "ridge_fit",
    "Your intercept has the sign of the correction wrong: the residuals' mean is to be zero.",
)
def intercept_sign():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        A, b = X - X.mean(axis=0), y - y.mean()
        w = np.linalg.pinv(A.T @ A + alpha * np.eye(X.shape[1])) @ A.T @ b
        return w, y.mean() + X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "You divide the columns by their standard deviations first. Then each coefficient is penalized in another unit: "
    "the problem is another one, even if the coefficients are scaled back.",
)
def standardized_columns():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        scale = X.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        A, b = (X - X.mean(axis=0)) / scale, y - y.mean()
        w = np.linalg.pinv(A.T @ A + alpha * np.eye(X.shape[1])) @ A.T @ b / scale
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "Your singular values are multiplied by s^2 / (s^2 + alpha), which is how much least squares is shrunk. The "
    "least squares itself, a division by s, is missing.",
)
def shrinkage_without_the_inverse():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        U, s, Vt = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
        w = Vt.T @ (s**2 / (s**2 + alpha + 1e-300) * (U.T @ (y - y.mean())))
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "Your gradient descent stops long before it has converged. Take more steps, or stop by the size of the gradient.",
)
def descent_not_converged():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        w, b = np.zeros(X.shape[1]), 0.0
        for _ in range(100):
            residual = X @ w + b - y
            w = w - 0.001 * (2 * X.T @ residual + 2 * alpha * w)
            b = b - 0.001 * 2 * residual.sum()
        return w, b


@misconception(
    "ridge_fit",
    "A negative alpha is accepted. Its objective has no sensible minimum: raise ValueError.",
)
def negative_alpha_accepted():
    def ridge_fit(X, y, alpha):
        A, b = X - X.mean(axis=0), y - y.mean()
        w = np.linalg.pinv(A.T @ A + alpha * np.eye(X.shape[1])) @ A.T @ b
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "For alpha = 0 and dependent columns X^T X has no inverse, and solving with it fails. A method for least "
    "squares finds one of the many solutions.",
)
def singular_matrix_solved():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        A, b = X - X.mean(axis=0), y - y.mean()
        w = np.linalg.solve(A.T @ A + alpha * np.eye(X.shape[1]), A.T @ b)
        return w, y.mean() - X.mean(axis=0) @ w


@misconception(
    "ridge_fit",
    "You return the intercept first. The contract asks for (coef, intercept).",
)
def returned_the_other_way_round():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        A, b = X - X.mean(axis=0), y - y.mean()
        w = np.linalg.pinv(A.T @ A + alpha * np.eye(X.shape[1])) @ A.T @ b
        return y.mean() - X.mean(axis=0) @ w, w


@misconception(
    "ridge_fit",
    "Your coef still holds the intercept: it has d + 1 entries where d are asked for.",
)
def intercept_left_in_coef():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        Z = np.column_stack([X, np.ones(len(X))])
        penalty = alpha * np.eye(Z.shape[1])
        penalty[-1, -1] = 0.0
        w = np.linalg.pinv(Z.T @ Z + penalty) @ Z.T @ y
        return w, w[-1]


@misconception(
    "ridge_fit",
    "You center X and y in place, so the caller's data change. Write X = X - mean, which makes a new array.",
)
def centered_in_place():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        x_mean, y_mean = X.mean(axis=0), y.mean()
        X -= x_mean
        y -= y_mean
        w = np.linalg.pinv(X.T @ X + alpha * np.eye(X.shape[1])) @ X.T @ y
        return w, y_mean - x_mean @ w


@misconception(
    "ridge_fit",
    "Only the first coefficient's entry of the penalty is set to zero, as if X had a column of ones there. It has "
    "none: that entry is a feature's.",
)
def first_feature_not_penalized():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must not be negative")
        A, b = X - X.mean(axis=0), y - y.mean()
        penalty = alpha * np.eye(X.shape[1])
        penalty[0, 0] = 0.0
        w = np.linalg.pinv(A.T @ A + penalty) @ A.T @ b
        return w, y.mean() - X.mean(axis=0) @ w
