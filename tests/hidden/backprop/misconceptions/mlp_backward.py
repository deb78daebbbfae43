"""Wrong backward passes, each with a sentence for the student who made the mistake. The cache is (X, z, hidden)."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "mlp_backward",
    "The penalty is in the loss but not in your gradient: the weights' gradients do not depend on weight_decay.",
)
def penalty_not_in_the_gradient():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        return {"W1": X.T @ dz, "b1": dz.sum(axis=0), "W2": h.T @ dlogits, "b2": dlogits.sum(axis=0)}


@misconception(
    "mlp_backward",
    "Your penalty's gradient is twice too large: mind the factor 1/2 in the loss.",
)
def factor_two_in_the_decay():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz + 2 * weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits + 2 * weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "Your penalty's gradient is half of what it should be: the factor 1/2 of the loss is used up by the square.",
)
def factor_one_half_in_the_decay():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz + 0.5 * weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits + 0.5 * weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "Your penalty is divided by the number of samples. It belongs to the weights and not to the data.",
)
def decay_divided_by_n():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        n = X.shape[0]
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz + weight_decay / n * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits + weight_decay / n * params["W2"],
            "b2": dlogits.sum(axis=0),
        }


@misconception("mlp_backward", "You decay the biases as well. The penalty is on W1 and W2 alone.")
def biases_decayed():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        grads = {"W1": X.T @ dz, "b1": dz.sum(axis=0), "W2": h.T @ dlogits, "b2": dlogits.sum(axis=0)}
        return {name: grads[name] + weight_decay * params[name] for name in grads}


@misconception("mlp_backward", "Your gradient goes through the hidden layer as if there were no ReLU.")
def no_mask():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "You apply relu to the gradient: what is cut off are negative gradients. What counts is which units were active in "
    "the forward pass.",
)
def mask_by_the_sign_of_the_gradient():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = np.maximum(dlogits @ params["W2"].T, 0)
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "You multiply the gradient by the hidden activation itself. The factor is the derivative of ReLU, 0 or 1.",
)
def multiplied_by_the_activation():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * h
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "You divide by the number of samples. The mean is in dlogits already: here gradients are summed.",
)
def divided_by_n_again():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        n = X.shape[0]
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz / n + weight_decay * params["W1"],
            "b1": dz.sum(axis=0) / n,
            "W2": h.T @ dlogits / n + weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0) / n,
        }


@misconception(
    "mlp_backward",
    "The gradients of your biases are means over the samples. A bias is used by each sample: its gradients add up.",
)
def mean_for_the_biases():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.mean(axis=0),
            "W2": h.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.mean(axis=0),
        }


@misconception(
    "mlp_backward",
    "The gradients of your biases are single numbers, summed over everything. Each bias has its own.",
)
def bias_sums_without_an_axis():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(),
            "W2": h.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.sum(),
        }


@misconception(
    "mlp_backward",
    "The gradients of your biases have shape (1, h) and (1, c): an axis was kept. They have the shapes of b1 and b2.",
)
def an_axis_kept():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(axis=0, keepdims=True),
            "W2": h.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0, keepdims=True),
        }


@misconception(
    "mlp_backward",
    "The gradient of W2 is taken with the hidden values before ReLU. W2 was multiplied by those after it.",
)
def pre_activations_for_hidden_units():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": z.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "In a hidden unit exactly at zero your gradient passes. By the convention relu_grad(0) = 0 it does not.",
)
def gradient_passes_at_zero():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z >= 0)
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "The penalty is in your gradient of W2 only. W1 is decayed as well.",
)
def only_the_output_weights_decayed():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz,
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "The gradient of your weights is smaller by the penalty's. A penalty is added to the loss, and its gradient to the "
    "gradient.",
)
def decay_with_the_wrong_sign():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz - weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits - weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "Your dictionary holds more than the gradients of the four parameters: whoever updates all its keys stumbles.",
)
def gradient_of_the_input_among_them():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
            "X": dz @ params["W1"].T,
        }


@misconception(
    "mlp_backward",
    "Your gradients are stored under names of their own. They have the keys of params, W1 for the gradient of W1.",
)
def names_of_their_own():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "dW1": X.T @ dz + weight_decay * params["W1"],
            "db1": dz.sum(axis=0),
            "dW2": h.T @ dlogits + weight_decay * params["W2"],
            "db2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "Your backward pass writes the mask into an array of the cache, so that a second call finds another cache.",
)
def cache_changed_in_place():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        W2 = h.T @ dlogits + weight_decay * params["W2"]
        h[h > 0] = 1
        dz = dlogits @ params["W2"].T * h
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": W2,
            "b2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "Your forward pass leaves its values in a global variable, and the next forward pass overwrites them. All that the "
    "backward pass needs is handed to it.",
)
def values_in_a_global_variable():
    def mlp_forward(params, X):
        global _last
        z = X @ params["W1"] + params["b1"]
        _last = (X, z, np.maximum(z, 0))
        return _last[2] @ params["W2"] + params["b2"], None

    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = _last
        dz = dlogits @ params["W2"].T * (z > 0)
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
        }


@misconception(
    "mlp_backward",
    "Your backward pass takes the step as well: it changes params. It only returns the gradients.",
)
def step_taken_in_the_backward_pass():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        dz = dlogits @ params["W2"].T * (z > 0)
        grads = {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": h.T @ dlogits + weight_decay * params["W2"],
            "b2": dlogits.sum(axis=0),
        }
        for name in params:
            params[name] -= 0.1 * grads[name]
        return grads


@misconception(
    "mlp_backward",
    "You send the gradient back through the gradient of W2. It goes through the weights themselves.",
)
def back_through_the_gradient_of_the_weights():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, h = cache
        W2 = h.T @ dlogits + weight_decay * params["W2"]
        dz = dlogits @ W2.T * (z > 0)
        return {
            "W1": X.T @ dz + weight_decay * params["W1"],
            "b1": dz.sum(axis=0),
            "W2": W2,
            "b2": dlogits.sum(axis=0),
        }
