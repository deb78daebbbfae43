"""Right ways to write the activations: each must earn every point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("activations")
def masks_and_two_branches():
    def relu(z):
        return z * (z > 0)

    def relu_grad(z):
        return 1.0 * (z > 0)

    def sigmoid(z):
        out = np.empty_like(z)
        positive = z >= 0
        out[positive] = 1 / (1 + np.exp(-z[positive]))
        e = np.exp(z[~positive])
        out[~positive] = e / (1 + e)
        return out

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        t = np.tanh(z)
        return 1 - t * t


@equivalent("activations")
def clipped_argument():
    def relu(z):
        return np.clip(z, 0, None)

    def relu_grad(z):
        grad = np.zeros_like(z)
        grad[z > 0] = 1
        return grad

    def sigmoid(z):
        return 1.0 / (1.0 + np.exp(-np.clip(z, -500, 500)))

    def sigmoid_grad(z):
        s = sigmoid(z)
        return s - s**2

    def tanh_grad(z):
        return 1 - np.square(np.tanh(z))


@equivalent("activations")
def sigmoid_by_tanh():
    def relu(z):
        return np.where(z > 0, z, 0)

    def relu_grad(z):
        return np.where(z > 0, 1, 0)

    def sigmoid(z):
        return 0.5 * (1 + np.tanh(0.5 * z))

    def sigmoid_grad(z):
        return 0.25 * (1 - np.tanh(z / 2) ** 2)

    def tanh_grad(z):
        return (1 - np.tanh(z)) * (1 + np.tanh(z))


@equivalent("activations")
def sigmoid_by_logaddexp():
    def relu(z):
        return (np.abs(z) + z) / 2

    def relu_grad(z):
        return np.heaviside(z, 0.0)

    def sigmoid(z):
        return np.exp(-np.logaddexp(0.0, -z))

    def sigmoid_grad(z):
        return np.exp(-np.logaddexp(0.0, -z) - np.logaddexp(0.0, z))

    def tanh_grad(z):
        return 4 * sigmoid_grad(2 * z)


@equivalent("activations")
def boolean_gradient_and_silenced_overflow():
    def relu(z):
        return np.maximum(0, z)

    def relu_grad(z):
        return z > 0

    def sigmoid(z):
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-z))

    def sigmoid_grad(z):
        return sigmoid(z) * sigmoid(-z)

    def tanh_grad(z):
        with np.errstate(over="ignore"):
            return 1 / np.cosh(z) ** 2


@equivalent("activations")
def one_entry_at_a_time():
    import math

    def relu(z):
        return np.array([max(v, 0.0) for v in z.ravel()]).reshape(z.shape)

    def relu_grad(z):
        return np.array([1.0 if v > 0 else 0.0 for v in z.ravel()]).reshape(z.shape)

    def sigmoid_of(v):
        return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))

    def sigmoid(z):
        return np.vectorize(sigmoid_of, otypes=[float])(z)

    def sigmoid_grad(z):
        return np.vectorize(lambda v: sigmoid_of(v) * sigmoid_of(-v), otypes=[float])(z)

    def tanh_grad(z):
        return np.vectorize(lambda v: 1 - math.tanh(v) ** 2, otypes=[float])(z)


@equivalent("activations")
def lists_and_copies():
    def relu(z):
        out = z.copy()
        out[out < 0] = 0
        return out.tolist()

    def relu_grad(z):
        out = np.ones(np.shape(z))
        out[z <= 0] = 0
        return out

    def sigmoid(z):
        e = np.exp(-abs(z))
        return np.where(z < 0, e / (1 + e), 1 / (1 + e))

    def sigmoid_grad(z):
        e = np.exp(-abs(z))
        return e / (1 + e) ** 2

    def tanh_grad(z):
        return 1.0 - np.power(np.tanh(z), 2)


@equivalent("activations")
def integer_masks_and_narrow_clipping():
    def relu(z):
        mask = z > 0
        return mask * z

    def relu_grad(z):
        return np.array(z > 0, dtype=np.int64)

    def sigmoid(z):
        z = np.clip(z, -30, 30)
        return 1 / (1 + np.exp(-z))

    def sigmoid_grad(z):
        return np.exp(-np.abs(z)) / np.square(1 + np.exp(-np.abs(z)))

    def tanh_grad(z):
        return np.where(np.abs(z) > 20, 0.0, 1 / np.cosh(np.clip(z, -20, 20)) ** 2)
