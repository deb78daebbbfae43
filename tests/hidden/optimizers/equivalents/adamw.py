"""Right solutions of the exercise ``adamw`` in other styles: none of them may lose a point."""

from __future__ import annotations

from autograder.suite import equivalent


@equivalent("adamw")
def built_on_adam():
    class AdamW(Adam):
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            super().__init__(lr, betas, eps, weight_decay=0.0)
            self.decay = weight_decay

        def step(self, params, grads):
            new = super().step(params, grads)
            return {k: new[k] - self.lr * self.decay * params[k] for k in params}


@equivalent("adamw")
def shrinks_what_adam_gets():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.adam = Adam(lr, betas=betas, eps=eps)
            self.factor = 1 - lr * weight_decay

        def step(self, params, grads):
            return self.adam.step({k: self.factor * p for k, p in params.items()}, grads)


@equivalent("adamw")
def step_by_step():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.lr = lr
            self.beta1, self.beta2 = betas
            self.eps = eps
            self.weight_decay = weight_decay
            self.m = {}
            self.v = {}
            self.t = 0

        def step(self, params, grads):
            self.t += 1
            new_params = {}
            for key in params:
                w, g = params[key], grads[key]
                if key not in self.m:
                    self.m[key] = np.zeros_like(w)
                    self.v[key] = np.zeros_like(w)
                self.m[key] = self.beta1 * self.m[key] + (1 - self.beta1) * g
                self.v[key] = self.beta2 * self.v[key] + (1 - self.beta2) * np.square(g)
                m_hat = self.m[key] / (1 - self.beta1**self.t)
                v_hat = self.v[key] / (1 - self.beta2**self.t)
                new_params[key] = w - self.lr * (m_hat / (np.sqrt(v_hat) + self.eps) + self.weight_decay * w)
            return new_params


@equivalent("adamw")
def correction_folded_into_the_rate():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.lr, self.betas, self.eps, self.wd = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            self.t += 1
            b1, b2 = self.betas
            rate = self.lr * (1 - b2**self.t) ** 0.5 / (1 - b1**self.t)
            out = {}
            for k, p in params.items():
                self.m[k] = b1 * self.m.get(k, 0) + (1 - b1) * grads[k]
                self.v[k] = b2 * self.v.get(k, 0) + (1 - b2) * grads[k] ** 2
                out[k] = p - rate * self.m[k] / (np.sqrt(self.v[k]) + self.eps) - self.lr * self.wd * p
            return out


@equivalent("adamw")
def in_place_on_copies():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.state = {}

        def step(self, params, grads):
            b1, b2 = self.betas
            params = {k: p.copy() for k, p in params.items()}
            for k, p in params.items():
                s = self.state.setdefault(k, {"t": 0, "m": np.zeros_like(p), "v": np.zeros_like(p)})
                s["t"] += 1
                p *= 1 - self.lr * self.weight_decay
                s["m"] += (1 - b1) * (grads[k] - s["m"])
                s["v"] += (1 - b2) * (grads[k] ** 2 - s["v"])
                denominator = np.sqrt(s["v"]) / np.sqrt(1 - b2 ** s["t"]) + self.eps
                p -= self.lr / (1 - b1 ** s["t"]) * s["m"] / denominator
            return params


@equivalent("adamw")
def decay_first_where_there_is_any():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.p1 = self.p2 = 1.0
            self.means = {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.p1, self.p2 = self.p1 * b1, self.p2 * b2
            new = {}
            for k in grads:
                theta = np.array(params[k])
                if self.weight_decay > 0:
                    theta = theta - self.lr * self.weight_decay * theta
                m, v = self.means.get(k, (0.0, 0.0))
                m = (1 - b1) * grads[k] + b1 * m
                v = (1 - b2) * grads[k] * grads[k] + b2 * v
                self.means[k] = m, v
                new[k] = theta - self.lr * (m / (1 - self.p1)) / ((v / (1 - self.p2)) ** 0.5 + self.eps)
            return new


@equivalent("adamw")
def calls_the_methods_of_adam_by_name():
    class AdamW(Adam):
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            Adam.__init__(self, lr, betas, eps)
            self.lam = weight_decay

        def step(self, params, grads):
            decayed = {name: value * (1.0 - self.lr * self.lam) for name, value in params.items()}
            return Adam.step(self, decayed, grads)
