"""Right solutions of the exercise ``adagrad`` in other styles: none of them may lose a point."""

from __future__ import annotations

from autograder.suite import equivalent


@equivalent("adagrad")
def zeros_at_the_first_step():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr = lr
            self.eps = eps
            self.h = None

        def step(self, params, grads):
            if self.h is None:
                self.h = {}
                for key, val in params.items():
                    self.h[key] = np.zeros_like(val)
            new = {}
            for key in params.keys():
                self.h[key] += grads[key] * grads[key]
                new[key] = params[key] - self.lr * grads[key] / (np.sqrt(self.h[key]) + self.eps)
            return new


@equivalent("adagrad")
def all_gradients_kept():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps, self.seen = lr, eps, {}

        def step(self, params, grads):
            for k in params:
                self.seen.setdefault(k, []).append(np.array(grads[k]))
            lengths = {k: np.linalg.norm(self.seen[k], axis=0) for k in params}
            return {k: params[k] - self.lr * grads[k] / (lengths[k] + self.eps) for k in params}


@equivalent("adagrad")
def rate_of_each_entry():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr = lr
            self.eps = eps
            self.accumulated = {}

        def step(self, params, grads):
            new_params = {}
            for k in params:
                self.accumulated[k] = np.add(self.accumulated.get(k, 0), np.power(grads[k], 2))
                rate = self.lr / (self.accumulated[k] ** 0.5 + self.eps)
                new_params[k] = params[k] - rate * grads[k]
            return new_params


@equivalent("adagrad")
def root_by_root():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.root = {}

        def step(self, params, grads):
            for k, g in grads.items():
                self.root[k] = np.hypot(self.root.get(k, np.zeros_like(g)), g)
            return {k: p - np.divide(self.lr * grads[k], self.root[k] + self.eps) for k, p in params.items()}


@equivalent("adagrad")
def in_place_on_copies():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr = lr
            self.eps = eps
            self.G = {}

        def step(self, params, grads):
            params = {k: v.copy() for k, v in params.items()}
            for k, p in params.items():
                g = grads[k]
                if k not in self.G:
                    self.G[k] = g**2
                else:
                    self.G[k] += g**2
                p -= self.lr / (np.sqrt(self.G[k]) + self.eps) * g
            return params


@equivalent("adagrad")
def entry_by_entry_in_lists():
    import math

    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps, self.sums = lr, eps, {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                sums = self.sums.setdefault(k, [0.0] * p.size)
                moved = []
                for i, (theta, g) in enumerate(zip(p.flat, grads[k].flat)):
                    sums[i] += g * g
                    moved.append(theta - self.lr * g / (math.sqrt(sums[i]) + self.eps))
                new[k] = np.array(moved).reshape(p.shape).tolist()
            return new
