"""Hidden checks of ``xavier_uniform`` and ``he_normal``, by distribution: any way to draw from ``rng`` is right.

The distributions are those of ``torch.nn.init.xavier_uniform_`` and ``kaiming_normal_``. The false-alarm rate is at
most 1e-9 a test. Matrices have 10,000 entries, so that a solution that draws them one by one is in time too.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from autograder.compare import (
    as_array,
    assert_all,
    assert_independent,
    assert_mean,
    assert_rate,
    assert_variance,
)

pytestmark = pytest.mark.exercise("initialization")

FALSE_ALARM = 1e-9
SHAPES = [(250, 40), (40, 250)]
SHAPE_NAMES = ["more inputs", "more outputs"]
FUNCTIONS = ["xavier_uniform", "he_normal"]


def generator(student, seed):
    """A NumPy Generator on the student's side."""
    return student.library("numpy.random.default_rng")(seed)


def weights(student, name, shape, rng):
    """The student's weights in any arrangement: the shape has a check of its own."""
    found = as_array(student[name](*shape, rng), what="the weights", finite=True)
    assert_all(found.size == math.prod(shape), "should be fan_in * fan_out in number", what="the weights")
    return found


def unlike(one, other):
    """Numbers of 24 random bits are rarely alike by chance: in one of 30,000 pairs of matrices, in one entry."""
    return one.shape != other.shape or bool((one == other).mean() < 0.01)


def variance_of_torch(name, shape):
    """What torch.nn.init documents: 2 / (fan_in + fan_out), and gain^2 / fan_in with the gain sqrt(2) of ReLU."""
    return 2 / sum(shape) if name == "xavier_uniform" else 2 / shape[0]


def assert_distributed(values, cdf, *, what):
    """The empirical distribution function is nowhere far from ``cdf``.

    False-alarm rate: at most ``FALSE_ALARM / 2`` by the Dvoretzky-Kiefer-Wolfowitz inequality with Massart's constant,
    P(sup |F_n - F| > t) <= 2 exp(-2 n t^2).
    """
    n = values.size
    expected = cdf(np.sort(values.ravel()))
    steps = np.arange(n + 1) / n
    distance = max(np.abs(expected - steps[1:]).max(), np.abs(expected - steps[:-1]).max())
    allowed = math.sqrt(math.log(4 / FALSE_ALARM) / (2 * n))
    assert_all(bool(distance <= allowed), "should be distributed as stated", what=what)


@pytest.mark.exercise("initialization", weight=2)
@pytest.mark.parametrize("shape", SHAPES, ids=SHAPE_NAMES)
def test_xavier_scale(student, shape):
    """xavier_uniform gives the weights Xavier's scale: mean 0 and variance 2 / (fan_in + fan_out)."""
    found = weights(student, "xavier_uniform", shape, generator(student, 1))
    variance = variance_of_torch("xavier_uniform", shape)
    bound = math.sqrt(3 * variance)
    # For u uniform on [-1, 1], u^2 has mean 1/3 and variance 4/45, and is at most 2/3 from its mean.
    mean_square = (found**2).mean() / bound**2
    assert_mean(
        mean_square,
        found.size,
        1 / 3,
        math.sqrt(4 / 45),
        what="the mean square of the weights",
        bound=2 / 3,
        false_alarm=FALSE_ALARM / 2,
    )
    assert_mean(
        found.mean() / bound,
        found.size,
        0.0,
        math.sqrt(1 / 3),
        what="the mean of the weights",
        bound=1.0,
        false_alarm=FALSE_ALARM / 2,
    )


