"""Right solutions of the exercise ``rmsprop`` in other styles: none of them may lose a point."""

from __future__ import annotations

from autograder.suite import equivalent


@equivalent("rmsprop")
def zeros_at_the_first_step():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr = lr
            self.alpha = alpha
            self.eps = eps
            self.h = None

        def step(self, params, grads):
            if self.h is None:
                self.h = {key: np.zeros_like(val) for key, val in params.items()}
            new = {}
            for key in params:
                self.h[key] *= self.alpha
                self.h[key] += (1 - self.alpha) * grads[key] * grads[key]
                new[key] = params[key] - self.lr * grads[key] / (np.sqrt(self.h[key]) + self.eps)
            return new


@equivalent("rmsprop")
def towards_the_new_square():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            out = {}
            for k in params:
                v = self.v.get(k, np.zeros(params[k].shape))
                self.v[k] = v + (1 - self.alpha) * (np.square(grads[k]) - v)
                out[k] = params[k] - (self.lr / (self.v[k] ** 0.5 + self.eps)) * grads[k]
            return out


@equivalent("rmsprop")
def all_gradients_kept():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.squares = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                self.squares.setdefault(k, []).append(grads[k] ** 2)
                ages = np.arange(len(self.squares[k]))[::-1]
                weights = (1 - self.alpha) * self.alpha**ages
                mean = np.tensordot(weights, np.array(self.squares[k]), axes=1)
                new[k] = p - self.lr * grads[k] / (np.sqrt(mean) + self.eps)
            return new


@equivalent("rmsprop")
def sum_with_the_factor_outside():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k in grads:
                self.s[k] = self.alpha * self.s.get(k, 0.0) + grads[k] ** 2
                rms = np.sqrt(1 - self.alpha) * np.sqrt(self.s[k])
                new[k] = params[k] - self.lr * np.divide(grads[k], rms + self.eps)
            return new


@equivalent("rmsprop")
def dict_of_states():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.defaults = {"lr": lr, "alpha": alpha, "eps": eps}
            self.state = {}

        def step(self, params, grads):
            lr, alpha, eps = (self.defaults[name] for name in ("lr", "alpha", "eps"))
            new_params = {}
            for name, p in params.items():
                g = np.array(grads[name])
                if name not in self.state:
                    self.state[name] = {"square_avg": np.zeros_like(p)}
                self.state[name]["square_avg"] = self.state[name]["square_avg"] * alpha + g * g * (1 - alpha)
                avg = np.sqrt(self.state[name]["square_avg"])
                avg += eps
                p = p.copy()
                p += -lr * g / avg
                new_params[name] = p
            return new_params


@equivalent("rmsprop")
def one_long_vector():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = 0.0

        def step(self, params, grads):
            keys = list(params)
            theta = np.concatenate([params[k].ravel() for k in keys])
            g = np.concatenate([grads[k].ravel() for k in keys])
            self.v = self.alpha * self.v + (1 - self.alpha) * g * g
            theta = theta - self.lr * g / (np.sqrt(self.v) + self.eps)
            ends = np.cumsum([params[k].size for k in keys])[:-1]
            parts = np.split(theta, ends)
            return {k: part.reshape(params[k].shape) for k, part in zip(keys, parts)}
