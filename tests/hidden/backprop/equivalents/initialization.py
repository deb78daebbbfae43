"""Right ways to draw weights: each must earn every point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("initialization")
def scaled_standard_numbers():
    def xavier_uniform(fan_in, fan_out, rng):
        a = (6 / (fan_in + fan_out)) ** 0.5
        return (2 * rng.random((fan_in, fan_out)) - 1) * a

    def he_normal(fan_in, fan_out, rng):
        return rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)


@equivalent("initialization")
def by_the_standard_deviation():
    import math

    def xavier_uniform(fan_in, fan_out, rng):
        std = math.sqrt(2 / (fan_in + fan_out))
        return rng.uniform(low=-math.sqrt(3) * std, high=math.sqrt(3) * std, size=(fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        return rng.normal(loc=0, scale=math.sqrt(2.0) / math.sqrt(fan_in), size=(fan_in, fan_out))


@equivalent("initialization")
def transposed_draws():
    def xavier_uniform(fan_in, fan_out, rng):
        bound = np.sqrt(6) / np.sqrt(fan_in + fan_out)
        return rng.uniform(-bound, bound, (fan_out, fan_in)).T

    def he_normal(fan_in, fan_out, rng):
        return (rng.normal(size=fan_in * fan_out) / np.sqrt(fan_in / 2)).reshape((fan_in, fan_out), order="F")


@equivalent("initialization")
def number_by_number():
    def xavier_uniform(fan_in, fan_out, rng):
        a = np.sqrt(6.0 / (fan_in + fan_out))
        return [[rng.uniform(-a, a) for _ in range(fan_out)] for _ in range(fan_in)]

    def he_normal(fan_in, fan_out, rng):
        W = np.zeros((fan_in, fan_out))
        for i in range(fan_in):
            for j in range(fan_out):
                W[i, j] = rng.normal(0, (2 / fan_in) ** 0.5)
        return W


@equivalent("initialization")
def normal_numbers_from_uniform_ones():
    def xavier_uniform(fan_in, fan_out, rng):
        bound = np.sqrt(6.0 / (fan_in + fan_out))
        sizes = bound * rng.random((fan_in, fan_out))
        return sizes * rng.choice([-1.0, 1.0], size=(fan_in, fan_out))

    def he_normal(fan_in, fan_out, rng):
        radius = np.sqrt(-2 * np.log1p(-rng.random((fan_in, fan_out))))
        return np.sqrt(2.0 / fan_in) * radius * np.cos(2 * np.pi * rng.random((fan_in, fan_out)))


@equivalent("initialization")
def with_a_covariance():
    def xavier_uniform(fan_in, fan_out, rng):
        low, high = np.array([-1, 1]) * np.sqrt(6 / (fan_in + fan_out))
        return np.stack([rng.uniform(low, high, fan_out) for _ in range(fan_in)])

    def he_normal(fan_in, fan_out, rng):
        rng = np.random.default_rng(rng)
        return np.column_stack([rng.normal(0.0, np.sqrt(2 / fan_in), fan_in) for _ in range(fan_out)])


@equivalent("initialization")
def flat_and_in_single_precision():
    def xavier_uniform(fan_in, fan_out, rng):
        limit = np.sqrt(6.0 / (fan_in + fan_out))
        return rng.uniform(-limit, limit, fan_in * fan_out).reshape(fan_in, fan_out)

    def he_normal(fan_in, fan_out, rng):
        weights = rng.standard_normal((fan_in, fan_out), dtype=np.float32)
        return weights * np.float32(np.sqrt(2 / fan_in))
