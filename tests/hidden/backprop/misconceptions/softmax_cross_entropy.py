"""Wrong versions of softmax and cross-entropy, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "softmax_cross_entropy",
    "Your softmax divides by the sum over all logits of the batch. Each row is a distribution of its own.",
)
def sum_without_an_axis():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum()
        loss = -np.log(p[np.arange(n), labels]).mean()
        d = p.copy()
        d[np.arange(n), labels] -= 1
        return loss, d / n


@misconception(
    "softmax_cross_entropy",
    "Your softmax runs along the wrong axis: it makes each class a distribution over the samples.",
)
def softmax_over_the_samples():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        e = np.exp(logits - logits.max(axis=0))
        p = e / e.sum(axis=0)
        loss = -np.log(p[np.arange(n), labels]).mean()
        d = p.copy()
        d[np.arange(n), labels] -= 1
        return loss, d / n


@misconception(
    "softmax_cross_entropy",
    "Large logits overflow in your exponential. Softmax does not change if something is subtracted from a whole row.",
)
def nothing_subtracted():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        with np.errstate(all="ignore"):
            e = np.exp(logits)
            p = e / e.sum(axis=1, keepdims=True)
            loss = -np.log(p[np.arange(n), labels]).mean()
        d = p.copy()
        d[np.arange(n), labels] -= 1
        return loss, d / n


@misconception(
    "softmax_cross_entropy",
    "You subtract the largest logit of the whole batch. Beside it a row of small logits vanishes altogether: each row "
    "needs its own maximum.",
)
def maximum_of_the_whole_batch():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        with np.errstate(all="ignore"):
            shifted = logits - np.max(logits)
            log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
            loss = -log_p[np.arange(n), labels].mean()
            d = np.exp(log_p)
        d[np.arange(n), labels] -= 1
        return loss, d / n


@misconception(
    "softmax_cross_entropy",
    "You take the logarithm of a probability that has become 0, and the loss is infinite. Compute the logarithm "
    "without going through the probability.",
)
def logarithm_of_zero():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            loss = -np.log(p[np.arange(n), labels]).mean()
        d = p.copy()
        d[np.arange(n), labels] -= 1
        return loss, d / n


@misconception(
    "softmax_cross_entropy",
    "A constant inside the logarithm keeps your loss finite, but also cuts it off: a prediction that is wrong by 2000 "
    "costs no more than one that is wrong by 30. Compute the logarithm without going through the probability.",
)
def constant_inside_the_logarithm():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(n), labels] + 1e-12).mean()
        d = p.copy()
        d[np.arange(n), labels] -= 1
        return loss, d / n


@misconception(
    "softmax_cross_entropy",
    "Your loss is the mean over the samples, but your gradient that of the sum: the two do not belong together.",
)
def gradient_of_the_sum():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        z = logits - logits.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        d = np.exp(log_p)
        d[np.arange(n), labels] -= 1
        return -log_p[np.arange(n), labels].mean(), d


@misconception(
    "softmax_cross_entropy",
    "Your loss and your gradient are sums over the samples. The loss here is their mean.",
)
def sum_for_mean():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        z = logits - logits.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        d = np.exp(log_p)
        d[np.arange(n), labels] -= 1
        return -log_p[np.arange(n), labels].sum(), d


@misconception(
    "softmax_cross_entropy",
    "You average over all entries, samples times classes. There is one loss for each sample, not one for each class.",
)
def mean_over_classes_too():
    def softmax_cross_entropy(logits, labels):
        z = logits - logits.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        target = np.eye(logits.shape[1])[labels]
        return -(target * log_p).mean(), (np.exp(log_p) - target) / logits.size


@misconception(
    "softmax_cross_entropy",
    "Your loss has the wrong sign: it falls when the prediction gets worse.",
)
def loss_without_its_minus():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        z = logits - logits.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        d = np.exp(log_p)
        d[np.arange(n), labels] -= 1
        return log_p[np.arange(n), labels].mean(), d / n


@misconception(
    "softmax_cross_entropy",
    "Your gradient has the wrong sign: descent along it raises the loss.",
)
def gradient_the_wrong_way_round():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        z = logits - logits.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        target = np.eye(logits.shape[1])[labels]
        return -log_p[np.arange(n), labels].mean(), (target - np.exp(log_p)) / n


@misconception(
    "softmax_cross_entropy",
    "Your gradient is the one with respect to the probabilities. The logits come before the softmax: go through it as "
    "well.",
)
def gradient_with_respect_to_the_probabilities():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        z = logits - logits.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        target = np.eye(logits.shape[1])[labels]
        with np.errstate(all="ignore"):
            return -log_p[np.arange(n), labels].mean(), -target / np.exp(log_p) / n


@misconception(
    "softmax_cross_entropy",
    "Your gradient uses only the diagonal of the softmax's Jacobian. Raising one logit also lowers the probabilities "
    "of all other classes.",
)
def diagonal_of_the_jacobian():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        z = logits - logits.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        p = np.exp(log_p)
        target = np.eye(logits.shape[1])[labels]
        return -log_p[np.arange(n), labels].mean(), -target * (1 - p) / n


@misconception(
    "softmax_cross_entropy",
    "logits[:, labels] picks the columns of all labels for each row. One entry of each row is meant.",
)
def columns_for_entries():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        z = logits - logits.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        d = np.exp(log_p)
        d[:, labels] -= 1
        return -log_p[:, labels].mean(), d / n


@misconception(
    "softmax_cross_entropy",
    "You subtract the maximum from the logits in place, and the caller's array is changed. Work on a copy.",
)
def logits_shifted_in_place():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        logits -= logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        d = np.exp(log_p)
        d[np.arange(n), labels] -= 1
        return -log_p[np.arange(n), labels].mean(), d / n


@misconception(
    "softmax_cross_entropy",
    "Your loss is a binary cross-entropy of each class. With softmax only the label's own probability enters the loss.",
)
def binary_cross_entropy():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        z = logits - logits.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        target = np.eye(logits.shape[1])[labels]
        with np.errstate(all="ignore"):
            loss = -(target * np.log(p) + (1 - target) * np.log(1 - p)).sum() / n
        return loss, (p - target) / n


@misconception(
    "softmax_cross_entropy",
    "You clip the logits. Nothing overflows then, but two logits beyond the limit count as equal, however far "
    "apart they are.",
)
def logits_clipped():
    def softmax_cross_entropy(logits, labels):
        n = logits.shape[0]
        e = np.exp(np.clip(logits, -500, 500))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(n), labels] + 1e-300).mean()
        d = p.copy()
        d[np.arange(n), labels] -= 1
        return loss, d / n
