"""Right forward passes: each must earn every point. Their cache is (X, z, hidden), like the reference's, so that they
go with its backward pass; other layouts are among the backward passes, whose cells bring a forward pass."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("mlp_forward")
def plain_with_maximum():
    def mlp_forward(params, X):
        z1 = np.dot(X, params["W1"]) + params["b1"]
        a1 = np.maximum(0, z1)
        z2 = np.dot(a1, params["W2"]) + params["b2"]
        return z2, [X, z1, a1]


@equivalent("mlp_forward")
def unpacked_and_einsum():
    def mlp_forward(params, X):
        W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
        z = np.einsum("nd,dh->nh", X, W1) + b1[None, :]
        h = np.where(z > 0, z, 0)
        return np.einsum("nh,hc->nc", h, W2) + b2[None, :], (X, z, h)


@equivalent("mlp_forward")
def column_vectors():
    def mlp_forward(params, X):
        z = params["W1"].T @ X.T + params["b1"].reshape(-1, 1)
        h = z * (z > 0)
        out = params["W2"].T @ h + params["b2"].reshape(-1, 1)
        return out.T, (X, z.T, h.T)


@equivalent("mlp_forward")
def bias_as_a_row_of_the_matrix():
    def mlp_forward(params, X):
        ones = np.ones((X.shape[0], 1))
        first = np.vstack([params["W1"], params["b1"]])
        second = np.vstack([params["W2"], params["b2"]])
        z = np.hstack([X, ones]) @ first
        h = relu(z)
        return np.hstack([h, ones]) @ second, (X, z, h)


@equivalent("mlp_forward")
def sample_by_sample_in_place():
    def mlp_forward(params, X):
        rows, before, kept = [], [], []
        for x in X:
            h = x @ params["W1"]
            h += params["b1"]
            before.append(h.copy())
            h[h < 0] = 0
            kept.append(h)
            rows.append(h @ params["W2"] + params["b2"])
        return rows, (X, np.array(before), np.array(kept))


@equivalent("mlp_forward")
def named_cache():
    from typing import NamedTuple

    class Cache(NamedTuple):
        X: np.ndarray
        z: np.ndarray
        h: np.ndarray

    def affine(x, W, b):
        return x @ W + b

    def mlp_forward(params, X):
        z = affine(X, params["W1"], params["b1"])
        h = relu(z)
        return [affine(h, params["W2"], params["b2"]), Cache(X, z, h)]
