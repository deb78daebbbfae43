"""Wrong solutions of ``cross_validate``, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "cross_validate",
    "You shuffle the samples before you cut them into folds. Here the folds are contiguous, in the order of the rows.",
)
def shuffled():
    def cross_validate(X, y, alphas, k):
        rows, errors = np.random.default_rng(0).permutation(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "Your folds take every k-th sample. Here they are contiguous: runs of neighbouring rows.",
)
def every_kth_sample():
    def cross_validate(X, y, alphas, k):
        rows, errors = np.arange(len(y)), []
        for i in range(k):
            fold, train = rows[i::k], rows[rows % k != i]
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "Your last fold takes all that is left over. The samples that are left over go to the first folds, one each.",
)
def remainder_in_the_last_fold():
    def cross_validate(X, y, alphas, k):
        n, errors = len(y), []
        rows, size = np.arange(n), n // k
        for i in range(k):
            fold = rows[i * size : (i + 1) * size if i < k - 1 else n]
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "The samples that are left over when n is divided by k are never held out. Each sample is held out once.",
)
def remainder_never_held_out():
    def cross_validate(X, y, alphas, k):
        rows, size, errors = np.arange(len(y)), len(y) // k, []
        for i in range(k):
            fold = rows[i * size : (i + 1) * size]
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "You fit to the held-out fold and judge on the rest: the two are exchanged.",
)
def fold_and_rest_exchanged():
    def cross_validate(X, y, alphas, k):
        rows, errors = np.arange(len(y)), []
        for train in np.array_split(rows, k):
            fold = np.setdiff1d(rows, train)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "You judge the models on the samples that they were fitted to. That error always favours the smallest penalty: "
    "judge on the held-out fold.",
)
def judged_on_the_training_samples():
    def cross_validate(X, y, alphas, k):
        rows, errors = np.arange(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[train] @ coefs.T + intercepts - y[train, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "You fit to all samples, the held-out ones included. So every model has seen what it is judged on.",
)
def fitted_to_everything():
    def cross_validate(X, y, alphas, k):
        coefs, intercepts = ridge_path(X, y, alphas)
        squares = (X @ coefs.T + intercepts - y[:, None]) ** 2
        mean = np.mean([squares[fold].mean(axis=0) for fold in np.array_split(np.arange(len(y)), k)], axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "You average over all samples. The estimate is the mean of the folds' errors, so each fold counts the same, "
    "also a smaller one.",
)
def mean_over_samples():
    def cross_validate(X, y, alphas, k):
        rows, squares = np.arange(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            squares.append((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2)
        mean = np.concatenate(squares).mean(axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "You return the position of the best penalty. Return the penalty itself.",
)
def position_of_the_best():
    def cross_validate(X, y, alphas, k):
        rows, errors = np.arange(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return int(np.argmin(mean)), mean


@misconception(
    "cross_validate",
    "You return the penalty with the largest error. An error is to be small.",
)
def largest_error_taken_for_the_best():
    def cross_validate(X, y, alphas, k):
        rows, errors = np.arange(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmax(mean)], mean


@misconception(
    "cross_validate",
    "You center X and y once, with the means of all samples. So each model knows something of its held-out fold: "
    "the means are part of the fit.",
)
def means_of_all_samples():
    def cross_validate(X, y, alphas, k):
        A, b = X - X.mean(axis=0), y - y.mean()
        rows, errors = np.arange(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            gram, right = A[train].T @ A[train], A[train].T @ b[train]
            models = [np.linalg.solve(gram + alpha * np.eye(X.shape[1]), right) for alpha in alphas]
            errors.append([np.mean((A[fold] @ w - b[fold]) ** 2) for w in models])
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "You take the root of the mean squared error. The mean squared error itself is asked for.",
)
def root_of_the_error():
    def cross_validate(X, y, alphas, k):
        rows, errors = np.arange(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.sqrt(np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0)))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "You add up the squared errors of a fold. Divide by its number of samples: the mean is asked for.",
)
def sums_of_squares():
    def cross_validate(X, y, alphas, k):
        rows, errors = np.arange(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.sum((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "Your predictions lack the intercept.",
)
def predictions_without_the_intercept():
    def cross_validate(X, y, alphas, k):
        rows, errors = np.arange(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            coefs, _ = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[fold] @ coefs.T - y[fold, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "You sort the penalties. Entry i of the errors belongs to the i-th penalty in the order given.",
)
def penalties_sorted():
    def cross_validate(X, y, alphas, k):
        alphas = np.sort(alphas)
        rows, errors = np.arange(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "What you return is the error of the last fold: the mean over the folds is missing.",
)
def the_last_fold_alone():
    def cross_validate(X, y, alphas, k):
        rows = np.arange(len(y))
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            mean = np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0)
        return alphas[np.argmin(mean)], mean


@misconception(
    "cross_validate",
    "You return all errors of all folds. Average them over the folds: one number for each penalty.",
)
def errors_of_all_folds():
    def cross_validate(X, y, alphas, k):
        rows, errors = np.arange(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0))
        return alphas[np.argmin(np.mean(errors, axis=0))], np.array(errors)


@misconception(
    "cross_validate",
    "You center X in place. X[start:stop] is a view, so the caller's data change.",
)
def centered_in_place():
    def cross_validate(X, y, alphas, k):
        rows, errors = np.arange(len(y)), []
        for fold in np.array_split(rows, k):
            train = np.setdiff1d(rows, fold)
            X -= X[train].mean(axis=0)
            coefs, intercepts = ridge_path(X[train], y[train], alphas)
            errors.append(np.mean((X[fold] @ coefs.T + intercepts - y[fold, None]) ** 2, axis=0))
        mean = np.mean(errors, axis=0)
        return alphas[np.argmin(mean)], mean
