"""Hidden checks of ``mlp_backward``, against torch's autograd.

The cache is the submission's own: its forward pass makes it, its backward pass gets it back. Each check is made with
the student's own ``relu`` and ``relu_grad`` or, where that fails, stand-ins for them (see conftest.py).
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autograder.compare import as_array, assert_all, assert_matches

pytestmark = pytest.mark.exercise("mlp_backward")

NAMES = ("W1", "b1", "W2", "b2")


def example(n=7, d=3, h=6, c=4):
    """(params, X, dlogits): each unit is active for some samples only; the columns of dlogits do not sum to 0."""
    X = np.random.randn(n, d)
    params = {
        "W1": np.random.randn(d, h),
        "b1": np.random.uniform(0.3, 0.9, size=h) * np.where(np.arange(h) % 2 == 0, 1.0, -1.0),
        "W2": np.random.randn(h, c),
        "b2": np.linspace(-1.5, 2.0, c),
    }
    return params, X, np.random.randn(n, c) + np.linspace(1.0, -0.5, c)


def right(params, X, dlogits, weight_decay=0.0):
    """The gradients of sum(logits * dlogits) and the penalty, by autograd."""
    leaves = {name: torch.from_numpy(params[name].copy()).requires_grad_() for name in NAMES}
    hidden = torch.relu(torch.from_numpy(X) @ leaves["W1"] + leaves["b1"])
    logits = hidden @ leaves["W2"] + leaves["b2"]
    penalty = leaves["W1"].square().sum() + leaves["W2"].square().sum()
    loss = (logits * torch.from_numpy(dlogits)).sum() + weight_decay / 2 * penalty
    gradients = torch.autograd.grad(loss, list(leaves.values()))
    return {name: gradient.numpy() for name, gradient in zip(NAMES, gradients, strict=True)}


def forward(student, params, X):
    """The cache of the student's forward pass; whether that changes arguments is the other exercise's matter."""
    return student.mlp_forward.may_mutate(params, X)[1]


def backward(student, params, cache, dlogits, weight_decay=0.0):
    """The gradients by name, without looking for changed arguments: that has a check of its own."""
    return named(student.mlp_backward.may_mutate(params, cache, dlogits, weight_decay))


def named(grads):
    """The gradients of the four parameters; more keys than these have a check of their own."""
    assert_all(type(grads) is dict, "should be a dict with the keys of params", what="what mlp_backward returns")
    for name in NAMES:
        assert_all(name in grads, "should be among the keys of the gradients", what=repr(name))
    return {name: grads[name] for name in NAMES}


def assert_gradient(student, name, inputs, expected, weight_decay=0.0):
    """The gradient of one parameter is right."""
    params, X, dlogits = inputs
    grads = backward(student, params, forward(student, params, X), dlogits, weight_decay)
    assert_matches(grads[name], expected[name], what=f"the gradient of {name}")


@pytest.mark.exercise("mlp_backward", weight=1.5)
def test_output_weights(student, on_its_own):
    """The gradient of W2 combines each hidden activation with each column of dlogits, summed over the samples."""
    inputs = example()
    expected = right(*inputs)
    on_its_own(student, lambda: assert_gradient(student, "W2", inputs, expected))


def test_output_bias(student, on_its_own):
    """The gradient of b2 has shape (c,): dlogits summed over the samples."""
    inputs = example()
    expected = right(*inputs)
    on_its_own(student, lambda: assert_gradient(student, "b2", inputs, expected))


@pytest.mark.exercise("mlp_backward", weight=1.5)
@pytest.mark.parametrize("sizes", [(7, 3, 6, 4), (4, 5, 3, 2)], ids=["wide", "narrow"])
def test_hidden_weights(student, on_its_own, sizes):
    """The gradient of W1 comes back through W2 and through ReLU."""
    inputs = example(*sizes)
    expected = right(*inputs)
    on_its_own(student, lambda: assert_gradient(student, "W1", inputs, expected))


@pytest.mark.exercise("mlp_backward", weight=1.5)
def test_hidden_bias(student, on_its_own):
    """The gradient of b1 has shape (h,) and comes back through W2 and through ReLU."""
    inputs = example()
    expected = right(*inputs)
    on_its_own(student, lambda: assert_gradient(student, "b1", inputs, expected))


def test_square_layers(student, on_its_own):
    """With n = d = h = c, where each product has the right shape, each is also taken the right way round."""
    inputs = example(4, 4, 4, 4)
    expected = right(*inputs)

    def check():
        params, X, dlogits = inputs
        grads = backward(student, params, forward(student, params, X), dlogits)
        for name in NAMES:
            assert_matches(grads[name], expected[name], what=f"the gradient of {name}")

    on_its_own(student, check)


def test_only_active_units_pass_the_gradient_on(student, on_its_own):
    """Hidden units below zero pass nothing on: where all are, W1, b1 and W2 have gradient 0."""
    params, X, dlogits = example()
    params["b1"] = np.full(6, -100.0)
    expected = right(params, X, dlogits)

    def check():
        grads = backward(student, params, forward(student, params, X), dlogits)
        for name in NAMES:
            assert_matches(grads[name], expected[name], what=f"the gradient of {name}")

    on_its_own(student, check)


@pytest.mark.exercise("mlp_backward", weight=0.5)
def test_unit_at_zero(student, on_its_own):
    """A hidden unit exactly at zero passes no gradient on: relu_grad(0) is 0."""
    params, X, dlogits = example()
    X[2], params["b1"][::2] = 0.0, 0.0
    expected = right(params, X, dlogits)
    on_its_own(student, lambda: assert_gradient(student, "b1", (params, X, dlogits), expected))


@pytest.mark.parametrize("name", ["W1", "W2"])
def test_weight_decay(student, on_its_own, name):
    """The gradient of a weight matrix contains that of the penalty, 1/2 weight_decay times its squared norm."""
    inputs = example()
    expected = right(*inputs, weight_decay=0.3)
    on_its_own(student, lambda: assert_gradient(student, name, inputs, expected, weight_decay=0.3))


def test_biases_are_not_decayed(student, on_its_own):
    """The penalty is on W1 and W2 alone: weight_decay does not change the gradients of the biases."""
    inputs = example()
    expected = right(*inputs, weight_decay=0.3)

    def check():
        params, X, dlogits = inputs
        grads = backward(student, params, forward(student, params, X), dlogits, 0.3)
        for name in ("b1", "b2"):
            assert_matches(grads[name], expected[name], what=f"the gradient of {name}")

    on_its_own(student, check)


@pytest.mark.exercise("mlp_backward", weight=0.5)
def test_one_sample(student, on_its_own):
    """A single sample is differentiated like any other, and the biases' gradients keep one axis."""
    inputs = example(1, 4, 5, 3)
    expected = right(*inputs, weight_decay=0.1)

    def check():
        params, X, dlogits = inputs
        grads = backward(student, params, forward(student, params, X), dlogits, 0.1)
        for name in NAMES:
            assert_matches(grads[name], expected[name], what=f"the gradient of {name}")

    on_its_own(student, check)


