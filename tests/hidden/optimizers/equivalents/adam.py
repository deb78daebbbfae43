"""Right solutions of the exercise ``adam`` in other styles: none of them may lose a point.

Two of them fold the bias correction into the rate and add eps to the root of the uncorrected mean square, which differs
from torch's rule by order eps. That is accepted.
"""

from __future__ import annotations

from autograder.suite import equivalent


@equivalent("adam")
def step_by_step():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr = lr
            self.beta1, self.beta2 = betas
            self.eps = eps
            self.weight_decay = weight_decay
            self.m = None
            self.v = None
            self.t = 0

        def step(self, params, grads):
            if self.m is None:
                self.m = {k: np.zeros_like(p) for k, p in params.items()}
                self.v = {k: np.zeros_like(p) for k, p in params.items()}
            self.t = self.t + 1
            new_params = {}
            for k in params:
                grad = grads[k] + self.weight_decay * params[k]
                self.m[k] = self.beta1 * self.m[k] + (1 - self.beta1) * grad
                self.v[k] = self.beta2 * self.v[k] + (1 - self.beta2) * (grad * grad)
                m_hat = self.m[k] / (1 - np.power(self.beta1, self.t))
                v_hat = self.v[k] / (1 - np.power(self.beta2, self.t))
                new_params[k] = params[k] - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new_params


@equivalent("adam")
def correction_folded_into_the_rate():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.iter = 0
            self.m, self.v = {}, {}

        def step(self, params, grads):
            self.iter += 1
            b1, b2 = self.betas
            lr_t = self.lr * np.sqrt(1.0 - b2**self.iter) / (1.0 - b1**self.iter)
            out = {}
            for key, p in params.items():
                g = grads[key] + self.weight_decay * p
                self.m.setdefault(key, np.zeros_like(p))
                self.v.setdefault(key, np.zeros_like(p))
                self.m[key] += (1 - b1) * (g - self.m[key])
                self.v[key] += (1 - b2) * (g**2 - self.v[key])
                out[key] = p - lr_t * self.m[key] / (np.sqrt(self.v[key]) + self.eps)
            return out


@equivalent("adam")
def correction_folded_with_powers_kept():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.b1, self.b2, self.eps, self.wd = lr, betas[0], betas[1], eps, weight_decay
            self.b1_power = self.b2_power = 1.0
            self.state = {}

        def step(self, params, grads):
            self.b1_power *= self.b1
            self.b2_power *= self.b2
            alpha = self.lr * (1 - self.b2_power) ** 0.5 / (1 - self.b1_power)
            new = {}
            for k, p in params.items():
                g = grads[k] + self.wd * p if self.wd else grads[k]
                m, v = self.state.get(k, (0.0, 0.0))
                m, v = self.b1 * m + (1 - self.b1) * g, self.b2 * v + (1 - self.b2) * np.square(g)
                self.state[k] = m, v
                new[k] = p - alpha * m / (v**0.5 + self.eps)
            return new


@equivalent("adam")
def folded_with_eps_to_match():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            self.t += 1
            (b1, b2), t = self.betas, self.t
            root = np.sqrt(1 - b2**t)
            updated = {}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                self.m[k] = b1 * self.m.get(k, 0.0) + (1.0 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1.0 - b2) * g * g
                updated[k] = params[k] - self.lr * root / (1 - b1**t) * self.m[k] / (
                    np.sqrt(self.v[k]) + self.eps * root
                )
            return updated


