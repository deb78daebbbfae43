"""Hidden checks of ``tune_network``, by the judge's own log of trials.

The contract asks for no particular search, so random search in the right scale passes: regret is judged by what it
reaches with certainty. One run of 15 trials in a space of a logarithmic, a linear and four integer parameters serves
most checks. For independent trials that are uniform on each scale the chances are:

* no trial has a learning rate in the 9 of 12 decades that count: 0.25^15 = 9.3e-10. For trials that are uniform on
  the linear scale the chance that one has is at most 15 * 10^-2.5 = 0.05;
* no integer parameter is ever at its upper end (each has two values): 0.5^60 = 1e-18; the same for the lower end;
* one of six parameters is never within the middle four fifths of its range: 6 * 0.2^15 = 2e-10.

Searches that learn from their trials do better than that: the objective rises towards all of these.
``tune_network`` may call the student's own loops. If a check fails, it is done once more with plain loops in their
place, whose points the judge deals: no mistake costs points twice.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from autograder.compare import assert_all, observe, recording

pytestmark = [pytest.mark.exercise("tune_network"), pytest.mark.filterwarnings("ignore")]

N = 15
SPACE = {
    "learning_rate": ("float", 1e-12, 1.0, "log"),
    "layers": ("int", 1, 2),
    "shift": ("float", -5.0, 3.0, "linear"),
    "units": ("int", 7, 8),
    "heads": ("int", 3, 4),
    "blocks": ("int", -1, 0),
}
WIDE = {
    "momentum": ("float", -5.0, 3.0, "linear"),
    "warmup": ("float", 100.0, 200.0, "linear"),
    "dropout": ("float", 0.5, 0.75, "linear"),
    "depth": ("int", 3, 40),
    "offset": ("int", -20, 10),
    "channels": ("int", 0, 25),
}
SMALL = {"width": ("int", 4, 64), "rate": ("float", 1e-4, 1e-1, "log")}

# Not part of any solution: the judge deals the points.
STAND_IN = """
import torch as _torch

if "_own_loops" not in globals():
    _own_loops = {name: globals().get(name) for name in ("random_search", "gp_loop", "botorch_loop")}

def _take_points_from(dealer):
    global _deal_points
    _deal_points = dealer

def _plain_loop(f, bounds, n_init, n_iter=0, seed=0):
    X = _deal_points(bounds, n_init + n_iter, int(seed))
    y = _torch.tensor([[float(f(x))] for x in X], dtype=_torch.float64)
    return X, y

def random_search(f, bounds, n_evals):
    X, y = _plain_loop(f, bounds, n_evals, 0, int(_torch.randint(2**31, ())))
    return X, y[:, 0]

botorch_loop = _plain_loop

def gp_loop(f, bounds, n_init, n_iter, seed):
    X, y = _plain_loop(f, bounds, n_init, n_iter, seed)
    return X, y[:, 0]
"""

OWN = """
if "_own_loops" in globals():
    globals().update(_own_loops)
"""


def deal_points(bounds, n, seed):
    """Uniform points in the box, drawn by the judge for code on the student's side. Raises ValueError and TypeError."""
    bounds = torch.as_tensor(bounds, dtype=torch.float64)
    if bounds.ndim != 2 or len(bounds) != 2 or not 0 <= n <= 10_000:
        raise ValueError("points in such a box cannot be dealt")
    generator = torch.Generator().manual_seed(seed % 2**63)
    shares = torch.rand(n, bounds.shape[1], generator=generator, dtype=torch.float64)
    return bounds[0] + (bounds[1] - bounds[0]) * shares


@dataclass
class Tuning:
    """A run: the configurations that the objective was called with, their values, and what was returned."""

    space: dict[str, tuple[Any, ...]]
    n: int
    trials: Any
    configs: list[dict[str, Any]] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    best: Any = None
    history: Any = None

    def objective(self, config: Any = None, **parts: Any) -> float:
        """A score of the configuration; parameters as keywords can mean nothing else than the configuration."""
        config = parts if config is None else config
        if type(config) is not dict or set(config) != set(self.space):
            self.trials.refuse("the configuration", "should be a dict with a value for each name in space")
        if len(self.configs) >= 5 * self.n + 50:
            self.trials.refuse("the number of trials", "goes on and on beyond what was asked for")
        numbers = {name: plain(value) for name, value in config.items()}
        for value in numbers.values():
            if value is None or not math.isfinite(value):
                self.trials.refuse("the configuration", "should hold finite numbers")
        self.configs.append(dict(config))
        self.values.append(score(self.space, numbers))
        return self.values[-1]


