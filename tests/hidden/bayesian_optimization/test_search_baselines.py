"""Hidden checks of ``random_search`` and ``grid_search``, by the judge's own log of evaluations.

Nothing is assumed of the generator or of the order of evaluation. Statistics have a false-alarm rate of at most 1e-9 a
check; points that fill the box more evenly than independent ones pass them as well.
"""

from __future__ import annotations

import numpy as np
import pytest

from autograder.compare import assert_all, assert_matches, assert_rate

pytestmark = [pytest.mark.exercise("search_baselines"), pytest.mark.filterwarnings("ignore")]

BOUNDS = ((-3.0, 10.0), (1.0, 10.5))
LINE = ((2.0,), (5.0,))
CUBE = ((0.0, -2.0, 5.0), (1.0, -1.0, 9.0))
N = 600


def randomly(trials, student, again=0):
    """A random search of N evaluations, shared by the checks."""
    search = trials.hill(3, BOUNDS, offset=5.0)
    return trials.remembered(student, ("random", again), lambda: trials.search(student, "random_search", search, N, N))


def grid(trials, student, bounds, points):
    """A grid search, shared by the checks."""
    objective = trials.hill(4, bounds, offset=5.0) if len(bounds[0]) < 3 else trials.plane(bounds)
    n = points ** len(bounds[0])
    make = lambda: trials.search(student, "grid_search", objective, n, points)  # noqa: E731
    return trials.remembered(student, ("grid", bounds, points), make)


def test_random_search_spends_its_budget(student, trials):
    """random_search evaluates f exactly n_evals times, each time within the bounds."""
    run = randomly(trials, student)
    trials.assert_budget(run)
    trials.assert_within_bounds(run)


def test_random_search_returns_its_evaluations(student, trials):
    """random_search returns X (n_evals, d) and y: the points at which f was evaluated, and its values there."""
    trials.assert_returns_the_log(randomly(trials, student))


@pytest.mark.exercise("search_baselines", weight=0.5)
@pytest.mark.parametrize("bounds", [LINE, CUBE], ids=["one dimension", "three dimensions"])
def test_random_search_in_other_dimensions(student, trials, bounds):
    """random_search works in a box of any number of axes."""
    run = trials.search(student, "random_search", trials.plane(bounds), 9, 9)
    trials.assert_budget(run)
    trials.assert_within_bounds(run)
    trials.assert_returns_the_log(run)


@pytest.mark.exercise("search_baselines", weight=2)
def test_random_search_is_uniform(student, trials):
    """The points of random_search are spread evenly over the whole box, along each axis and over all its corners."""
    run = randomly(trials, student)
    trials.assert_budget(run)
    u = run.units
    first, second = u.T
    events = {
        "the share of points in the lowest twentieth of the first axis": (first < 0.05, 0.05),
        "the share of points in the highest twentieth of the second axis": (second > 0.95, 0.05),
        "the share of points in the middle half of the first axis": (abs(first - 0.5) < 0.25, 0.5),
        "the share of points in the middle half of the second axis": (abs(second - 0.5) < 0.25, 0.5),
        "the share of points in the lower or in the upper half of both axes": ((first < 0.5) == (second < 0.5), 0.5),
    }
    for what, (event, probability) in events.items():
        assert_rate(int(event.sum()), N, probability, what=what, false_alarm=1e-9 / len(events))


@pytest.mark.exercise("search_baselines", weight=0.5)
def test_random_search_draws_anew(student, trials):
    """Each random search draws points of its own: no seed is set inside."""
    first, second = (randomly(trials, student, again) for again in (0, 1))
    n = min(len(first.log.points), len(second.log.points))
    differ = n > 0 and bool((np.abs(first.units[:n] - second.units[:n]) > 1e-9).any())
    assert_all(differ, "should be others in each search", what="the points of random_search")


@pytest.mark.exercise("search_baselines", weight=2)
@pytest.mark.parametrize(("bounds", "points"), [(LINE, 7), (BOUNDS, 4)], ids=["one dimension", "two dimensions"])
def test_grid(student, trials, bounds, points):
    """grid_search evaluates f once at each point of a regular grid that has both ends of every axis on it."""
    run = grid(trials, student, bounds, points)
    trials.assert_budget(run)
    axes = [np.linspace(0.0, 1.0, points)] * len(bounds[0])
    expected = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(run.n, -1)
    found = np.round(run.units, 6)  # so that rounding does not decide the order
    found = run.units[np.lexsort(found.T[::-1])]
    assert_matches(found, expected, what="the grid", atol=1e-5)  # float32 on the way: 6e-7; another spacing: 1e-2


def test_grid_search_returns_its_evaluations(student, trials):
    """grid_search returns X (points_per_axis ** d, d) and y: the points of the grid, each with its value of f."""
    trials.assert_returns_the_log(grid(trials, student, LINE, 7))
    trials.assert_returns_the_log(grid(trials, student, BOUNDS, 4))


@pytest.mark.exercise("search_baselines", weight=0.5)
def test_grid_in_three_dimensions(student, trials):
    """grid_search works for any number of axes."""
    run = grid(trials, student, ((0.0, -1.0, 2.0), (1.0, 1.0, 5.0)), 3)
    trials.assert_budget(run)
    trials.assert_within_bounds(run)
    trials.assert_returns_the_log(run)
