"""Wrong activations, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "activations",
    "Your relu_grad at exactly 0 is 1. The two sides disagree there; the convention of this course is the left one's.",
)
def gradient_of_one_at_zero():
    def relu(z):
        return np.maximum(z, 0)

    def relu_grad(z):
        return (z >= 0).astype(float)

    def sigmoid(z):
        t = np.exp(-np.abs(z))
        return np.where(z >= 0, 1.0, t) / (1.0 + t)

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        return 1 - np.tanh(z) ** 2


@misconception(
    "activations",
    "Your relu_grad at exactly 0 is one half, the mean of both sides. The convention of this course is another one.",
)
def gradient_of_one_half_at_zero():
    def relu(z):
        return np.maximum(z, 0)

    def relu_grad(z):
        return np.heaviside(z, 0.5)

    def sigmoid(z):
        t = np.exp(-np.abs(z))
        return np.where(z >= 0, 1.0, t) / (1.0 + t)

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        return 1 - np.tanh(z) ** 2


@misconception(
    "activations",
    "Your sigmoid is right, but overflows on the way: exp(-z) is larger than any float for a very negative z. Find a "
    "form whose exponent is never positive. (np.where does not help by itself: it computes both branches for all z.)",
)
def sigmoid_overflows():
    def relu(z):
        return np.maximum(z, 0)

    def relu_grad(z):
        return (z > 0).astype(float)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        return 1 - np.tanh(z) ** 2


@misconception(
    "activations",
    "exp(z) / (1 + exp(z)) is infinity divided by infinity for large z, which is NaN. Each of the two forms of "
    "the sigmoid is safe on one side only.",
)
def sigmoid_is_nan_for_large_arguments():
    def relu(z):
        return np.maximum(z, 0)

    def relu_grad(z):
        return (z > 0).astype(float)

    def sigmoid(z):
        return np.exp(z) / (1 + np.exp(z))

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        return 1 - np.tanh(z) ** 2


@misconception(
    "activations",
    "Your sigmoid_grad and tanh_grad take the value of the activation for their argument. They are handed z, the "
    "argument of the activation itself.",
)
def gradients_of_the_value():
    def relu(z):
        return np.maximum(z, 0)

    def relu_grad(z):
        return (z > 0).astype(float)

    def sigmoid(z):
        t = np.exp(-np.abs(z))
        return np.where(z >= 0, 1.0, t) / (1.0 + t)

    def sigmoid_grad(z):
        return z * (1 - z)

    def tanh_grad(z):
        return 1 - z**2


@misconception(
    "activations",
    "Your tanh_grad is 1 - z^2 with z itself: the square is that of another quantity.",
)
def tanh_gradient_without_tanh():
    def relu(z):
        return np.maximum(z, 0)

    def relu_grad(z):
        return (z > 0).astype(float)

    def sigmoid(z):
        t = np.exp(-np.abs(z))
        return np.where(z >= 0, 1.0, t) / (1.0 + t)

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        return 1 - z**2


@misconception(
    "activations",
    "Your tanh_grad is 1 - tanh(z): differentiate once more, or look at its size far from 0 on the left.",
)
def tanh_not_squared():
    def relu(z):
        return np.maximum(z, 0)

    def relu_grad(z):
        return (z > 0).astype(float)

    def sigmoid(z):
        t = np.exp(-np.abs(z))
        return np.where(z >= 0, 1.0, t) / (1.0 + t)

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        return 1 - np.tanh(z)


@misconception(
    "activations",
    "Your relu_grad returns what relu returns: it keeps z where z is positive. The slope there is a constant.",
)
def relu_for_its_gradient():
    def relu(z):
        return np.maximum(z, 0)

    def relu_grad(z):
        return np.where(z > 0, z, 0)

    def sigmoid(z):
        t = np.exp(-np.abs(z))
        return np.where(z >= 0, 1.0, t) / (1.0 + t)

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        return 1 - np.tanh(z) ** 2


@misconception(
    "activations",
    "Your relu writes its zeros into the array that it is handed, and the caller's z is lost. Work on a copy.",
)
def relu_in_place():
    def relu(z):
        z[z < 0] = 0
        return z

    def relu_grad(z):
        return (z > 0).astype(float)

    def sigmoid(z):
        t = np.exp(-np.abs(z))
        return np.where(z >= 0, 1.0, t) / (1.0 + t)

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        return 1 - np.tanh(z) ** 2


@misconception(
    "activations",
    "Your relu leaks: it keeps a share of the negative values. ReLU turns them into 0.",
)
def leaky():
    def relu(z):
        return np.where(z > 0, z, 0.01 * z)

    def relu_grad(z):
        return np.where(z > 0, 1.0, 0.01)

    def sigmoid(z):
        t = np.exp(-np.abs(z))
        return np.where(z >= 0, 1.0, t) / (1.0 + t)

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        return 1 - np.tanh(z) ** 2


@misconception(
    "activations",
    "The sign of the exponent in your sigmoid is the other way round: yours falls where it should rise.",
)
def sigmoid_mirrored():
    def relu(z):
        return np.maximum(z, 0)

    def relu_grad(z):
        return (z > 0).astype(float)

    def sigmoid(z):
        t = np.exp(-np.abs(z))
        return np.where(z >= 0, t, 1.0) / (1.0 + t)

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        return 1 - np.tanh(z) ** 2


@misconception(
    "activations",
    "Your relu cuts its values to whole numbers: np.vectorize takes the type of the first result for all of them.",
)
def vectorized_to_integers():
    @np.vectorize
    def relu(v):
        return v if v > 0 else 0

    def relu_grad(z):
        return (z > 0).astype(float)

    def sigmoid(z):
        t = np.exp(-np.abs(z))
        return np.where(z >= 0, 1.0, t) / (1.0 + t)

    def sigmoid_grad(z):
        return sigmoid(z) * (1 - sigmoid(z))

    def tanh_grad(z):
        return 1 - np.tanh(z) ** 2
