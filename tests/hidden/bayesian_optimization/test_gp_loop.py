"""Hidden checks of ``gp_loop``: the judge's own log of evaluations tells whether it is Bayesian optimization.

Regret is compared with the distribution of random search, by the sequential test that ``conftest.py`` derives. A loop
from one's own pieces may choose among candidates, and may have a fixed length scale and a prior mean of zero. So the
boxes are a few length scales wide, the values lie within some units of zero, and e0, the largest mean U of a right
loop, is large: candidates 1 % of an axis apart alone cost U = 0.05 in one dimension.

    one dimension     reference 0.010, a grid of 400 points and a fixed length scale 0.019, Matern and UCB 0.002
    two dimensions    reference 0.001, a grid of 40 x 40 points and a fixed length scale 0.018, Matern and UCB 0.003

(means of U over 40 runs each, the largest single U being 0.06).

Random search passes one of the two checks of regret with probability 0.05 at most, and never the check of
``depend``. The loop may use the student's acquisition functions. If a check fails and those are wrong, it is done once
more with sound ones in their place: no mistake costs points twice.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.compare import as_array, assert_all, assert_matches, recording

pytestmark = [pytest.mark.exercise("gp_loop"), pytest.mark.filterwarnings("ignore")]

LINE = ((-2.0,), (2.0,))
BOX = ((0.0, -1.0), (4.0, 3.0))
SHORT = (3, 3)
E0 = 0.05
NAMES = ("expected_improvement", "log_expected_improvement", "probability_of_improvement", "upper_confidence_bound")

# Not part of any solution: the judge computes, the gradient too.
STAND_IN = """
import torch as _torch

if "_own_acquisition" not in globals():
    _own_acquisition = {name: globals().get(name) for name in NAMES}

def _ask_the_judge(ask):
    global _judge
    _judge = ask

class _Asked(_torch.autograd.Function):
    @staticmethod
    def forward(ctx, name, mean, std, third):
        value, ctx.by_mean, ctx.by_std = _judge(name, mean.detach(), std.detach(), float(third))
        return value

    @staticmethod
    def backward(ctx, slope):
        return None, slope * ctx.by_mean, slope * ctx.by_std, None

def _stand_in(name):
    def ask(mean, std, third):
        mean, std = (_torch.as_tensor(value, dtype=_torch.float64) for value in (mean, std))
        return _Asked.apply(name, *_torch.broadcast_tensors(mean, std), third)
    return ask

for _name in NAMES:
    globals()[_name] = _stand_in(_name)
""".replace("NAMES", repr(NAMES))

OWN = """
if "_own_acquisition" in globals():
    globals().update(_own_acquisition)
"""


def answer_with(reference):
    """The callback of the stand-ins. What the student's code hands in may not fit: then a ValueError says so."""

    def ask(name, mean, std, third):
        try:
            with torch.enable_grad():  # a solution of our own asks from within its function's forward pass
                mean, std = mean.double().requires_grad_(), std.double().requires_grad_()
                value = getattr(reference, name)(mean, std, third)
                by_mean, by_std = torch.autograd.grad(value.sum(), (mean, std), allow_unused=True)
            zeros = torch.zeros_like(value)
            return tuple(zeros if v is None else v.detach() for v in (value, by_mean, by_std))
        except (AttributeError, RuntimeError, TypeError) as error:
            raise ValueError(f"these are no means and standard deviations: {type(error).__name__}") from error

    return ask


def are_sound(student, reference, trials):
    """Whether the student's own acquisition functions compute what they should, with the gross measure that counts."""
    mean, std = torch.tensor([0.3, 1.2, -0.5]).double(), torch.tensor([0.5, 0.2, 1.5]).double()
    far = mean - 60 * std  # where EI underflows, as it does all over a box towards the end of a run
    try:
        for name in NAMES:
            for where in (mean, far) if name == "log_expected_improvement" else (mean,):
                value = as_array(student[name].may_mutate(where, std, 0.8), what=name)
                assert_matches(value, getattr(reference, name)(where, std, 0.8).numpy(), what=name, rtol=1e-4)
    except trials.REPEATABLE:
        return False
    return True


@pytest.fixture
def on_its_own(trials, reference):
    """Run a check; if it fails and the acquisition functions are wrong, once more with sound ones in their place."""

    def run(student, check):
        try:
            check("")
        except trials.REPEATABLE as with_own:
            with recording():  # what the second try sees is no evidence of the mistake
                if trials.remembered(student, "sound", lambda: are_sound(student, reference, trials)):
                    raise
                try:
                    student.define(STAND_IN)
                    student._ask_the_judge(answer_with(reference))
                    check(" with stand-ins")
                except trials.REPEATABLE:
                    raise with_own from None
                finally:
                    student.define(OWN)

    return run


