"""Wrong baselines, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import torch

from autograder.suite import misconception


@misconception(
    "search_baselines",
    "Your random points follow a normal distribution (randn), cut off at the bounds. They should be uniform (rand).",
)
def normal_points():
    def random_search(f, bounds, n_evals):
        center, half = bounds.mean(dim=0), (bounds[1] - bounds[0]) / 2
        X = center + half * torch.randn(n_evals, bounds.shape[1], dtype=torch.float64).clamp(-1, 1)
        return X, torch.tensor([f(x) for x in X], dtype=torch.float64)

    def grid_search(f, bounds, points_per_axis):
        axes = [torch.linspace(a, b, points_per_axis, dtype=torch.float64) for a, b in bounds.T.tolist()]
        X = torch.cartesian_prod(*axes).reshape(-1, len(axes))
        return X, torch.tensor([f(x) for x in X], dtype=torch.float64)


@misconception(
    "search_baselines",
    "Your grid ends one step before the upper bound, as arange and linspace with endpoint=False do. Both ends of every "
    "axis belong to it.",
)
def grid_without_its_upper_end():
    def random_search(f, bounds, n_evals):
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_evals, bounds.shape[1], dtype=torch.float64)
        return X, torch.tensor([f(x) for x in X], dtype=torch.float64)

    def grid_search(f, bounds, points_per_axis):
        shares = torch.arange(points_per_axis, dtype=torch.float64) / points_per_axis
        axes = [a + (b - a) * shares for a, b in bounds.T.tolist()]
        X = torch.cartesian_prod(*axes).reshape(-1, len(axes))
        return X, torch.tensor([f(x) for x in X], dtype=torch.float64)


@misconception(
    "search_baselines",
    "Your grid is only its diagonal: all axes step together. A grid combines each value of one axis with each of the "
    "others.",
)
def only_the_diagonal():
    def random_search(f, bounds, n_evals):
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_evals, bounds.shape[1], dtype=torch.float64)
        return X, torch.tensor([f(x) for x in X], dtype=torch.float64)

    def grid_search(f, bounds, points_per_axis):
        shares = torch.linspace(0, 1, points_per_axis, dtype=torch.float64)[:, None]
        X = bounds[0] + (bounds[1] - bounds[0]) * shares
        return X, torch.tensor([f(x) for x in X], dtype=torch.float64)


@misconception(
    "search_baselines",
    "You draw one random number for a point and use it on all axes: all your points lie on the diagonal of the box.",
)
def one_number_for_all_axes():
    def random_search(f, bounds, n_evals):
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_evals, 1, dtype=torch.float64)
        return X, torch.tensor([f(x) for x in X], dtype=torch.float64)

    def grid_search(f, bounds, points_per_axis):
        axes = [torch.linspace(a, b, points_per_axis, dtype=torch.float64) for a, b in bounds.T.tolist()]
        X = torch.cartesian_prod(*axes).reshape(-1, len(axes))
        return X, torch.tensor([f(x) for x in X], dtype=torch.float64)


@misconception(
    "search_baselines",
    "You set a seed inside random_search, so each call searches the same points.",
)
def seed_inside():
    def random_search(f, bounds, n_evals):
        torch.manual_seed(0)
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_evals, bounds.shape[1], dtype=torch.float64)
        return X, torch.tensor([f(x) for x in X], dtype=torch.float64)

    def grid_search(f, bounds, points_per_axis):
        axes = [torch.linspace(a, b, points_per_axis, dtype=torch.float64) for a, b in bounds.T.tolist()]
        X = torch.cartesian_prod(*axes).reshape(-1, len(axes))
        return X, torch.tensor([f(x) for x in X], dtype=torch.float64)


@misconception(
    "search_baselines",
    "You return the best point and value of a search. What is asked for are all points and all values.",
)
def only_the_best():
    def random_search(f, bounds, n_evals):
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_evals, bounds.shape[1], dtype=torch.float64)
        y = torch.tensor([f(x) for x in X], dtype=torch.float64)
        return X[y.argmax()], y.max()

    def grid_search(f, bounds, points_per_axis):
        axes = [torch.linspace(a, b, points_per_axis, dtype=torch.float64) for a, b in bounds.T.tolist()]
        X = torch.cartesian_prod(*axes).reshape(-1, len(axes))
        y = torch.tensor([f(x) for x in X], dtype=torch.float64)
        return X[y.argmax()], y.max()