@pytest.mark.exercise("initialization", weight=2)
@pytest.mark.parametrize("shape", SHAPES, ids=SHAPE_NAMES)
def test_he_scale(student, shape):
    """he_normal gives the weights He's scale: mean 0 and variance 2 / fan_in."""
    found = weights(student, "he_normal", shape, generator(student, 2))
    variance = variance_of_torch("he_normal", shape)
    n = found.size
    sample = found.var(ddof=1) / variance
    assert_variance(sample, n, 1.0, what="the variance of the weights", false_alarm=FALSE_ALARM / 2)
    mean = found.mean() / math.sqrt(variance)
    assert_mean(mean, n, 0.0, 1.0, what="the mean of the weights", false_alarm=FALSE_ALARM / 2)


@pytest.mark.exercise("initialization", weight=1.5)
def test_xavier_is_uniform(student):
    """xavier_uniform draws uniformly from -a to a: nothing lies beyond, and all parts between are equally likely."""
    shape = SHAPES[0]
    found = weights(student, "xavier_uniform", shape, generator(student, 3))
    bound = math.sqrt(3 * variance_of_torch("xavier_uniform", shape))
    # A bound rounded to single precision is still that bound; the nearest wrong one is 10 % off.
    inside = bool((np.abs(found) <= bound * (1 + 1e-6)).all())
    assert_all(inside, "should all lie between -a and a", what="the weights")
    assert_distributed(found, lambda w: np.clip((w / bound + 1) / 2, 0, 1), what="the weights")


@pytest.mark.exercise("initialization", weight=1.5)
def test_he_is_normal(student):
    """he_normal draws from a normal distribution, tails included."""
    shape = SHAPES[0]
    found = weights(student, "he_normal", shape, generator(student, 4))
    standard = found / math.sqrt(variance_of_torch("he_normal", shape))
    assert_distributed(standard, special.ndtr, what="the weights")
    far = int((np.abs(standard) > 2.5).sum())
    share = "the share of weights beyond 2.5 standard deviations"
    probability = 2 * float(special.ndtr(-2.5))
    assert_rate(far, standard.size, probability, what=share, false_alarm=FALSE_ALARM / 2)


@pytest.mark.exercise("initialization", weight=0.5, supporting=True)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_shape(student, name):
    """The weights have shape (fan_in, fan_out)."""
    as_array(student[name](5, 3, generator(student, 5)), what="the weights", shape=(5, 3), finite=True)


@pytest.mark.exercise("initialization", weight=0.5)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_entries_are_drawn_one_by_one(student, name):
    """Each weight is drawn on its own: none is repeated, and neighbors are independent."""
    # Of 10,000 numbers of only 24 random bits 3 pairs are alike in the mean; more than 100, never.
    found = weights(student, name, (100, 100), generator(student, 6)).reshape(-1, 100)
    distinct = np.unique(found).size
    assert_all(distinct > 0.99 * found.size, "should not be repeated", what="the weights")
    positive = found > 0
    for axis, way in enumerate(("rows", "columns")):
        line = np.moveaxis(positive, axis, 0)
        names = f"the signs in neighboring {way}"
        assert_independent(line[::2], line[1::2], 0.5, what=names, false_alarm=FALSE_ALARM / 2)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_randomness_comes_from_rng(student, name):
    """All randomness comes from the generator that is handed in: the same state gives the same weights, another state
    others."""
    drawn = []
    for seed, elsewhere in ((7, 1), (7, 2), (8, 2)):
        student.library("numpy.random.seed")(elsewhere)  # NumPy's global generator must not matter
        drawn.append(weights(student, name, (30, 20), generator(student, seed)))
    same = drawn[0].shape == drawn[1].shape and bool((drawn[0] == drawn[1]).all())
    assert_all(same, "should be the same for a generator in the same state", what="the weights")
    assert_all(unlike(drawn[1], drawn[2]), "should be others for a generator in another state", what="the weights")


@pytest.mark.exercise("initialization", weight=0.5)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_call_draws_anew(student, name):
    """Two calls with the same generator, one after the other, give different weights."""
    rng = generator(student, 9)
    first, second = (weights(student, name, (30, 20), rng) for _ in range(2))
    assert_all(unlike(first, second), "should be others in the second call", what="the weights")