@equivalent("adam")
def step_size_and_denominator():
    import math

    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
            self.state = {}

        def step(self, params, grads):
            beta1, beta2 = self.defaults["betas"]
            new_params = {}
            for name, param in params.items():
                grad = grads[name]
                state = self.state.setdefault(name, {})
                if len(state) == 0:
                    state["step"] = 0
                    state["exp_avg"] = np.zeros_like(param)
                    state["exp_avg_sq"] = np.zeros_like(param)
                state["step"] += 1
                if self.defaults["weight_decay"] != 0:
                    grad = grad + self.defaults["weight_decay"] * param
                state["exp_avg"] *= beta1
                state["exp_avg"] += (1 - beta1) * grad
                state["exp_avg_sq"] *= beta2
                state["exp_avg_sq"] += (1 - beta2) * grad * grad
                bias_correction1 = 1 - beta1 ** state["step"]
                bias_correction2 = 1 - beta2 ** state["step"]
                denom = np.sqrt(state["exp_avg_sq"]) / math.sqrt(bias_correction2) + self.defaults["eps"]
                step_size = self.defaults["lr"] / bias_correction1
                new_params[name] = param - step_size * state["exp_avg"] / denom
            return new_params


@equivalent("adam")
def sums_divided_by_the_sum_of_weights():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.sums = {}
            self.w1 = self.w2 = 0.0

        def step(self, params, grads):
            b1, b2 = self.betas
            self.w1 = 1 + b1 * self.w1
            self.w2 = 1 + b2 * self.w2
            new = {}
            for k, theta in params.items():
                g = grads[k] + self.weight_decay * theta
                s1, s2 = self.sums.get(k, (np.zeros_like(g), np.zeros_like(g)))
                s1, s2 = b1 * s1 + g, b2 * s2 + g * g
                self.sums[k] = (s1, s2)
                new[k] = theta - self.lr * (s1 / self.w1) / ((s2 / self.w2) ** 0.5 + self.eps)
            return new


@equivalent("adam")
def all_gradients_kept():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.past = {}

        def step(self, params, grads):
            def mean(values, beta):
                weights = beta ** np.arange(len(values) - 1, -1, -1)
                return np.tensordot(weights / weights.sum(), np.stack(values), axes=1)

            new = {}
            for k in params:
                self.past.setdefault(k, []).append(grads[k] + self.weight_decay * params[k])
                first = mean(self.past[k], self.betas[0])
                second = mean([g**2 for g in self.past[k]], self.betas[1])
                new[k] = params[k] - self.lr * first / (np.sqrt(second) + self.eps)
            return new


@equivalent("adam")
def counter_from_one_and_in_place_on_copies():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr = lr
            self.betas = list(betas)
            self.eps = eps
            self.weight_decay = weight_decay
            self.t = 1
            self.ms = {}
            self.vs = {}

        def step(self, params, grads):
            params = {k: np.array(v) for k, v in params.items()}
            for k, w in params.items():
                dw = np.array(grads[k])
                dw += self.weight_decay * w
                self.ms[k] = self.ms[k] * self.betas[0] if k in self.ms else np.zeros(w.shape)
                self.vs[k] = self.vs[k] * self.betas[1] if k in self.vs else np.zeros(w.shape)
                self.ms[k] += (1 - self.betas[0]) * dw
                self.vs[k] += (1 - self.betas[1]) * dw**2
                mt = self.ms[k] / (1 - self.betas[0] ** self.t)
                vt = self.vs[k] / (1 - self.betas[1] ** self.t)
                w -= self.lr * mt / (np.sqrt(vt) + self.eps)
            self.t += 1
            return params


@equivalent("adam")
def entry_by_entry_in_lists():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.count = 0
            self.moments = {}

        def step(self, params, grads):
            self.count += 1
            b1, b2 = self.betas
            new = {}
            for k in params:
                moments = self.moments.setdefault(k, [[0.0, 0.0] for _ in range(params[k].size)])
                moved = []
                for pair, theta, g in zip(moments, params[k].ravel(), grads[k].ravel()):
                    g = g + self.weight_decay * theta
                    pair[0] = b1 * pair[0] + (1 - b1) * g
                    pair[1] = b2 * pair[1] + (1 - b2) * g * g
                    root = (pair[1] / (1 - b2**self.count)) ** 0.5
                    moved.append(float(theta - self.lr * pair[0] / (1 - b1**self.count) / (root + self.eps)))
                new[k] = np.reshape(moved, np.shape(params[k])).tolist()
            return new