def plain(value):
    """A number as a float, None for anything else."""
    if isinstance(value, torch.Tensor | np.ndarray):
        value = value.item() if value.ndim == 0 else None
    return float(value) if isinstance(value, int | float | np.number) and not isinstance(value, bool) else None


def score(space, numbers):
    """Largest at learning rate 10^-7, rising with each integer up to 1.5 times its lower end, and smooth."""
    total = 0.0
    for place, (name, value) in enumerate(sorted(numbers.items())):
        kind, low, high = space[name][:3]
        if space[name][-1] == "log":
            total -= ((math.log10(value) - (-7 if high == 1.0 else -2)) / 6) ** 2 if value > 0 else 100.0
        elif space == WIDE:
            total -= 0.1 * ((value - low) / (high - low) - 0.5) ** 2
        elif kind == "int":
            # Both ends are tried by every search that has both; which is better differs from name to name.
            total += (0.05 if place % 2 else -0.05) * (value - low) / (high - low)
        else:
            total -= 0.1 * ((value - low) / (high - low) - 0.3) ** 2
    return total


@pytest.fixture
def tuned(trials):
    """Run a check on a tuning; if it fails, once more with plain loops in place of the student's."""

    def run(student, check, space=SPACE, n=N, seeds=(1,)):
        def tune(again, seed, number):
            tuning = Tuning(space, n, trials)
            arguments = (tuning.objective, copy.deepcopy(space), n, seed)
            tuning.best, tuning.history = student.tune_network.may_mutate(*arguments)
            return tuning

        def tunings(again):
            made = []
            for number, seed in enumerate(seeds):
                key = ("tune", tuple(space), n, seed, seeds[:number].count(seed), again)
                made.append(trials.remembered(student, key, lambda s=seed, i=number: tune(again, s, i)))
            return made

        try:
            check(*tunings(""))
        except trials.REPEATABLE as with_own:
            with recording():  # what the second try sees is no evidence of the mistake
                try:
                    student.define(STAND_IN)
                    student._take_points_from(deal_points)
                    check(*tunings("with stand-ins"))
                except trials.REPEATABLE:
                    raise with_own from None
                finally:
                    student.define(OWN)

    return run


def test_number_of_trials(student, tuned):
    """The objective is called exactly n_trials times, with a value for each name in space."""

    def check(tuning):
        assert_all(len(tuning.configs) == N, "should be called exactly n_trials times", what="the objective")

    tuned(student, check)


@pytest.mark.exercise("tune_network", supporting=True)
def test_bounds(student, tuned):
    """All values lie within their bounds, ends included."""

    def check(tuning):
        for config in tuning.configs:
            for name, value in config.items():
                low, high = SPACE[name][1:3]
                # Rounding to float32 and back, exp(log(high)) included, is 1e-6 at most; bounds ignored: whole units.
                room = 1e-6 * abs(high) if isinstance(low, float) else 0.0
                inside = low - 1e-6 * abs(low) - 1e-18 <= plain(value) <= high + room
                assert_all(inside, "should lie within the bounds of its parameter", what="a value")

    tuned(student, check)


@pytest.mark.exercise("tune_network", weight=1.5, supporting=True)
def test_integers(student, tuned):
    """Parameters of kind "int" reach the objective as integers, not as 3.0 or as tensors."""

    def check(tuning):
        for config in tuning.configs:
            for name, value in config.items():
                if SPACE[name][0] == "int":
                    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
                    assert_all(whole, "should be an int", what="the value of an integer parameter")

    tuned(student, check)


