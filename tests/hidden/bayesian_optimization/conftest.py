"""What the checks of ``bayesian_optimization`` share: objectives, the trusted log, and regret against random search.

**The log.** A loop is handed a callback. The judge evaluates it and keeps the log: all that is judged is in it. A run
is shared by the checks of its exercise, since it may take seconds. It is kept for the channel that it ran over, which
is one process of one submission.

**Regret against random search.** Let q(r) be the share of the box in which the objective is within r of its maximum.
Random search with n evaluations has a simple regret of at most r with probability U(r) = 1 - (1 - q(r))^n. For a loop
with simple regret r, X = -ln U(r). Under random search U is uniform and X exponential with mean 1, exactly, for any
objective; so for 0 < s < 1 the product of exp(s X) (1 - s) over independent runs is a martingale with mean 1, and by
Ville's inequality the probability that it ever reaches 1/alpha is at most alpha. The objectives are run one by one, and
a loop has passed when

    s (X_1 + ... + X_k) + k ln(1 - s) >= ln(1 / alpha),                alpha = 0.05.

So random search passes one such check with probability 0.05 at most, for all k together, and Sobol points, whose
regret is distributed much like that of random ones at so few evaluations, hardly more often. X is cut at ln 1000, which
can only lower it.

A right loop has small U. Let e0 bound the mean of U over a right loop's runs. By Markov's inequality for exp(-X) = U,

    P(X_1 + ... + X_k <= t) <= e^t e0^k,

and the check gives a loop up when that bound falls below 2.5e-11 = 1e-9 / 40. The two lines meet before k = 40, so the
false-alarm rate is at most 1e-9 for every loop whose mean U is at most e0. Each suite states e0 and the means measured.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

import numpy as np
import pytest
import torch

from autograder.compare import as_array, assert_all, observe
from autograder.errors import ArgumentChanged, BadReturn, Mismatch, MissingName, StudentError

# Failures after which the student's process still answers.
REPEATABLE = (ArgumentChanged, BadReturn, Mismatch, MissingName, StudentError)

ALPHA = 0.05  # the chance of random search in one check of regret
RIGHT_FAILS = 1e-9 / 40  # the chance of a right loop to be given up after any one of its runs
LARGEST_X = math.log(1000)

# Of an axis' length. A point on the bound may be rounded to float32 on its way: 6e-8. The nearest mistake, steps
# that are not clipped, leaves the box by percents.
BOUND_SHARE = 1e-5


def refuse(what: str, message: str) -> NoReturn:
    """Fail the check, with the message as evidence."""
    assert_all(False, message, what=what)
    raise AssertionError(message)


@dataclass(frozen=True)
class Objective:
    """offset + scale * height(u) + noise, where u in [0, 1]^d are the coordinates within the box."""

    bounds: tuple[tuple[float, ...], tuple[float, ...]]
    height: Callable[[np.ndarray], np.ndarray]  # (..., d) -> (...)
    offset: float = 0.0
    scale: float = 1.0
    noise: float = 0.0  # standard deviation, in units of scale
    name: str = ""

    @property
    def d(self) -> int:
        """The number of axes."""
        return len(self.bounds[0])

    @property
    def box(self) -> torch.Tensor:
        """The bounds (2, d)."""
        return torch.tensor(self.bounds, dtype=torch.float64)

    def unit(self, points: np.ndarray) -> np.ndarray:
        """Points (..., d) in coordinates of the box, not cut off at its bounds."""
        low, high = np.array(self.bounds)
        return (points - low) / (high - low)

    @functools.cached_property
    def _levels(self) -> np.ndarray:
        # Midpoints of 250,000 cells: the smallest share that matters here, 8e-5, is 20 of them.
        if self.d == 1:
            cells = ((np.arange(250_000) + 0.5) / 250_000)[:, None]
        else:
            axis = (np.arange(500) + 0.5) / 500
            cells = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
        return np.sort(self.height(cells))

    def chance_of_random_search(self, best_height: float, n: int) -> float:
        """U: the probability that the best of n uniform points is at least as high."""
        share = 1 - np.searchsorted(self._levels, best_height) / len(self._levels)
        return float(1 - (1 - share) ** n)


@functools.cache
def hill(number: int, bounds: Any, **values: float) -> Objective:
    """A smooth hill somewhere in the box, wide enough to be seen from five points, of height 1."""
    generator = np.random.default_rng(number)
    center = generator.uniform(0.25, 0.75, len(bounds[0]))

    def height(u: np.ndarray) -> np.ndarray:
        if len(center) == 1:
            # A second, lower hill, or a shoulder, so that the curve is none of the GP's own family.
            u = u[..., 0]
            return np.exp(-((u - center[0]) ** 2) / (2 * 0.2**2)) + 0.15 * np.sin(9 * u)
        p, q = (u[..., 0] - center[0]) / 0.3, (u[..., 1] - center[1]) / 0.4
        return np.exp(-(p * p + q * q - 0.8 * p * q) / (2 * (1 - 0.4**2)))

    return Objective(bounds, height, name=f"hill {number} {bounds} {values}", **values)


def plane(bounds: Any) -> Objective:
    """Highest in a corner of the box."""
    return Objective(bounds, lambda u: u.mean(axis=-1), name=f"plane {bounds}")


def draw_of(student: Any) -> int:
    """Which of several gradings of a solution of our own this is: each has seeds of its own (``pytest --draws``)."""
    return getattr(student._conversation._channel, "draw", 0)


@dataclass
class Log:
    """The trusted log of one run: where f was evaluated, and what it said."""

    objective: Objective
    most: int  # evaluations; one who makes more has left every budget behind
    seed: int
    distort: tuple[int, float] | None = None  # from this evaluation on, another function: these many scales higher
    points: list[np.ndarray] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._noise = np.random.default_rng([self.seed, 12345])

    def evaluate(self, x: Any) -> float:
        """f(x), for a tensor, an array or a list of d numbers; (1, d) is taken too, as it can mean nothing else."""
        d = self.objective.d
        x = x.detach() if isinstance(x, torch.Tensor) else x
        point = as_array(x, what="the point at which f is evaluated")
        if point.size != d or point.ndim > 2:
            refuse("the point at which f is evaluated", f"should have shape ({d},), the shape of one point")
        if not np.isfinite(point).all():
            refuse("the point at which f is evaluated", "holds NaN or infinite values")
        if len(self.points) >= self.most:
            refuse("the number of evaluations", "goes on and on beyond what was asked for")
        number = len(self.points)
        self.points.append(point.reshape(d))
        height = float(self.objective.height(np.clip(self.objective.unit(point.reshape(d)), 0, 1)))
        height += self.objective.noise * self._noise.standard_normal()
        if self.distort is not None and number >= self.distort[0]:
            height = self.distort[1] - height
        self.values.append(self.objective.offset + self.objective.scale * height)
        return self.values[-1]


@dataclass(frozen=True)
class Run:
    """A finished run: the log, and what the function returned."""

    log: Log
    n: int  # evaluations that were asked for
    X: Any
    y: Any

    @property
    def units(self) -> np.ndarray:
        """The points (n, d) of the budget in coordinates of the box."""
        return self.log.objective.unit(np.array(self.log.points[: self.n]).reshape(-1, self.log.objective.d))

    @property
    def best_height(self) -> float:
        """The true height of the best point within the budget."""
        heights = self.log.objective.height(np.clip(self.units, 0, 1))
        return float(heights.max(initial=-math.inf))


class Trials:
    """Runs the loops of submissions, each run once, and judges their logs."""

    hill = staticmethod(hill)
    plane = staticmethod(plane)
    Log = Log
    refuse = staticmethod(refuse)
    REPEATABLE = REPEATABLE

    def __init__(self) -> None:
        self._runs: WeakKeyDictionary[Any, dict[Any, Run | Exception]] = WeakKeyDictionary()
        self._own_runs: dict[Any, dict[Any, Run | Exception]] = {}

    def _runs_of(self, student: Any) -> dict[Any, Run | Exception]:
        channel = student._conversation._channel
        if channel not in self._runs:
            # Mistakes are named by running each check again on each misconception, over a channel of its own each
            # time. For our own solutions, which run in this process, it is the same code that gives the same runs.
            answerer = getattr(channel, "_answerer", None)
            own = {} if answerer is None else answerer._namespace
            codes = {n: v.__code__ for n, v in own.items() if isinstance(v, FunctionType) and v.__globals__ is own}
            key = tuple(sorted(codes.items(), key=lambda item: item[0]))
            self._runs[channel] = self._own_runs.setdefault((draw_of(student), key), {}) if own else {}
        return self._runs[channel]

    def remembered(self, student: Any, key: Any, make: Callable[[], Any]) -> Any:
        """What ``make`` gave, or raised, the first time in this process of the student's code."""
        runs = self._runs_of(student)
        if key not in runs:
            try:
                runs[key] = make()
            except REPEATABLE as error:
                runs[key] = error
        found = runs[key]
        if isinstance(found, Exception):
            observe("the run", type(found).__name__, passed=False)
            raise found.with_traceback(None)
        return found

    def search(self, student: Any, name: str, objective: Objective, n: int, argument: int) -> Run:
        """Call random_search or grid_search, which should evaluate n times."""

        def make() -> Run:
            log = Log(objective, most=3 * n + 50, seed=0)
            X, y = student[name].may_mutate(log.evaluate, objective.box, argument)
            return Run(log, n, X, y)

        return make()

    def loop(
        self,
        student: Any,
        name: str,
        objective: Objective,
        budget: tuple[int, int],
        seed: int,
        distort: tuple[int, float] | None = None,
        again: str = "",
    ) -> Run:
        """Call a loop with (n_init, n_iter) and a seed; ``again`` tells runs apart that are asked for twice."""
        seed += 1000 * draw_of(student)

        def make() -> Run:
            log = Log(objective, most=3 * sum(budget) + 50, seed=seed, distort=distort)
            X, y = student[name].may_mutate(log.evaluate, objective.box, *budget, seed)
            return Run(log, sum(budget), X, y)

        key = (name, objective.name, budget, seed, distort, again)
        return self.remembered(student, key, make)

    @staticmethod
    def assert_budget(run: Run) -> None:
        """f was evaluated as often as asked for."""
        found = len(run.log.points)
        few = "fewer times than it should be" if found < run.n else "more often than it should be"
        assert_all(found == run.n, f"is evaluated {few}", what="f")

    @staticmethod
    def assert_within_bounds(run: Run) -> None:
        """All evaluations, those beyond the budget included, lie in the box."""
        u = run.log.objective.unit(np.array(run.log.points).reshape(-1, run.log.objective.d))
        inside = bool(((u >= -BOUND_SHARE) & (u <= 1 + BOUND_SHARE)).all())
        assert_all(inside, "should all lie within the bounds", what="the points at which f is evaluated")

    @staticmethod
    def assert_returns_the_log(run: Run) -> None:
        """X and y are the evaluated points and their values; in another order than that of evaluation is fine too."""
        log, count, d = run.log, len(run.log.points), run.log.objective.d
        X, y = (value.detach() if isinstance(value, torch.Tensor) else value for value in (run.X, run.y))
        X, y = as_array(X, what="X", finite=True), as_array(y, what="y", finite=True)
        shapes = {(count, d)} | ({(count,)} if d == 1 else set())
        assert_all(X.shape in shapes, f"should have shape (n, {d}), a row for each evaluation of f", what="X")
        assert_all(y.shape in {(count,), (count, 1)}, "should hold a value for each evaluation of f", what="y")
        u, mine = log.objective.unit(np.array(log.points)), log.objective.unit(X.reshape(count, d))
        # float32 on the way: 6e-8 of the numbers, which are not much larger than the box. Other points differ by more.
        near = (np.abs(mine[:, None, :] - u[None, :, :]) <= BOUND_SHARE).all(axis=-1)
        assert_all(
            bool(near.any(axis=1).all() and near.any(axis=0).all()),
            "should be the points at which f was evaluated",
            what="X",
        )
        values = np.array(log.values)
        allowed = 1e-6 * np.abs(values).max()  # float32 again; other values differ by percents of the scale
        fits = near & (np.abs(y.reshape(count)[:, None] - values[None, :]) <= allowed)
        assert_all(bool(fits.any(axis=1).all()), "should hold the values of f at the rows of X", what="y")

    @staticmethod
    def assert_same(one: Run, other: Run, message: str) -> None:
        """Two runs evaluated f at the same points."""
        same = len(one.log.points) == len(other.log.points)
        # The same program on the same numbers gives the same bits. Maxima that were climbed from other starts agree to
        # some 1e-8 only, where they are the same maxima.
        same = same and bool((np.abs(one.units - other.units) <= 1e-11).all())
        assert_all(same, message, what="the run")

    def assert_beats_random_search(
        self,
        student: Any,
        name: str,
        objectives: Callable[[int], Objective],
        budget: tuple[int, int],
        e0: float,
        s: float,
        again: str = "",
    ) -> None:
        """The sequential test of the module's docstring, on as many objectives as it takes."""
        evidence, k = 0.0, 0
        while True:
            objective = objectives(k)
            run = self.loop(student, name, objective, budget, seed=100 + k, again=again)
            k += 1
            chance = objective.chance_of_random_search(run.best_height, run.n) if len(run.log.points) else 1.0
            evidence += min(-math.log(max(chance, 1e-300)), LARGEST_X)
            if s * evidence + k * math.log1p(-s) >= math.log(1 / ALPHA):
                break
            if evidence + k * math.log(e0) <= math.log(RIGHT_FAILS):
                refuse("the simple regret", "is no smaller than random search reaches with the same budget")
        assert_all(True, "is small", what="the simple regret")


@pytest.fixture(scope="session")
def trials() -> Trials:
    """See ``Trials``."""
    return Trials()