def test_gradient_of_the_whole_loss(student, on_its_own):
    """With the dlogits of the cross-entropy, the gradients are those of mean cross-entropy plus penalty."""
    params, X, _ = example(9, 2, 5, 3)
    labels = np.arange(9) % 3
    leaves = {name: torch.from_numpy(params[name].copy()).requires_grad_() for name in NAMES}
    logits = torch.relu(torch.from_numpy(X) @ leaves["W1"] + leaves["b1"]) @ leaves["W2"] + leaves["b2"]
    loss = F.cross_entropy(logits, torch.from_numpy(labels))
    dlogits = torch.autograd.grad(loss, logits, retain_graph=True)[0].numpy()
    loss = loss + 0.02 / 2 * (leaves["W1"].square().sum() + leaves["W2"].square().sum())
    expected = {name: g.numpy() for name, g in zip(NAMES, torch.autograd.grad(loss, leaves.values()), strict=True)}

    def check():
        grads = backward(student, params, forward(student, params, X), dlogits, 0.02)
        for name in NAMES:
            assert_matches(grads[name], expected[name], what=f"the gradient of {name}")

    on_its_own(student, check)


@pytest.mark.exercise("mlp_backward", weight=0.5, supporting=True)
def test_keys_and_shapes(student, on_its_own):
    """The gradients are a dict with the keys of params and no others, each of its parameter's shape."""
    params, X, dlogits = example(5, 3, 4, 2)

    def check():
        grads = student.mlp_backward.may_mutate(params, forward(student, params, X), dlogits, 0.1)
        found = named(grads)
        assert_all(len(grads) == len(NAMES), "should have no other keys than params", what="the gradients")
        for name in NAMES:
            as_array(found[name], what=f"the gradient of {name}", shape=params[name].shape, finite=True)

    on_its_own(student, check)


@pytest.mark.exercise("mlp_backward", weight=0.5)
def test_cache_belongs_to_its_forward_pass(student, on_its_own):
    """Two forward passes may come before two backward passes: all that a backward pass needs is in its arguments."""
    both = [example(), example(5, 2, 4, 3)]
    expected = [right(*inputs, weight_decay=0.1) for inputs in both]

    def check():
        caches = [forward(student, params, X) for params, X, _ in both]
        for (params, _, dlogits), cache, wanted in zip(both, caches, expected, strict=True):
            grads = backward(student, params, cache, dlogits, 0.1)
            for name in NAMES:
                assert_matches(grads[name], wanted[name], what=f"the gradient of {name}")

    on_its_own(student, check)


@pytest.mark.exercise("mlp_backward", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, on_its_own):
    """Neither params, dlogits nor the cache is changed: a second call with the same arguments gives the same."""
    params, X, dlogits = example()

    def check():
        cache = forward(student, params, X)
        held = student.put(params), student.put(dlogits)  # kept there, and compared bit by bit
        grads = []
        for _ in range(2):
            grads.append(named(student.mlp_backward.may_mutate(held[0], cache, held[1], 0.1)))
            assert_matches(held[0].fetch(), params, what="after the call, params", rtol=0.0, atol=0.0)
            assert_matches(held[1].fetch(), dlogits, what="after the call, dlogits", rtol=0.0, atol=0.0)
        for name in NAMES:
            pair = [as_array(found[name], what=f"the gradient of {name}", finite=True) for found in grads]
            assert_all(np.array_equal(*pair), "should be the same in a second call", what=f"the gradient of {name}")

    on_its_own(student, check)
