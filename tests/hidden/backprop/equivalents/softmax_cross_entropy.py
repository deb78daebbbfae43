"""Right ways to write softmax and cross-entropy: each must earn every point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("softmax_cross_entropy")
def one_hot():
    def softmax_cross_entropy(logits, labels):
        n, c = logits.shape
        target = np.eye(c)[labels]
        z = logits - np.max(logits, axis=-1, keepdims=True)
        log_p = z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))
        loss = -np.sum(target * log_p) / n
        return loss, (np.exp(log_p) - target) / n


@equivalent("softmax_cross_entropy")
def probabilities_and_log_sum_exp():
    def softmax(z):
        e = np.exp(z - z.max(axis=1).reshape(-1, 1))
        return e / e.sum(axis=1).reshape(-1, 1)

    def softmax_cross_entropy(logits, labels):
        n = len(labels)
        largest = logits.max(axis=1)
        log_sum = largest + np.log(np.exp(logits - largest[:, np.newaxis]).sum(axis=1))
        loss = np.mean(log_sum - logits[range(n), labels])
        p = softmax(logits)
        p[range(n), labels] -= 1
        p /= n
        return float(loss), p


@equivalent("softmax_cross_entropy")
def sample_by_sample():
    def softmax_cross_entropy(logits, labels):
        n, c = logits.shape
        loss = 0.0
        dlogits = np.zeros((n, c))
        for i in range(n):
            z = logits[i] - max(logits[i])
            e = np.exp(z)
            total = sum(e)
            loss += np.log(total) - z[labels[i]]
            for k in range(c):
                dlogits[i, k] = (e[k] / total - (1 if k == labels[i] else 0)) / n
        return loss / n, dlogits


@equivalent("softmax_cross_entropy")
def reduced_by_logaddexp():
    def softmax_cross_entropy(logits, labels):
        rows = np.arange(logits.shape[0])
        log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        target = np.zeros_like(logits)
        target[rows, labels] = 1
        return np.array(-np.average(log_p[rows, labels])), (np.exp(log_p) - target) / rows.size


@equivalent("softmax_cross_entropy")
def transposed_and_taken_along():
    def softmax_cross_entropy(logits, labels):
        z = (logits.T - logits.T.max(axis=0)).T
        log_z = np.log(np.exp(z).sum(axis=1))
        picked = np.take_along_axis(z, labels[:, None], axis=1)[:, 0]
        loss = (log_z - picked).sum() / labels.size
        d = np.exp(z - log_z[:, None])
        np.add.at(d, (np.arange(labels.size), labels), -1.0)
        return loss, d / labels.size


@equivalent("softmax_cross_entropy")
def differences_to_the_label():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        correct = logits[np.arange(n), labels][:, None]
        margins = logits - correct
        m = margins.max(axis=1, keepdims=True)
        loss = (m[:, 0] + np.log(np.exp(margins - m).sum(axis=1))).mean()
        e = np.exp(margins - m)
        p = e / e.sum(axis=1, keepdims=True)
        onehot = (np.arange(logits.shape[1]) == labels[:, None]).astype(np.float64)
        return loss, (p - onehot) / n


@equivalent("softmax_cross_entropy")
def jacobian_of_the_softmax():
    def softmax_cross_entropy(logits, labels):
        n, c = logits.shape
        loss, rows = 0, []
        for z, y in zip(logits, labels):
            shifted = z - np.amax(z)
            log_p = shifted - np.log(np.sum(np.exp(shifted)))
            loss -= log_p[y] / n
            p = np.exp(log_p)
            # -1/p_y times row y of diag(p) - p p^T, with the division carried out by hand
            rows.append(-((np.arange(c) == y) - p) / n)
        return (loss, np.vstack(rows))


@equivalent("softmax_cross_entropy")
def tiny_constant_in_the_denominator():
    def softmax_cross_entropy(logits, labels):
        m = logits.shape[0]
        z = logits - logits.max(axis=1, keepdims=True)
        exps = np.exp(z)
        probs = exps / (np.sum(exps, axis=1, keepdims=True) + 1e-15)
        loss = 0.0
        for i in range(m):
            loss += -z[i, labels[i]] + np.log(exps[i].sum())
        dlogits = probs.copy()
        dlogits[np.arange(m), labels] -= 1.0
        return [loss / m, list(dlogits / m)]


@equivalent("softmax_cross_entropy")
def reduced_column_by_column():
    from functools import reduce

    def softmax_cross_entropy(logits, labels):
        log_sum = reduce(np.logaddexp, logits.T)
        n = labels.shape[0]
        loss = sum(log_sum[i] - logits[i][labels[i]] for i in range(n)) / n
        grad = np.exp(logits - log_sum[:, None])
        for i, y in enumerate(labels):
            grad[i, int(y)] -= 1
        return loss, grad / float(n)
