"""Right solutions of ``cross_validate`` in other styles: each must earn every point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("cross_validate")
def one_fit_at_a_time():
    def cross_validate(X, y, alphas, k):
        mean_mse = []
        folds = np.array_split(np.arange(len(X)), k)
        for alpha in alphas:
            scores = []
            for i in range(k):
                test = folds[i]
                train = np.concatenate([folds[j] for j in range(k) if j != i])
                coef, intercept = ridge_fit(X[train], y[train], alpha)
                scores.append(np.mean((y[test] - (X[test] @ coef + intercept)) ** 2))
            mean_mse.append(np.mean(scores))
        return alphas[int(np.argmin(mean_mse))], mean_mse


@equivalent("cross_validate")
def sizes_by_hand():
    def cross_validate(X, y, alphas, k):
        n = X.shape[0]
        sizes = [n // k + (1 if i < n % k else 0) for i in range(k)]
        mse = np.zeros((len(alphas), k))
        start = 0
        for fold, size in enumerate(sizes):
            stop = start + size
            X_train, y_train = np.vstack([X[:start], X[stop:]]), np.hstack([y[:start], y[stop:]])
            mu, ybar = X_train.mean(axis=0), y_train.mean()
            A, b = X_train - mu, y_train - ybar
            for i, alpha in enumerate(alphas):
                w = np.linalg.solve(A.T @ A + alpha * np.eye(X.shape[1]), A.T @ b)
                residual = y[start:stop] - ybar - (X[start:stop] - mu) @ w
                mse[i, fold] = residual @ residual / size
            start = stop
        best = min(range(len(alphas)), key=lambda i: mse[i].mean())
        return float(alphas[best]), mse.mean(axis=1)


@equivalent("cross_validate")
def boolean_masks():
    def cross_validate(X, y, alphas, k):
        n = len(y)
        edges = np.cumsum([0] + [n // k + (i < n % k) for i in range(k)])
        total = np.zeros(len(alphas))
        for low, high in zip(edges[:-1], edges[1:]):
            held_out = np.zeros(n, dtype=bool)
            held_out[low:high] = True
            coefs, intercepts = ridge_path(X[~held_out], y[~held_out], alphas)
            errors = y[held_out][None, :] - (coefs @ X[held_out].T + intercepts[:, None])
            total += (errors**2).mean(axis=1) / k
        return np.asarray(alphas)[total.argmin()], total


@equivalent("cross_validate")
def a_table_of_results():
    def cross_validate(X, y, alphas, k):
        def fit(X, y, alpha):
            Z = np.column_stack([np.ones(len(X)), X])
            P = alpha * np.eye(Z.shape[1])
            P[0, 0] = 0
            return np.linalg.inv(Z.T @ Z + P) @ Z.T @ y

        splits = np.array_split(range(len(y)), k)
        results = {}
        for number, alpha in enumerate(alphas):
            errors = []
            for split in splits:
                keep = [i for i in range(len(y)) if i not in split]
                theta = fit(X[keep], y[keep], alpha)
                errors.append(((y[split] - theta[0] - X[split] @ theta[1:]) ** 2).sum() / len(split))
            results[number] = sum(errors) / k
        best = min(results, key=results.get)
        return alphas[best], np.array(list(results.values())).reshape(-1, 1)


@equivalent("cross_validate")
def gradient_descent_inside():
    def cross_validate(X, y, alphas, k):
        mean_mse = np.zeros(len(alphas))
        for test in np.array_split(np.arange(len(y)), k):
            train = np.setdiff1d(np.arange(len(y)), test)
            A, b = X[train] - X[train].mean(axis=0), y[train] - y[train].mean()
            for i, alpha in enumerate(alphas):
                w = np.zeros(X.shape[1])
                step = 1 / (np.linalg.norm(A, 2) ** 2 + alpha)
                for _ in range(3000):
                    slope = A.T @ (A @ w - b) + alpha * w
                    w = w - step * slope
                    if np.abs(slope).max() < 1e-8:
                        break
                prediction = y[train].mean() + (X[test] - X[train].mean(axis=0)) @ w
                mean_mse[i] += np.mean((prediction - y[test]) ** 2)
        mean_mse /= k
        return np.array(alphas[np.argmin(mean_mse)]), mean_mse


@equivalent("cross_validate")
def rolled_to_the_front():
    def cross_validate(X, y, alphas, k):
        n, start, errors = len(y), 0, []
        for i in range(k):
            size = (n + k - 1 - i) // k
            order = np.roll(np.arange(n), -start)
            X_rolled, y_rolled = X[order], y[order]
            coefs, intercepts = ridge_path(X_rolled[size:], y_rolled[size:], alphas)
            predicted = np.einsum("id,kd->ik", X_rolled[:size], coefs) + np.reshape(intercepts, (1, -1))
            errors.append(np.mean(np.square(predicted - y_rolled[:size, np.newaxis]), axis=0))
            start += size
        mean_mse = np.vstack(errors).mean(axis=0)
        return sorted(zip(mean_mse, alphas))[0][1], mean_mse
