"""Hidden checks of the acquisition functions, against BoTorch's analytic ones and SciPy's special functions.

The general tolerance, 1e-6, leaves room for variances clamped at 1e-14 or so and for any form of the formula (1e-7
among right ones); the nearest mistake, a variance for a standard deviation, is off by tens of percents.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from botorch.acquisition import analytic
from scipy import special

from autograder.compare import as_array, assert_all, assert_matches
from autograder.errors import StudentError

pytestmark = [pytest.mark.exercise("acquisition"), pytest.mark.filterwarnings("ignore")]

RTOL = 1e-6

# A right EI at std = 0 may come from a standard deviation clamped at 1e-6 or below, which adds 4e-7 at mean = best_f.
CLAMPED = 2e-6

NAMES = ("expected_improvement", "log_expected_improvement", "probability_of_improvement", "upper_confidence_bound")


def ask(student, name, mean, std, third, shape=None):
    """The function's values as an array of mean's shape. The third argument is a number, or a 0-d tensor where the
    function takes no other. Arguments may be changed: that has a check of its own, and costs no more than that one."""
    call = student[name].may_mutate
    try:
        value = call(mean, std, third)
    except StudentError as error:
        if "TypeError" not in error.kinds:
            raise
        value = call(mean, std, torch.tensor(third, dtype=torch.float64))
    value = value.detach() if isinstance(value, torch.Tensor) else value
    return as_array(value, what=name, shape=tuple(mean.shape) if shape is None else shape)


def example(*shape):
    """Means on both sides of best_f, and standard deviations on both sides of 1, where it is not its own square."""
    mean, std = torch.randn(*shape, dtype=torch.float64), 0.2 + 2 * torch.rand(*shape, dtype=torch.float64)
    return mean + 1.5, std, 1.2


def right(name, mean, std, third):
    """By BoTorch's own pieces, and for the bound by its formula."""
    if name == "upper_confidence_bound":
        return (mean + math.sqrt(third) * std).numpy()
    z = (mean - third) / std
    if name == "probability_of_improvement":
        return special.ndtr(z.numpy())
    if name == "expected_improvement":
        return (std * analytic._ei_helper(z)).numpy()
    return (std.log() + analytic._log_ei_helper(z)).numpy()


@pytest.mark.exercise("acquisition", weight=2)
@pytest.mark.parametrize("name", ["expected_improvement", "log_expected_improvement"])
def test_expected_improvement(student, name):
    """EI, and its logarithm, are those of a normal distribution with this mean and STANDARD DEVIATION."""
    mean, std, best_f = example(12)
    assert_matches(ask(student, name, mean, std, best_f), right(name, mean, std, best_f), what=name, rtol=RTOL)


@pytest.mark.exercise("acquisition", weight=2)
def test_probability_of_improvement(student):
    """PI is the probability that a normal value with this mean and STANDARD DEVIATION is larger than best_f."""
    mean, std, best_f = example(12)
    name = "probability_of_improvement"
    assert_matches(ask(student, name, mean, std, best_f), right(name, mean, std, best_f), what=name, rtol=RTOL)


@pytest.mark.exercise("acquisition", weight=2)
@pytest.mark.parametrize("beta", [0.25, 4.0])
def test_upper_confidence_bound(student, beta):
    """UCB is the mean plus the ROOT of beta times the STANDARD DEVIATION."""
    mean, std, _ = example(12)
    name = "upper_confidence_bound"
    assert_matches(ask(student, name, mean, std, beta), right(name, mean, std, beta), what=name, rtol=RTOL)


def test_expected_improvement_without_uncertainty(student):
    """Where std is 0, EI is max(mean - best_f, 0), and not NaN; elsewhere it is as always."""
    mean = torch.tensor([1.0, 1.5, 3.25, -2.0, 1.75], dtype=torch.float64)
    std = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.5], dtype=torch.float64)
    value = ask(student, "expected_improvement", mean, std, 1.5)
    last = right("expected_improvement", mean[4:], std[4:], 1.5)
    assert_matches(value[:4], np.array([0.0, 0.0, 1.75, 0.0]), what="EI at std = 0", atol=CLAMPED)
    assert_matches(value[4:], last, what="EI at std > 0 beside std = 0", rtol=RTOL)


