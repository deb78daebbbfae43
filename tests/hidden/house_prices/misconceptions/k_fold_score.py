"""Wrong solutions of ``k_fold_score``, each with the sentence that helps the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "k_fold_score",
    "You fit the model to all rows, the held-out ones included. It has seen the answers that it is asked for.",
)
def fitted_to_everything():
    def k_fold_score(fit, X, y, k):
        predict = fit(X, y)
        scores = [log_rmse(predict(X[fold]), y[fold]) for fold in np.array_split(np.arange(len(y)), k)]
        return np.mean(scores), scores


@misconception(
    "k_fold_score",
    "You measure the error on the rows that the model was fitted to. The score is that of the rows that were held out.",
)
def training_error():
    def k_fold_score(fit, X, y, k):
        scores = []
        for fold in np.array_split(np.arange(len(y)), k):
            rest = np.setdiff1d(np.arange(len(y)), fold)
            scores.append(log_rmse(fit(X[rest], y[rest])(X[rest]), y[rest]))
        return np.mean(scores), scores


@misconception(
    "k_fold_score",
    "You fit the model to the fold and measure it on the rest. It is the other way round: a fold is held out.",
)
def roles_exchanged():
    def k_fold_score(fit, X, y, k):
        scores = []
        for fold in np.array_split(np.arange(len(y)), k):
            rest = np.setdiff1d(np.arange(len(y)), fold)
            scores.append(log_rmse(fit(X[fold], y[fold])(X[rest]), y[rest]))
        return np.mean(scores), scores


@misconception(
    "k_fold_score",
    "Your folds are all of the size n // k, so that the last n mod k rows are never held out. Each row has to be.",
)
def remainder_never_held_out():
    def k_fold_score(fit, X, y, k):
        size = len(y) // k
        scores = []
        for i in range(k):
            fold = np.arange(i * size, (i + 1) * size)
            rest = np.setdiff1d(np.arange(len(y)), fold)
            scores.append(log_rmse(fit(X[rest], y[rest])(X[fold]), y[fold]))
        return np.mean(scores), scores


@misconception(
    "k_fold_score",
    "The rows that are left over when n is divided by k all go into your last fold. The contract deals them out, one "
    "to each of the first folds.",
)
def remainder_in_the_last_fold():
    def k_fold_score(fit, X, y, k):
        size, n = len(y) // k, len(y)
        scores = []
        for i in range(k):
            fold = np.arange(i * size, (i + 1) * size if i < k - 1 else n)
            rest = np.setdiff1d(np.arange(n), fold)
            scores.append(log_rmse(fit(X[rest], y[rest])(X[fold]), y[fold]))
        return np.mean(scores), scores


@misconception(
    "k_fold_score",
    "You use the first n // k * k rows and throw the rest away. Every row is fitted to, and every row is held out.",
)
def remainder_thrown_away():
    def k_fold_score(fit, X, y, k):
        n = len(y) // k * k
        X, y = X[:n], y[:n]
        scores = []
        for fold in np.array_split(np.arange(n), k):
            rest = np.setdiff1d(np.arange(n), fold)
            scores.append(log_rmse(fit(X[rest], y[rest])(X[fold]), y[fold]))
        return np.mean(scores), scores


@misconception(
    "k_fold_score",
    "You shuffle the rows. The folds of this exercise are contiguous, in the order of the table: whoever wants them "
    "shuffled hands in shuffled rows.",
)
def shuffled():
    def k_fold_score(fit, X, y, k):
        from sklearn.model_selection import KFold

        scores = []
        for rest, fold in KFold(k, shuffle=True, random_state=0).split(X):
            scores.append(log_rmse(fit(X[rest], y[rest])(X[fold]), y[fold]))
        return np.mean(scores), scores


@misconception("k_fold_score", "Every k-th row is in your fold. A fold is a run of neighbouring rows.")
def every_kth_row():
    def k_fold_score(fit, X, y, k):
        rows = np.arange(len(y))
        scores = []
        for i in range(k):
            held = rows % k == i
            scores.append(log_rmse(fit(X[~held], y[~held])(X[held]), y[held]))
        return np.mean(scores), scores


@misconception(
    "k_fold_score",
    "You fit the model to the logarithms of the prices. Whether it wants those is the model's own business: fit takes "
    "prices and its predictions are prices.",
)
def fitted_to_logarithms():
    def k_fold_score(fit, X, y, k):
        scores = []
        for fold in np.array_split(np.arange(len(y)), k):
            rest = np.setdiff1d(np.arange(len(y)), fold)
            predict = fit(X[rest], np.log(y[rest]))
            scores.append(log_rmse(np.exp(predict(X[fold])), y[fold]))
        return np.mean(scores), scores


@misconception(
    "k_fold_score",
    "You measure the error of the prices themselves. A fold's score is the log-RMSE of the exercise before.",
)
def scored_without_logarithm():
    def k_fold_score(fit, X, y, k):
        scores = []
        for fold in np.array_split(np.arange(len(y)), k):
            rest = np.setdiff1d(np.arange(len(y)), fold)
            scores.append(np.sqrt(np.mean((fit(X[rest], y[rest])(X[fold]) - y[fold]) ** 2)))
        return np.mean(scores), scores


@misconception(
    "k_fold_score",
    "Your mean is the error of all held-out predictions in one pot. It should be the mean of the folds' errors.",
)
def pooled():
    def k_fold_score(fit, X, y, k):
        scores, predictions = [], []
        for fold in np.array_split(np.arange(len(y)), k):
            rest = np.setdiff1d(np.arange(len(y)), fold)
            predictions.append(fit(X[rest], y[rest])(X[fold]))
            scores.append(log_rmse(predictions[-1], y[fold]))
        return log_rmse(np.concatenate(predictions), y), scores


@misconception(
    "k_fold_score",
    "You weigh each fold by its number of rows. The mean of the contract gives every fold the same weight.",
)
def weighted_by_size():
    def k_fold_score(fit, X, y, k):
        folds = np.array_split(np.arange(len(y)), k)
        scores = []
        for fold in folds:
            rest = np.setdiff1d(np.arange(len(y)), fold)
            scores.append(log_rmse(fit(X[rest], y[rest])(X[fold]), y[fold]))
        return np.average(scores, weights=[len(fold) for fold in folds]), scores


@misconception("k_fold_score", "You return the sum of the folds' errors where their mean is asked for.")
def sum_of_the_folds():
    def k_fold_score(fit, X, y, k):
        scores = []
        for fold in np.array_split(np.arange(len(y)), k):
            rest = np.setdiff1d(np.arange(len(y)), fold)
            scores.append(log_rmse(fit(X[rest], y[rest])(X[fold]), y[fold]))
        return np.sum(scores), scores


@misconception(
    "k_fold_score",
    "You standardise X with all its rows before you cut the folds. So what the held-out rows look like reaches fit, "
    "which is also handed other numbers than those of X.",
)
def standardised_before_the_split():
    def k_fold_score(fit, X, y, k):
        X = (X - X.mean(axis=0)) / X.std(axis=0)
        scores = []
        for fold in np.array_split(np.arange(len(y)), k):
            rest = np.setdiff1d(np.arange(len(y)), fold)
            scores.append(log_rmse(fit(X[rest], y[rest])(X[fold]), y[fold]))
        return np.mean(scores), scores


@misconception(
    "k_fold_score",
    "You take one model, that of the first fold, for all folds. It has seen the rows of the others.",
)
def one_model_for_all_folds():
    def k_fold_score(fit, X, y, k):
        folds = np.array_split(np.arange(len(y)), k)
        rest = np.concatenate(folds[1:])
        predict = fit(X[rest], y[rest])
        scores = [log_rmse(predict(X[fold]), y[fold]) for fold in folds]
        return np.mean(scores), scores


@misconception(
    "k_fold_score",
    "Your model of a fold knows only the rows before that fold. In cross-validation it is fitted to all other rows, "
    "those that come later as well.",
)
def only_rows_before():
    def k_fold_score(fit, X, y, k):
        folds = np.array_split(np.arange(len(y)), k)
        scores = []
        for i, fold in enumerate(folds):
            rest = np.concatenate(folds[:i]) if i else np.concatenate(folds[1:])
            scores.append(log_rmse(fit(X[rest], y[rest])(X[fold]), y[fold]))
        return np.mean(scores), scores
