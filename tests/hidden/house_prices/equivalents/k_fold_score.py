"""Right solutions of ``k_fold_score`` in other styles: none of them may lose a point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("k_fold_score")
def with_scikit_learns_folds():
    def k_fold_score(fit, X, y, k):
        from sklearn.model_selection import KFold

        scores = []
        for rest, fold in KFold(n_splits=k).split(X):
            predict = fit(X[rest], y[rest])
            scores.append(log_rmse(predict(X[fold]), y[fold]))
        return np.mean(scores), scores


@equivalent("k_fold_score")
def with_slices_and_concatenation():
    def k_fold_score(fit, X, y, k):
        n = len(X)
        per_fold = np.zeros(k)
        start = 0
        for i in range(k):
            stop = start + n // k + (1 if i < n % k else 0)
            X_rest = np.concatenate([X[:start], X[stop:]], axis=0)
            y_rest = np.concatenate([y[:start], y[stop:]], axis=0)
            model = fit(X_rest, y_rest)
            per_fold[i] = log_rmse(model(X[start:stop]), y[start:stop])
            start = stop
        return per_fold.mean(), per_fold


@equivalent("k_fold_score")
def with_masks():
    def k_fold_score(fit, X, y, k):
        n = y.shape[0]
        fold_of_row = np.repeat(np.arange(k), [n // k + (i < n % k) for i in range(k)])
        per_fold = []
        for i in range(k):
            held = fold_of_row == i
            predict = fit(X[~held], y[~held])
            difference = np.log(predict(X[held])) - np.log(y[held])
            per_fold.append(float(np.sqrt((difference**2).mean())))
        return sum(per_fold) / k, tuple(per_fold)


@equivalent("k_fold_score")
def later_rows_first():
    def k_fold_score(fit, X, y, k):
        parts = [list(part) for part in np.array_split(range(len(y)), k)]
        per_fold = []
        for i in range(k):
            rest = sum(parts[i + 1 :] + parts[:i], [])
            predict = fit(X=X[rest], y=y[rest])
            per_fold.append([log_rmse(predict(X[parts[i]]), y[parts[i]])])
        return np.array(per_fold).mean(), np.array(per_fold)


@equivalent("k_fold_score")
def row_by_row():
    def k_fold_score(fit, X, y, k):
        per_fold = []
        for fold in np.array_split(np.arange(len(y)), k):
            predict = fit(np.delete(X, fold, axis=0), np.delete(y, fold))
            predictions = np.array([np.ravel(predict(X[i : i + 1]))[0] for i in fold])
            per_fold.append(log_rmse(predictions, y[fold]))
        return float(np.mean(per_fold)), np.asarray(per_fold)


@equivalent("k_fold_score")
def all_models_first():
    def k_fold_score(fit, X, y, k):
        folds = np.array_split(np.arange(len(y)), k)
        models = []
        for i in range(k):
            rest = np.concatenate([fold for j, fold in enumerate(folds) if j != i])
            models.append(fit(X[rest].copy(), y[rest].copy()))
        held_out = np.concatenate([model(X[fold]) for model, fold in zip(models, folds)])
        squares = (np.log(held_out) - np.log(y)) ** 2
        per_fold = np.sqrt([squares[fold].mean() for fold in folds])
        return np.mean(per_fold), per_fold


@equivalent("k_fold_score")
def with_training_errors_as_well():
    def k_fold_score(fit, X, y, k):
        seen, unseen = [], []
        for fold in np.array_split(np.arange(len(y)), k):
            rest = np.setdiff1d(np.arange(len(y)), fold)
            predict = fit(X[rest], y[rest])
            seen.append(log_rmse(predict(X[rest]), y[rest]))
            unseen.append(log_rmse(predict(X[fold]), y[fold]))
        return np.mean(unseen), np.array(unseen)


@equivalent("k_fold_score")
def with_torch():
    def k_fold_score(fit, X, y, k):
        import torch

        per_fold = []
        for fold in torch.arange(len(y)).tensor_split(k):
            rest = torch.ones(len(y), dtype=torch.bool)
            rest[fold] = False
            predict = fit(torch.tensor(X)[rest].numpy(), torch.tensor(y)[rest].numpy())
            difference = torch.tensor(predict(X[fold.numpy()])).log() - torch.tensor(y)[fold].log()
            per_fold.append(difference.square().mean().sqrt())
        per_fold = torch.stack(per_fold)
        return per_fold.mean(), per_fold
