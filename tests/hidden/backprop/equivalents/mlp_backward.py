"""Right backward passes: each must earn every point. Without a forward pass of its own, one gets (X, z, hidden)."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("mlp_backward")
def step_by_step():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, hidden = cache
        grads = {}
        grads["W2"] = np.dot(hidden.T, dlogits)
        grads["b2"] = np.sum(dlogits, axis=0)
        dhidden = np.dot(dlogits, params["W2"].T)
        dhidden[hidden <= 0] = 0
        grads["W1"] = np.dot(X.T, dhidden)
        grads["b1"] = np.sum(dhidden, axis=0)
        grads["W2"] += weight_decay * params["W2"]
        grads["W1"] += weight_decay * params["W1"]
        return grads


@equivalent("mlp_backward")
def mask_of_the_hidden_units():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, _, h = cache
        dz = (dlogits @ params["W2"].T) * (h > 0)
        gradient = dict(b2=dlogits.sum(0), b1=dz.sum(0))
        for name, left, right in (("W2", h, dlogits), ("W1", X, dz)):
            gradient[name] = left.T @ right + 0.5 * weight_decay * 2 * params[name]
        return gradient


@equivalent("mlp_backward")
def einsum_and_ordered_dict():
    from collections import OrderedDict

    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, hidden = cache
        dz = np.einsum("nc,hc->nh", dlogits, params["W2"]) * np.where(z > 0, 1.0, 0.0)
        out = OrderedDict()
        out["W1"] = np.einsum("nd,nh->dh", X, dz) + weight_decay * params["W1"]
        out["b1"] = np.einsum("nh->h", dz)
        out["W2"] = np.einsum("nh,nc->hc", hidden, dlogits) + weight_decay * params["W2"]
        out["b2"] = np.einsum("nc->c", dlogits)
        return out


@equivalent("mlp_backward")
def sum_of_outer_products():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, hidden = cache
        grads = {name: np.zeros_like(value) for name, value in params.items()}
        for i in range(len(X)):
            d = dlogits[i]
            grads["W2"] += np.outer(hidden[i], d)
            grads["b2"] += d
            back = (params["W2"] @ d) * relu_grad(z[i])
            grads["W1"] += np.outer(X[i], back)
            grads["b1"] += back
        grads["W1"] = grads["W1"] + weight_decay * params["W1"]
        grads["W2"] = grads["W2"] + weight_decay * params["W2"]
        return grads


@equivalent("mlp_backward")
def dictionary_cache_with_parameters():
    def mlp_forward(params, X):
        z1 = X @ params["W1"] + params["b1"]
        a1 = np.maximum(z1, 0)
        cache = {"A0": X, "Z1": z1, "A1": a1, **params}
        return a1 @ params["W2"] + params["b2"], cache

    def mlp_backward(params, cache, dlogits, weight_decay):
        dZ2 = dlogits
        dW2 = cache["A1"].T.dot(dZ2) + weight_decay * cache["W2"]
        db2 = dZ2.sum(axis=0)
        dA1 = dZ2.dot(cache["W2"].T)
        dZ1 = np.array(dA1, copy=True)
        dZ1[cache["Z1"] <= 0] = 0
        dW1 = cache["A0"].T.dot(dZ1) + weight_decay * cache["W1"]
        return {"W1": dW1, "b1": dZ1.sum(axis=0), "W2": dW2, "b2": db2}


@equivalent("mlp_backward")
def layer_objects():
    class Affine:
        def __init__(self, W, b):
            self.W, self.b = W, b

        def __call__(self, x):
            self.x = x
            return x @ self.W + self.b

        def back(self, dy, decay):
            return dy @ self.W.T, self.x.T @ dy + decay * self.W, dy.sum(axis=0)

    def mlp_forward(params, X):
        layers = [Affine(params["W1"], params["b1"]), Affine(params["W2"], params["b2"])]
        z = layers[0](X)
        return layers[1](relu(z)), (layers, z > 0)

    def mlp_backward(params, cache, dlogits, weight_decay):
        (first, second), active = cache
        dh, dW2, db2 = second.back(dlogits, weight_decay)
        _, dW1, db1 = first.back(dh * active, weight_decay)
        return {"b1": db1, "b2": db2, "W1": dW1, "W2": dW2}


@equivalent("mlp_backward")
def closures_on_a_tape():
    def mlp_forward(params, X):
        z = X @ params["W1"] + params["b1"]
        h = np.maximum(z, 0)

        def back(dlogits):
            dz = np.where(z > 0, dlogits @ params["W2"].T, 0)
            return {"W2": h.T @ dlogits, "b2": dlogits.sum(0), "W1": X.T @ dz, "b1": dz.sum(0)}

        return h @ params["W2"] + params["b2"], back

    def mlp_backward(params, cache, dlogits, weight_decay):
        grads = cache(dlogits)
        return {k: g + (weight_decay * params[k] if k.startswith("W") else 0) for k, g in grads.items()}


@equivalent("mlp_backward")
def only_the_input_is_cached():
    def mlp_forward(params, X):
        return relu(X @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"], X

    def mlp_backward(params, cache, dlogits, weight_decay):
        z = cache @ params["W1"] + params["b1"]
        dz = relu_grad(z) * (params["W2"] @ dlogits.T).T
        decayed = {name: weight_decay * value if value.ndim == 2 else 0 * value for name, value in params.items()}
        ones = np.ones(len(cache))
        return {
            "W1": (dz.T @ cache).T + decayed["W1"],
            "b1": ones @ dz + decayed["b1"],
            "W2": (dlogits.T @ relu(z)).T + decayed["W2"],
            "b2": ones @ dlogits + decayed["b2"],
        }


@equivalent("mlp_backward")
def bias_as_a_row_of_the_matrix():
    def mlp_backward(params, cache, dlogits, weight_decay):
        X, z, hidden = cache
        ones = np.ones((X.shape[0], 1))
        second = np.hstack([hidden, ones]).T @ dlogits
        dz = (dlogits @ params["W2"].T) * np.sign(hidden)
        first = np.hstack([X, ones]).T @ dz
        return {
            "W1": first[:-1] + weight_decay * params["W1"],
            "b1": first[-1],
            "W2": second[:-1] + weight_decay * params["W2"],
            "b2": second[-1].tolist(),
        }


@equivalent("mlp_backward")
def tensordot_and_broadcast_products():
    def mlp_backward(params, cache, dlogits, weight_decay):
        grads = {}
        X, z, h = cache
        n = X.shape[0]
        grads["b2"] = dlogits.mean(axis=0) * n
        grads["W2"] = sum(h[i][:, None] * dlogits[i][None, :] for i in range(n)) + weight_decay * params["W2"]
        dh = np.tensordot(dlogits, params["W2"], axes=([1], [1]))
        dz = np.multiply(dh, np.heaviside(z, 0))
        grads["b1"] = dz.T.sum(axis=1)
        grads["W1"] = np.tensordot(X, dz, axes=([0], [0])) + weight_decay * params["W1"]
        return {name: grads[name] for name in params}
