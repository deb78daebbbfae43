"""Right baselines in other styles: none of them may lose a point."""

from __future__ import annotations

import torch

from autograder.suite import equivalent


@equivalent("search_baselines")
def numpy_throughout():
    import numpy as np

    def random_search(f, bounds, n_evals):
        low, high = np.asarray(bounds)
        X = np.random.uniform(low, high, size=(n_evals, len(low)))
        return X, np.array([f(x) for x in X])

    def grid_search(f, bounds, points_per_axis):
        axes = [np.linspace(a, b, points_per_axis) for a, b in np.asarray(bounds).T]
        X = np.array(np.meshgrid(*axes)).reshape(len(axes), -1).T
        return X, np.array([f(x) for x in X]).reshape(-1, 1)


@equivalent("search_baselines")
def plain_python():
    import itertools
    import random

    def random_search(f, bounds, n_evals):
        lows, highs = bounds.tolist()
        X, y = [], []
        for _ in range(n_evals):
            X.append([random.uniform(a, b) for a, b in zip(lows, highs)])
            y.append(f(X[-1]))
        return X, y

    def grid_search(f, bounds, points_per_axis):
        lows, highs = bounds.tolist()
        steps = [(b - a) / (points_per_axis - 1) for a, b in zip(lows, highs)]
        X = [
            [a + i * s for a, i, s in zip(lows, index, steps)]
            for index in itertools.product(range(points_per_axis), repeat=len(lows))
        ]
        return torch.tensor(X, dtype=torch.float64), torch.tensor([f(x) for x in X], dtype=torch.float64)


@equivalent("search_baselines")
def own_generator():
    def random_search(f, bounds, n_evals):
        generator = torch.Generator()
        generator.seed()
        u = torch.rand((n_evals, bounds.size(-1)), generator=generator, dtype=bounds.dtype)
        X = torch.lerp(bounds[0].expand_as(u), bounds[1].expand_as(u), u)
        return X, torch.stack([torch.as_tensor(f(x), dtype=bounds.dtype) for x in X])

    def grid_search(f, bounds, points_per_axis):
        d = bounds.size(-1)
        n = points_per_axis**d
        index = torch.stack([torch.arange(n) // points_per_axis**j % points_per_axis for j in range(d)], dim=1)
        X = bounds[0] + (bounds[1] - bounds[0]) * index.double() / (points_per_axis - 1)
        return X, torch.tensor([[f(x)] for x in X], dtype=torch.float64)


@equivalent("search_baselines")
def scrambled_sobol():
    def random_search(f, bounds, n_evals):
        u = SobolEngine(bounds.shape[1], scramble=True).draw(n_evals).double()
        X = bounds[0] + u * (bounds[1] - bounds[0])
        y = torch.zeros(n_evals, dtype=torch.float64)
        for i in range(n_evals):
            y[i] = f(X[i])
        return X, y

    def grid_search(f, bounds, points_per_axis):
        grids = torch.meshgrid(*(torch.linspace(a, b, points_per_axis) for a, b in bounds.T), indexing="xy")
        X = torch.stack([g.flatten() for g in grids], -1).double()
        return X, torch.tensor([f(x) for x in X]).double()
