"""Wrong initial weights, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "initialization",
    "Your xavier_uniform has LeCun's scale, variance 1 / fan_in: it looks at the forward pass alone. Xavier's is a "
    "compromise with the backward pass.",
)
def lecun_called_xavier():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(3.0 / fan_in)
        return rng.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


@misconception(
    "initialization",
    "Your xavier_uniform has He's scale, variance 2 / fan_in. Xavier's depends on fan_out as well.",
)
def he_called_xavier():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6.0 / fan_in)
        return rng.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


@misconception(
    "initialization",
    "Your xavier_uniform runs from -1 / sqrt(fan_in) to 1 / sqrt(fan_in), which are other bounds than Xavier's.",
)
def one_over_root_fan_in():
    def xavier_uniform(fan_in, fan_out, rng):
        a = 1 / np.sqrt(fan_in)
        return rng.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


@misconception(
    "initialization",
    "You take Xavier's standard deviation for the bound of a uniform distribution. The two are not the same number.",
)
def standard_deviation_for_bound():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(2.0 / (fan_in + fan_out))
        return rng.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


@misconception(
    "initialization",
    "The bound of your xavier_uniform lacks its square root.",
)
def bound_without_its_root():
    def xavier_uniform(fan_in, fan_out, rng):
        a = 6.0 / (fan_in + fan_out)
        return rng.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


@misconception(
    "initialization",
    "Your xavier_uniform is normal. It has Xavier's variance, but is asked to be uniform.",
)
def xavier_normal():
    def xavier_uniform(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


@misconception(
    "initialization",
    "Your xavier_uniform draws from 0 upwards: its weights are all positive. They lie on both sides of 0.",
)
def only_positive_weights():
    def xavier_uniform(fan_in, fan_out, rng):
        return rng.random((fan_in, fan_out)) * np.sqrt(6 / (fan_in + fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


@misconception(
    "initialization",
    "You hand the variance to rng.normal, which asks for the standard deviation.",
)
def variance_for_standard_deviation():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, 2 / fan_in, (fan_in, fan_out))


@misconception(
    "initialization",
    "Your he_normal has variance 1 / fan_in: the factor for the half of the signal that ReLU cuts off is missing.",
)
def he_without_its_two():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(1 / fan_in), (fan_in, fan_out))


@misconception(
    "initialization",
    "Your he_normal divides by fan_out. What keeps the signal's size is the number of inputs that a unit adds up.",
)
def he_with_fan_out():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / fan_out), (fan_in, fan_out))


@misconception(
    "initialization",
    "Your he_normal has Xavier's variance. He's depends on fan_in alone.",
)
def xavier_called_he():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out))


@misconception(
    "initialization",
    "Your he_normal is uniform. It has He's variance, but is asked to be normal.",
)
def he_uniform():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        a = np.sqrt(6 / fan_in)
        return rng.uniform(-a, a, (fan_in, fan_out))


@misconception(
    "initialization",
    "You draw from NumPy's global generator and leave rng unused: whoever hands in a seeded generator does not get the "
    "same weights again.",
)
def global_generator():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6 / (fan_in + fan_out))
        return np.random.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return np.random.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


@misconception(
    "initialization",
    "You make a generator of your own, with a fixed seed: all layers get the same numbers, whatever rng is.",
)
def generator_of_its_own():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6 / (fan_in + fan_out))
        return np.random.default_rng(0).uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return np.random.default_rng(0).normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


@misconception(
    "initialization",
    "Your weights have shape (fan_out, fan_in). Here a layer is X @ W: one row for each input.",
)
def shape_of_torch():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-a, a, (fan_out, fan_in))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(0, np.sqrt(2 / fan_in), (fan_out, fan_in))


@misconception(
    "initialization",
    "All outputs get the same weights: one column was drawn and repeated. Units that start alike stay alike.",
)
def one_column_repeated():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6 / (fan_in + fan_out))
        return np.tile(rng.uniform(-a, a, (fan_in, 1)), (1, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return np.tile(rng.normal(0, np.sqrt(2 / fan_in), (fan_in, 1)), (1, fan_out))


@misconception(
    "initialization",
    "Your he_normal is a truncated normal distribution, as in another library. Here the tails belong to it.",
)
def truncated_normal():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-a, a, (fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        weights = rng.normal(size=(fan_in, fan_out))
        while (np.abs(weights) > 2).any():
            far = np.abs(weights) > 2
            weights[far] = rng.normal(size=far.sum())
        return weights * np.sqrt(2 / fan_in) / 0.87962566
