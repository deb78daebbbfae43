"""Right solutions of ``tune_network`` in other styles: none of them may lose a point."""

from __future__ import annotations

import torch

from autograder.suite import equivalent


@equivalent("tune_network")
def random_search_with_numpy():
    import numpy as np

    def tune_network(objective, space, n_trials, seed):
        rng = np.random.default_rng(seed)
        configs, values = [], []
        for _ in range(n_trials):
            config = {}
            for name, (kind, low, high, *scale) in space.items():
                if kind == "int":
                    config[name] = rng.integers(low, high, endpoint=True)
                elif scale[0] == "log":
                    config[name] = np.clip(np.exp(rng.uniform(np.log(low), np.log(high))), low, high)
                else:
                    config[name] = rng.uniform(low, high)
            configs.append(config)
            values.append(objective(config))
        return configs[int(np.argmax(values))], {"configs": configs, "values": values}


@equivalent("tune_network")
def own_loop_over_the_unit_cube():
    def tune_network(objective, space, n_trials, seed):
        names = list(space)
        bounds = torch.tensor([[0.0] * len(names), [1.0] * len(names)], dtype=torch.float64)
        trials = []

        def decode(u):
            config = {}
            for share, name in zip(u.tolist(), names):
                spec = space[name]
                if spec[0] == "int":
                    config[name] = int(round(spec[1] - 0.499 + share * (spec[2] - spec[1] + 0.998)))
                elif spec[-1] == "log":
                    config[name] = math.exp(math.log(spec[1]) + share * (math.log(spec[2]) - math.log(spec[1])))
                else:
                    config[name] = spec[1] + share * (spec[2] - spec[1])
            return config

        def f(u):
            config = decode(u)
            trials.append({"config": config, "value": objective(config)})
            return trials[-1]["value"]

        n_init = min(5, n_trials)
        gp_loop(f, bounds, n_init, n_trials - n_init, seed)
        return max(trials, key=lambda trial: trial["value"])["config"], trials


@equivalent("tune_network")
def bounds_of_real_units():
    def tune_network(objective, space, n_trials, seed):
        # Axes in the units of the search: exponents of 10, and integers widened by half a step on either side.
        rows = []
        for spec in space.values():
            if spec[0] == "int":
                rows.append((spec[1] - 0.5, spec[2] + 0.5))
            elif spec[3] == "log":
                rows.append((math.log10(spec[1]), math.log10(spec[2])))
            else:
                rows.append((spec[1], spec[2]))
        bounds = torch.tensor(rows, dtype=torch.float64).T
        history, best = [], None

        def f(x):
            nonlocal best
            config = {}
            for value, (name, spec) in zip(x.tolist(), space.items()):
                if spec[0] == "int":
                    value = max(spec[1], min(spec[2], round(value)))
                elif spec[3] == "log":
                    value = 10**value
                config[name] = value if spec[0] == "int" else max(spec[1], min(spec[2], value))
            score = objective(config)
            history.append(score)
            if best is None or score > best[0]:
                best = (score, config)
            return score

        botorch_loop(f, bounds, min(8, n_trials), max(n_trials - 8, 0), seed)
        return best[1], history


@equivalent("tune_network")
def sobol_points():
    def tune_network(objective, space, n_trials, seed):
        shares = SobolEngine(len(space), scramble=True, seed=seed).draw(n_trials, dtype=torch.float64)
        history = []
        for row in shares:
            config = {}
            for u, (name, spec) in zip(row, space.items()):
                if spec[0] == "int":
                    config[name] = int(min(spec[1] + torch.floor(u * (spec[2] - spec[1] + 1)).item(), spec[2]))
                elif spec[3] == "log":
                    config[name] = float(spec[1] ** (1 - u) * spec[2] ** u)
                else:
                    config[name] = float(torch.lerp(torch.tensor(spec[1]).double(), torch.tensor(spec[2]).double(), u))
            history.append((objective(config), config))
        best = max(range(n_trials), key=lambda i: history[i][0])
        return history[best][1], tuple(history)