@pytest.mark.exercise("tune_network", weight=1.5)
def test_both_ends_of_integers(student, tuned):
    """Both ends of an integer parameter belong to it: the lower and the upper one are tried."""

    def check(tuning):
        for end, place in (("lower", 1), ("upper", 2)):
            tried = any(
                plain(value) == SPACE[name][place]
                for config in tuning.configs
                for name, value in config.items()
                if SPACE[name][0] == "int"
            )
            assert_all(tried, "should be tried by some trial", what=f"the {end} end of an integer parameter")

    tuned(student, check)


@pytest.mark.exercise("tune_network", weight=2)
def test_logarithmic_scale(student, tuned):
    """A parameter of scale "log" is searched by its order of magnitude: small values are found as easily as large."""

    def check(tuning):
        found = any(10**-11.5 <= plain(config["learning_rate"]) <= 10**-2.5 for config in tuning.configs[:N])
        assert_all(found, "should be close to the best in order of magnitude", what="the best value on a log scale")

    tuned(student, check)


@pytest.mark.exercise("tune_network", weight=1.5)
def test_range_of_each_parameter(student, tuned):
    """Integers and parameters of scale "linear" are searched all over their range, and not near its ends alone."""

    def check(tuning):
        for name, (_, low, high, *_) in WIDE.items():
            shares = [(plain(config[name]) - low) / (high - low) for config in tuning.configs[:N]]
            middle = any(0.1 <= share <= 0.9 for share in shares)
            assert_all(middle, "should be tried by some trial", what="the middle of a parameter's range")

    tuned(student, check, space=WIDE)


@pytest.mark.exercise("tune_network", weight=2)
def test_best_configuration(student, tuned):
    """best_config is the configuration with the largest value of all trials."""

    def check(tuning):
        best = tuning.best
        assert_all(type(best) is dict and set(best) == set(SPACE), "should be a configuration", what="best_config")
        numbers = {name: plain(value) for name, value in best.items()}
        assert_all(None not in numbers.values(), "should hold numbers", what="best_config")
        top = max(tuning.values, default=math.nan)
        places = [
            place
            for place, config in enumerate(tuning.configs)
            if all(math.isclose(numbers[name], plain(value), rel_tol=1e-6) for name, value in config.items())
        ]
        same = any(tuning.values[place] == top for place in places)
        if not same:
            lowest = any(tuning.values[place] == min(tuning.values) for place in places)
            kinds = {"none": not places, "smallest": lowest, "last": len(tuning.configs) - 1 in places}
            observe("the trial of best_config", next((kind for kind, fits in kinds.items() if fits), "another"))
        assert_all(same, "should be that of the trial with the largest value", what="best_config")

    tuned(student, check)


def entries_of(history):
    """How many entries a history has, None if it is none: a list, an array, a table, or such in a tuple or dict."""
    if isinstance(history, dict):
        history = tuple(history.values())
    if isinstance(history, list | tuple):
        # A pair (configs, values), or columns by name, is a history by columns.
        lengths = {entries_of(part) for part in history if not isinstance(part, dict)}
        columns = len(lengths) == 1 and len(history) != N and lengths != {None}
        return lengths.pop() if columns else len(history)
    if isinstance(history, np.ndarray | torch.Tensor):
        return len(history) if history.ndim else None
    return len(history) if hasattr(type(history), "iloc") else None


@pytest.mark.exercise("tune_network", weight=0.5, supporting=True)
def test_history(student, tuned):
    """history has one entry for each of the n_trials trials."""

    def check(tuning):
        assert_all(entries_of(tuning.history) == N, "should have an entry for each trial", what="history")

    tuned(student, check)


def test_seed(student, tuned):
    """The same seed gives the same trials, and another seed gives others."""

    def check(first, again, other):
        same = len(first.configs) == len(again.configs) and all(
            math.isclose(plain(a[name]), plain(b[name]), rel_tol=1e-6, abs_tol=1e-12)
            for a, b in zip(first.configs, again.configs, strict=True)
            for name in a
        )
        assert_all(same, "should be the same for the same seed", what="the trials")
        others = first.configs[:1] != other.configs[:1] or first.configs != other.configs
        assert_all(others, "should be others for another seed", what="the trials")

    tuned(student, check, space=SMALL, n=6, seeds=(3, 3, 4))