def test_probability_without_uncertainty(student):
    """Where std is 0, PI is 1 for a mean above best_f and 0 for one below, and not NaN."""
    mean = torch.tensor([1.0, 3.25, -2.0, 1.625, 1.75], dtype=torch.float64)
    std = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.5], dtype=torch.float64)
    value = ask(student, "probability_of_improvement", mean, std, 1.5)
    last = right("probability_of_improvement", mean[4:], std[4:], 1.5)
    assert_matches(value[:4], np.array([0.0, 1.0, 0.0, 1.0]), what="PI at std = 0", atol=CLAMPED)
    assert_matches(value[4:], last, what="PI at std > 0 beside std = 0", rtol=RTOL)


@pytest.mark.exercise("acquisition", weight=0.5, supporting=True)
def test_probability_of_a_tie(student):
    """Where std is 0 and the mean equals best_f, nothing is gained: PI is 0."""
    mean = torch.tensor([1.5, 0.5], dtype=torch.float64)
    value = ask(student, "probability_of_improvement", mean, torch.zeros(2, dtype=torch.float64), 1.5)
    assert_matches(value[:1], np.array([0.0]), what="PI at std = 0 and mean = best_f", atol=CLAMPED)


@pytest.mark.exercise("acquisition", weight=1.5)
def test_log_far_below_the_best(student):
    """log EI is finite, and right, where EI itself underflows: 40 standard deviations below the best."""
    z = np.array([-39.0, -40.0, -45.0])
    std = torch.tensor([0.5, 2.0, 0.1], dtype=torch.float64)
    value = ask(student, "log_expected_improvement", 1.5 + torch.from_numpy(z) * std, std, 1.5)
    # The first term of the expansion in 1/z alone is right to 3/z^2 = 2e-3; without it the error is 2 log 40 = 7.4.
    assert_matches(value, log_ei(z, std), what="log EI", rtol=0.0, atol=0.02)


@pytest.mark.exercise("acquisition", weight=0.5)
def test_log_between(student):
    """log EI stays right on the way there, where Phi(z) and phi(z) are tiny but no zeros yet."""
    z = np.array([-8.0, -12.0, -20.0, -30.0, -36.0])
    std = torch.tensor([0.5, 2.0, 0.1, 1.0, 3.0], dtype=torch.float64)
    value = ask(student, "log_expected_improvement", 1.5 + torch.from_numpy(z) * std, std, 1.5)
    # 3/z^2 is 0.05 at z = -8. A Phi(z) by 1 + erf is zero, or all rounding, there: an error of 4 and more, or NaN.
    assert_matches(value, log_ei(z, std), what="log EI", rtol=0.0, atol=0.5)


def log_ei(z, std):
    """By SciPy's scaled complementary error function; see the derivation in the reference."""
    tail = np.log1p(z * math.sqrt(math.pi / 2) * special.erfcx(-z / math.sqrt(2)))
    return np.log(std.numpy()) - z**2 / 2 - math.log(2 * math.pi) / 2 + tail


@pytest.mark.exercise("acquisition", weight=0.5)
def test_elementwise(student):
    """All four work elementwise, also on tables and columns of means and standard deviations: the shape stays."""
    for name in NAMES:
        for shape in ((3, 4), (5, 1)):
            mean, std, third = example(*shape)
            value = ask(student, name, mean, std, third)
            assert_matches(value, right(name, mean, std, third), what=f"{name} of a table", rtol=RTOL)


@pytest.mark.exercise("acquisition", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student):
    """No argument is changed in place."""
    for name in NAMES:
        mean, std, third = example(6)
        std[0] = 0.0 if name != "log_expected_improvement" else std[0]
        value = student[name](mean, std, third)
        value = as_array(value.detach() if isinstance(value, torch.Tensor) else value, what=name)
        assert_all(value.shape == (6,), "should have the shape of the means", what=name)
