"""Reference solutions of the assignment ``backprop``: a network with one hidden layer, by hand.

Everything is NumPy and float64. Rows are samples: X (n, d), logits (n, c); a layer is ``X @ W + b``.

Sources: Goodfellow, Bengio & Courville, "Deep Learning" (2016), chapters 4, 6, 7 and 8; Glorot & Bengio, "Understanding
the difficulty of training deep feedforward neural networks" (2010); He, Zhang, Ren & Sun, "Delving Deep into
Rectifiers" (2015); Prechelt, "Early Stopping - But When?" (1998).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def relu(z: np.ndarray) -> np.ndarray:
    """max(z, 0), elementwise."""
    return np.maximum(z, 0.0)


def relu_grad(z: np.ndarray) -> np.ndarray:
    """Derivative of relu at z, elementwise: 1 where z > 0, else 0.

    At z = 0 there is no derivative. Every number in [0, 1] is a subgradient; 0 is the convention, also torch's.
    """
    return (z > 0).astype(float)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), elementwise, without overflow for any z.

    With t = exp(-|z|), which lies in (0, 1] and cannot overflow,

        sigmoid(z) = 1 / (1 + t)     for z >= 0
        sigmoid(z) = t / (1 + t)     for z < 0        (the fraction is expanded by exp(z) = t)

    Both branches are harmless for every z, so that ``np.where`` may evaluate both.
    """
    t = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, t) / (1.0 + t)


def sigmoid_grad(z: np.ndarray) -> np.ndarray:
    """Derivative of sigmoid at z (not at its value), elementwise: s (1 - s) with s = sigmoid(z)."""
    s = sigmoid(z)
    return s * (1.0 - s)


