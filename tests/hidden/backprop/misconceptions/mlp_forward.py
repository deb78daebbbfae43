"""Wrong forward passes, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "mlp_forward",
    "Your network has no ReLU: two affine layers in a row are but one affine layer.",
)
def no_relu():
    def mlp_forward(params, X):
        z = X @ params["W1"] + params["b1"]
        return z @ params["W2"] + params["b2"], (X, z, z)


@misconception(
    "mlp_forward",
    "You apply ReLU to the output as well. Logits may be negative.",
)
def relu_on_the_output():
    def mlp_forward(params, X):
        z = X @ params["W1"] + params["b1"]
        h = np.maximum(z, 0)
        return np.maximum(h @ params["W2"] + params["b2"], 0), (X, z, h)


@misconception(
    "mlp_forward",
    "You return probabilities. The softmax belongs to the loss; the network ends with the logits.",
)
def probabilities_for_logits():
    def mlp_forward(params, X):
        z = X @ params["W1"] + params["b1"]
        h = np.maximum(z, 0)
        out = h @ params["W2"] + params["b2"]
        e = np.exp(out - out.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True), (X, z, h)


@misconception("mlp_forward", "The bias of the output layer is missing in your logits.")
def output_bias_forgotten():
    def mlp_forward(params, X):
        z = X @ params["W1"] + params["b1"]
        h = np.maximum(z, 0)
        return h @ params["W2"], (X, z, h)


@misconception("mlp_forward", "The bias of the hidden layer is missing, or comes too late to move the kink of ReLU.")
def hidden_bias_after_relu():
    def mlp_forward(params, X):
        z = X @ params["W1"]
        h = np.maximum(z, 0) + params["b1"]
        return h @ params["W2"] + params["b2"], (X, z, h)


@misconception("mlp_forward", "Your hidden layer has another activation than ReLU: negative values come through.")
def another_activation():
    def mlp_forward(params, X):
        z = X @ params["W1"] + params["b1"]
        h = np.tanh(z)
        return h @ params["W2"] + params["b2"], (X, z, h)


@misconception(
    "mlp_forward",
    "Your hidden layer takes the sigmoid of z. It is a ReLU layer.",
)
def sigmoid_activation():
    def mlp_forward(params, X):
        z = X @ params["W1"] + params["b1"]
        h = sigmoid(z)
        return h @ params["W2"] + params["b2"], (X, z, h)


@misconception(
    "mlp_forward",
    "You add the bias into the array of params (in place): after the call the parameters are others.",
)
def parameters_changed_in_place():
    def mlp_forward(params, X):
        z = X @ params["W1"] + params["b1"]
        params["b1"] = params["b1"].reshape(1, -1)
        h = np.maximum(z, 0)
        params["b2"] = params["b2"].reshape(1, -1)
        return h @ params["W2"] + params["b2"], (X, z, h)
