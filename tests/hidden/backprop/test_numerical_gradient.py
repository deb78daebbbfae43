"""Hidden checks of ``numerical_gradient``, against analytic gradients.

f is evaluated by the judge, which keeps the log of the points: the number of calls is counted here, not told.
"""

from __future__ import annotations

import numpy as np
import pytest

from autograder.compare import as_array, assert_all, assert_matches

pytestmark = pytest.mark.exercise("numerical_gradient")

# With eps = 1e-5 central differences of the functions below are right to 1e-9: truncation eps^2/6 f''' ~ 2e-11 and
# rounding |f| 1e-16 / eps ~ 1e-10. One-sided differences are off by eps/2 f'' ~ 1e-6.
RTOL = 1e-7


class Recorded:
    """f as it is handed in: refuses an argument that has not the shape of x, and keeps the points in order."""

    def __init__(self, function, shape):
        self.function = function
        self.shape = shape
        self.points = []

    def __call__(self, x):
        point = as_array(x, what="the argument that f is called with", shape=self.shape)
        self.points.append(point)
        return float(self.function(point))


def wave(shape):
    """A function that couples all entries of x, and its gradient; its curvature is nowhere small for all entries."""
    factors = 1.0 + np.arange(np.prod(shape)).reshape(shape) % 5

    def f(x):
        return (factors * np.sin(x)).sum() + 0.5 * x.sum() ** 2

    def gradient(x):
        return factors * np.cos(x) + x.sum()

    return Recorded(f, shape), gradient


def numerical(student, f, x, *eps, **settings):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.numerical_gradient.may_mutate(f, x, *eps, **settings)


@pytest.mark.exercise("numerical_gradient", weight=3)
def test_gradient_of_a_vector(student):
    """For x with one axis each entry is the derivative of f with respect to that entry of x."""
    x = np.array([0.3, -1.2, 2.0, 0.8, -0.5])
    f, gradient = wave(x.shape)
    assert_matches(numerical(student, f, x), gradient(x), what="the gradient", rtol=RTOL)


@pytest.mark.exercise("numerical_gradient", weight=2)
def test_gradient_of_a_matrix(student):
    """For a matrix x the gradient is a matrix of the same shape, and f always gets a matrix of that shape."""
    x = np.random.randn(3, 4)
    f, gradient = wave(x.shape)
    assert_matches(numerical(student, f, x), gradient(x), what="the gradient", rtol=RTOL)


@pytest.mark.exercise("numerical_gradient", weight=0.5)
def test_any_shape(student):
    """x may have three axes, or a single entry."""
    for shape in ((2, 3, 2), (1,)):
        x = np.random.randn(*shape)
        f, gradient = wave(shape)
        found = numerical(student, f, x)
        assert_matches(found, gradient(x), what=f"the gradient for x with {len(shape)} axes", rtol=RTOL)


@pytest.mark.exercise("numerical_gradient", weight=2)
def test_central_differences(student):
    """The differences are central: for a quadratic function they are exact however large eps is."""
    x = np.array([0.5, -0.75, 0.25, 1.0])
    curvature = np.array([1.0, -2.0, 3.0, 0.5])
    f = Recorded(lambda point: (curvature * point**2).sum() + point[0] * point[1], x.shape)
    expected = 2 * curvature * x + np.array([x[1], x[0], 0.0, 0.0])
    assert_matches(numerical(student, f, x, eps=0.25), expected, what="the gradient of a quadratic", rtol=RTOL)


def test_eps_is_used(student):
    """The step is the argument eps, by position or by name: with a large one a cubic shows it."""
    x = np.array([0.5, -0.75, 0.25, 1.0])
    f = Recorded(lambda point: (point**3).sum(), x.shape)
    for found in (numerical(student, f, x, 0.5), numerical(student, f, x, eps=0.5)):
        # ((x + s)^3 - (x - s)^3) / 2s = 3 x^2 + s^2. Whoever calls eps the distance of the two points takes s = eps/2.
        steps = [np.abs(point - x).max() for point in f.points]
        step = 0.25 if all(abs(step - 0.25) < 1e-9 for step in steps) else 0.5
        assert_matches(found, 3 * x**2 + step**2, what="the gradient of a cubic with a large eps", rtol=RTOL)


@pytest.mark.exercise("numerical_gradient", weight=0.75)
@pytest.mark.parametrize("shape", [(4,), (2, 3)], ids=["vector", "matrix"])
def test_number_of_calls(student, shape):
    """f is called exactly twice for each entry of x: f may be expensive."""
    x = np.random.randn(*shape)
    f, _ = wave(shape)
    numerical(student, f, x)
    few = len(f.points) == 2 * x.size
    assert_all(few, "should be two for each entry of x", what="the number of calls of f")


@pytest.mark.exercise("numerical_gradient", supporting=True)
def test_x_is_left_as_it_was(student):
    """Afterwards x is exactly what it was, to the last bit."""
    x = np.random.randn(3, 4) * np.geomspace(0.01, 100.0, 12).reshape(3, 4)
    f, _ = wave(x.shape)
    found = student.numerical_gradient(f, x)
    as_array(found, what="the gradient", shape=x.shape, finite=True)