def tanh_grad(z: np.ndarray) -> np.ndarray:
    """Derivative of tanh at z, elementwise: 1 - tanh(z)^2."""
    return 1.0 - np.tanh(z) ** 2


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean cross-entropy of softmax(logits) (n, c) against labels (n,), and its gradient (n, c).

    For one row z with label y,

        p_k = exp(z_k) / sum_j exp(z_j)
        L   = -log p_y = log sum_j exp(z_j) - z_y
        dL/dz_k = exp(z_k) / sum_j exp(z_j) - [k = y] = p_k - [k = y].

    The loss is the mean over the rows, so each row's gradient is divided by n.

    Stability (Goodfellow et al. 2016, section 4.1): p does not change if a number is subtracted from a row. With the
    row's own maximum subtracted, the largest exponent is 0: nothing overflows, and the sum is at least 1, so that its
    logarithm is finite. log p is computed as a difference, never as the logarithm of p, which may have become 0.

    Returns (loss, dlogits (n, c)).
    """
    n = logits.shape[0]
    rows = np.arange(n)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_p[rows, labels].mean()
    dlogits = np.exp(log_p)
    dlogits[rows, labels] -= 1.0
    return loss, dlogits / n


def numerical_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    """Gradient of the scalar function f at x by central differences; like x in shape.

        df/dx_i = [f(x + eps e_i) - f(x - eps e_i)] / (2 eps) + O(eps^2)

    In the difference the second-order terms of Taylor's series cancel, hence the error eps^2 / 6 |f'''|; the rounding
    of f adds about |f| 1e-16 / eps. The sum is smallest near eps = (1e-16)^(1/3), some 1e-5.

    f is called twice for each entry of x, with a copy: x itself is never touched.
    """
    grad = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += eps
        below[index] -= eps
        grad[index] = (f(above) - f(below)) / (2 * eps)
    return grad


def mlp_forward(params: dict[str, np.ndarray], X: np.ndarray) -> tuple[np.ndarray, Any]:
    """Logits (n, c) of a network with one hidden layer of ReLU units, for X (n, d).

        z = X W1 + b1        h = relu(z)        logits = h W2 + b2

    params holds W1 (d, h), b1 (h,), W2 (h, c) and b2 (c,). The cache keeps what the backward pass needs and params do
    not hold: X, z and h.

    Returns (logits (n, c), cache).
    """
    z = X @ params["W1"] + params["b1"]
    hidden = relu(z)
    logits = hidden @ params["W2"] + params["b2"]
    return logits, (X, z, hidden)


def mlp_backward(
    params: dict[str, np.ndarray], cache: Any, dlogits: np.ndarray, weight_decay: float
) -> dict[str, np.ndarray]:
    """Gradients of the loss with respect to params, for dlogits (n, c), the gradient of its data term.

    The whole loss is J = L(logits) + weight_decay / 2 (|W1|^2 + |W2|^2), with squared Frobenius norms. Backwards
    through the network, each matrix rule follows from its entries (Goodfellow et al. 2016, section 6.5):

    Output layer, logits_ik = sum_j h_ij W2_jk + b2_k:

        dJ/dW2_jk = sum_i h_ij dlogits_ik + weight_decay W2_jk        h^T dlogits + weight_decay W2
        dJ/db2_k  = sum_i dlogits_ik                                  the sum over the rows
        dJ/dh_ij  = sum_k dlogits_ik W2_jk                            dlogits W2^T

    ReLU, h = relu(z), elementwise:  dJ/dz = dJ/dh * relu'(z).

    Hidden layer, z_ij = sum_k X_ik W1_kj + b1_j, like the output layer:

        dJ/dW1 = X^T dz + weight_decay W1        dJ/db1 = sum of dz over the rows

    The mean over the samples is already in dlogits: here is summed, not averaged. The biases are not decayed: they
    shift a unit and make no function less smooth.

    Returns a dict with the keys and shapes of params.
    """
    X, z, hidden = cache
    dz = dlogits @ params["W2"].T * relu_grad(z)
    return {
        "W1": X.T @ dz + weight_decay * params["W1"],
        "b1": dz.sum(axis=0),
        "W2": hidden.T @ dlogits + weight_decay * params["W2"],
        "b2": dlogits.sum(axis=0),
    }


def xavier_uniform(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """Weights (fan_in, fan_out), uniform with variance 2 / (fan_in + fan_out) (Glorot & Bengio 2010, eq. 16).

    Independent weights of variance v and mean 0 multiply the variance of the signal by fan_in v on its way forward, and
    that of the gradient by fan_out v on its way back. Both are 1 only for fan_in = fan_out; the compromise is
    v = 2 / (fan_in + fan_out). A uniform distribution on [-a, a] has variance a^2 / 3, so a = sqrt(3 v).
    """
    bound = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, size=(fan_in, fan_out))


def he_normal(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """Weights (fan_in, fan_out), normal with mean 0 and variance 2 / fan_in (He et al. 2015, eq. 10).

    ReLU sets half of a symmetric signal to 0: E[relu(z)^2] = E[z^2] / 2. So the next layer receives half the mean
    square, and weights of variance 2 / fan_in make up for it.
    """
    return rng.normal(0.0, np.sqrt(2.0 / fan_in), size=(fan_in, fan_out))


class EarlyStopping:
    """Tells when to stop training: after ``patience`` calls in a row without an improvement (Prechelt 1998)."""

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        """An improvement is a loss more than ``min_delta`` below the best one so far."""
        self.patience = patience
        self.min_delta = min_delta
        self.best_loss = np.inf
        self.best_step: int | None = None
        self._calls = 0
        self._waited = 0

    def step(self, val_loss: float) -> bool:
        """Take note of the next validation loss; True says to stop.

        True from the call that completes ``patience`` consecutive calls without an improvement until the next
        improvement. NaN compares as false with everything, so it is no improvement; that is why the test is for an
        improvement and not for the lack of one.
        """
        if val_loss < self.best_loss - self.min_delta:
            self.best_loss = val_loss
            self.best_step = self._calls
            self._waited = 0
        else:
            self._waited += 1
        self._calls += 1
        return self._waited >= self.patience