def short(trials, student, pieces, **settings):
    """A short run on a hill in one dimension, the same for all checks unless the settings say otherwise."""
    settings = {"objective": trials.hill(1, LINE), "budget": SHORT, "seed": 11, "again": ""} | settings
    settings["again"] += pieces
    return trials.loop(student, "gp_loop", **settings)


def cornered(trials, student, pieces):
    """A run whose best point is a corner of the box."""
    return trials.loop(student, "gp_loop", trials.plane(BOX), (3, 5), seed=5, again=pieces)


def test_number_of_evaluations(student, trials, on_its_own):
    """f is evaluated exactly n_init + n_iter times."""

    def check(pieces):
        trials.assert_budget(short(trials, student, pieces))
        trials.assert_budget(cornered(trials, student, pieces))

    on_its_own(student, check)


@pytest.mark.exercise("gp_loop", supporting=True)
def test_bounds(student, trials, on_its_own):
    """Every point at which f is evaluated lies within the bounds, also where the best point is a corner of the box."""

    def check(pieces):
        trials.assert_within_bounds(short(trials, student, pieces))
        trials.assert_within_bounds(cornered(trials, student, pieces))

    on_its_own(student, check)


def test_what_is_returned(student, trials, on_its_own):
    """X (n, d) and y (n,) hold all points at which f was evaluated, initial ones included, and the values of f."""

    def check(pieces):
        trials.assert_returns_the_log(short(trials, student, pieces))
        trials.assert_returns_the_log(cornered(trials, student, pieces))

    on_its_own(student, check)


@pytest.mark.exercise("gp_loop", supporting=True)
def test_same_seed(student, trials, on_its_own):
    """The same seed gives the same run, whatever random numbers were drawn before."""

    def check(pieces):
        again = short(trials, student, pieces, again="again")
        trials.assert_same(short(trials, student, pieces), again, "should be the same for the same seed")

    on_its_own(student, check)


@pytest.mark.exercise("gp_loop", weight=0.5)
def test_other_seed(student, trials, on_its_own):
    """Another seed gives other initial points, so that a search can be repeated independently."""

    def check(pieces):
        first, other = short(trials, student, pieces), short(trials, student, pieces, seed=12, budget=(3, 1))
        n = min(len(first.log.points), len(other.log.points), 3)
        differ = n > 0 and bool((np.abs(first.units[:n] - other.units[:n]) > 1e-6).any())
        assert_all(differ, "should be others for another seed", what="the initial points")

    on_its_own(student, check)


@pytest.mark.exercise("gp_loop", weight=2)
@pytest.mark.parametrize(("first_value", "height"), [(0, 0.0), (3, -4.0)], ids=["any value", "the newest value"])
def test_points_depend_on_the_values(student, trials, on_its_own, first_value, height):
    """Where f is evaluated next depends on the values seen so far, the newest included: the surrogate is used, and it
    learns of each new value."""

    def check(pieces):
        # The same seed, and from one evaluation on the values of another function.
        start = max(first_value + 1, 3)
        first, other = (short(trials, student, pieces, distort=d) for d in (None, (first_value, height)))
        n = min(len(first.log.points), len(other.log.points), first.n)
        differ = n > start and bool((np.abs(first.units[start:n] - other.units[start:n]) > 1e-6).any())
        assert_all(differ, "should depend on the values of f", what="the points after the initial ones")

    on_its_own(student, check)


@pytest.mark.exercise("gp_loop", weight=3)
@pytest.mark.parametrize("d", [1, 2], ids=["one dimension", "two dimensions"])
def test_regret(student, trials, on_its_own, d):
    """The loop comes closer to the maximum than random search with the same budget does."""
    bounds, budget = ((LINE, (3, 9)), (BOX, (5, 10)))[d - 1]

    def check(pieces):
        # s = 0.5 in the sequential test: its slope, 1.39 for each run, is below the X = 3 of coarse candidates.
        trials.assert_beats_random_search(
            student,
            "gp_loop",
            lambda k: trials.hill(20 + k, bounds, offset=-0.6, scale=2.0),
            budget,
            e0=E0,
            s=0.5,
            again=pieces,
        )

    on_its_own(student, check)
