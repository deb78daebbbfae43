"""Right solutions of ``ridge_fit`` in other styles: each must earn every point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("ridge_fit")
def pseudo_inverse():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha must be >= 0")
        Xc, yc = X - X.mean(0), y - y.mean()
        w = np.linalg.pinv(Xc.T @ Xc + alpha * np.identity(X.shape[1])) @ Xc.T @ yc
        return w, np.mean(y) - np.dot(X.mean(0), w)


@equivalent("ridge_fit")
def least_squares_on_the_normal_equations():
    def ridge_fit(X, y, alpha):
        if not alpha >= 0:
            raise ValueError(f"negative penalty {alpha}")
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w, *_ = np.linalg.lstsq(Xc.T @ Xc + np.diag([alpha] * X.shape[1]), Xc.T @ yc, rcond=None)
        return [w, np.asarray(y.mean() - X.mean(axis=0) @ w)]


@equivalent("ridge_fit")
def solve_or_least_squares():
    def ridge_fit(X, y, alpha):
        class NegativePenalty(ValueError):
            pass

        if alpha < 0:
            raise NegativePenalty
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        if alpha > 0:
            w = np.linalg.solve(Xc.T @ Xc + alpha * np.eye(X.shape[1]), Xc.T @ yc)
        else:
            w = np.linalg.lstsq(Xc, yc, rcond=None)[0]
        return w, (y - X @ w).mean()


@equivalent("ridge_fit")
def singular_values():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha")
        U, s, Vt = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
        d = np.zeros_like(s)
        keep = s > 1e-12 * s[0]
        d[keep] = s[keep] / (s[keep] ** 2 + alpha)
        w = Vt.T @ np.diag(d) @ U.T @ (y - y.mean())
        return w.reshape(-1, 1), y.mean() - X.mean(axis=0) @ w


@equivalent("ridge_fit")
def eigenvectors():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha")
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        values, vectors = np.linalg.eigh(Xc.T @ Xc)
        keep = values > 1e-14 * values.max()
        V = vectors[:, keep]
        w = V @ ((V.T @ (Xc.T @ yc)) / (values[keep] + alpha))
        return w.tolist(), float(y.mean() - X.mean(axis=0) @ w)


@equivalent("ridge_fit")
def a_column_of_ones_without_penalty():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha")
        n, d = X.shape
        Z = np.hstack([X, np.ones((n, 1))])
        P = np.eye(d + 1)
        P[d, d] = 0
        theta = np.linalg.pinv(Z.T.dot(Z) + alpha * P).dot(Z.T).dot(y)
        return theta[:-1], theta[-1]


@equivalent("ridge_fit")
def augmented_rows_and_ones():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha")
        n, d = X.shape
        rows = np.zeros((n + d, d + 1))
        rows[:n, 0] = 1
        rows[:n, 1:] = X
        rows[n:, 1:] = np.sqrt(alpha) * np.eye(d)
        theta = np.linalg.lstsq(rows, np.hstack((y, np.zeros(d))), rcond=None)[0]
        return theta[1:], theta[0]


@equivalent("ridge_fit")
def dual_form():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha")
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        n, d = Xc.shape
        if alpha == 0:
            w = np.linalg.pinv(Xc) @ yc
        elif d > n:
            w = Xc.T @ np.linalg.inv(Xc @ Xc.T + alpha * np.eye(n)) @ yc
        else:
            w = np.linalg.inv(Xc.T @ Xc + alpha * np.eye(d)) @ Xc.T @ yc
        return w, y.mean() - np.sum(X.mean(axis=0) * w)


@equivalent("ridge_fit")
def gradient_descent():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha")
        n, d = X.shape
        w, b = np.zeros(d), 0.0
        step = 0.5 / (np.linalg.norm(np.column_stack([X, np.ones(n)]), 2) ** 2 + alpha)
        for _ in range(20_000):
            error = X @ w + b - y
            slope_w, slope_b = 2 * X.T @ error + 2 * alpha * w, 2 * error.sum()
            w, b = w - step * slope_w, b - step * slope_b
            if max(np.abs(slope_w).max(), abs(slope_b)) < 1e-6:
                break
        return w, b


@equivalent("ridge_fit")
def gradient_descent_with_a_fixed_rate():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha")
        n, d = X.shape
        w, b = np.random.randn(d) * 0.01, 0.0
        for _ in range(10_000):
            error = y - (np.dot(X, w) + b)
            w = w + 0.02 * (X.T.dot(error) - alpha * w) / n
            b = b + 0.02 * np.sum(error) / n
        return w, b


@equivalent("ridge_fit")
def conjugate_gradients():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha")
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(X.shape[1])
        residual = Xc.T @ yc
        direction, size = residual.copy(), residual @ residual
        for _ in range(200):
            if size < 1e-24:
                break
            image = Xc.T @ (Xc @ direction) + alpha * direction
            rate = size / (direction @ image)
            w = w + rate * direction
            residual = residual - rate * image
            size, before = residual @ residual, size
            direction = residual + size / before * direction
        return w, y.mean() - X.mean(axis=0) @ w


@equivalent("ridge_fit")
def coordinate_by_coordinate():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha")
        Xc, residual = X - X.mean(axis=0), y - y.mean()
        w = np.zeros(X.shape[1])
        for _ in range(5000):
            biggest = 0
            for j in range(len(w)):
                column = Xc[:, j]
                size = column @ column + alpha
                if size < 1e-14:
                    continue
                change = (column @ residual - alpha * w[j]) / size
                w[j] += change
                residual = residual - change * column
                biggest = max(biggest, abs(change))
            if biggest < 1e-10:
                break
        return w, y.mean() - X.mean(axis=0) @ w


@equivalent("ridge_fit")
def path_of_one_penalty():
    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha")
        coefs, intercepts = ridge_path(X, y, np.array([alpha]))
        return coefs[0], intercepts[0]


@equivalent("ridge_fit")
def scipy_decomposition():
    from scipy import linalg as la

    def ridge_fit(X, y, alpha):
        if alpha < 0:
            raise ValueError("alpha")
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        if alpha == 0:
            w = la.lstsq(Xc, yc)[0]
        else:
            w = la.cho_solve(la.cho_factor(Xc.T @ Xc + alpha * np.eye(X.shape[1])), Xc.T @ yc)
        return w, y.mean() - X.mean(axis=0) @ w
