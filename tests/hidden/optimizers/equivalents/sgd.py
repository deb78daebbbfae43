"""Right solutions of the exercise ``sgd`` in other styles: none of them may lose a point."""

from __future__ import annotations

from autograder.suite import equivalent


@equivalent("sgd")
def rate_inside_the_velocity():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr = lr
            self.mu = momentum
            self.wd = weight_decay
            self.nesterov = nesterov
            self.v = {}

        def step(self, params, grads):
            out = {}
            for name in params:
                g = grads[name] + self.wd * params[name]
                if name not in self.v:
                    self.v[name] = np.zeros_like(params[name])
                self.v[name] = self.mu * self.v[name] - self.lr * g
                if self.nesterov:
                    out[name] = params[name] + self.mu * self.v[name] - self.lr * g
                else:
                    out[name] = params[name] + self.v[name]
            return out


@equivalent("sgd")
def previous_velocity_taken_back():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.velocity = None

        def step(self, params, grads):
            if self.velocity is None:
                self.velocity = {k: np.zeros(p.shape) for k, p in params.items()}
            new_params = {}
            for k, p in params.items():
                v_prev = self.velocity[k]
                v = self.momentum * v_prev - self.lr * (grads[k] + self.weight_decay * p)
                self.velocity[k] = v
                if self.nesterov:
                    new_params[k] = p - self.momentum * v_prev + (1 + self.momentum) * v
                else:
                    new_params[k] = p + v
            return new_params


@equivalent("sgd")
def first_buffer_is_the_gradient():
    class SGD(object):
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr = lr
            self.momentum = momentum
            self.weight_decay = weight_decay
            self.nesterov = nesterov
            self.state = {}

        def step(self, params, grads):
            new_params = {}
            for key, param in params.items():
                d_p = grads[key].copy()
                if self.weight_decay != 0:
                    d_p += self.weight_decay * param
                if self.momentum != 0:
                    buf = self.state.get(key)
                    if buf is None:
                        buf = self.state[key] = np.copy(d_p)
                    else:
                        buf *= self.momentum
                        buf += d_p
                    d_p = d_p + self.momentum * buf if self.nesterov else buf
                new_params[key] = param - self.lr * d_p
            return new_params


@equivalent("sgd")
def in_place_on_deep_copies():
    import copy
    from collections import defaultdict

    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.hyper = dict(lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)
            self.velocities = defaultdict(lambda: 0.0)

        def step(self, params, grads):
            params = copy.deepcopy(params)
            grads = copy.deepcopy(grads)
            h = self.hyper
            for k in params:
                grads[k] += h["weight_decay"] * params[k]
                self.velocities[k] = h["momentum"] * self.velocities[k] + grads[k]
                if h["nesterov"]:
                    params[k] -= h["lr"] * grads[k]
                    params[k] -= h["lr"] * h["momentum"] * self.velocities[k]
                else:
                    params[k] -= h["lr"] * self.velocities[k]
            return params


@equivalent("sgd")
def dataclass_with_comprehensions():
    from dataclasses import dataclass, field

    @dataclass
    class SGD:
        lr: float
        momentum: float = 0.0
        weight_decay: float = 0.0
        nesterov: bool = False
        velocity: dict = field(default_factory=dict)

        def step(self, params, grads):
            g = {k: np.add(grads[k], np.multiply(self.weight_decay, params[k])) for k in params}
            self.velocity = {k: g[k] + self.momentum * self.velocity.get(k, np.zeros_like(g[k])) for k in params}
            direction = {k: g[k] + self.momentum * self.velocity[k] for k in params} if self.nesterov else self.velocity
            return {k: params[k] - self.lr * direction[k] for k in params}


@equivalent("sgd")
def all_gradients_kept():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.history = {}

        def step(self, params, grads):
            result = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.history.setdefault(k, []).append(g)
                ages = range(len(self.history[k]) - 1, -1, -1)
                velocity = sum(self.momentum**age * past for age, past in zip(ages, self.history[k]))
                result[k] = p - self.lr * (g + self.momentum * velocity if self.nesterov else velocity)
            return result


@equivalent("sgd")
def base_class_and_ordered_dict():
    from collections import OrderedDict

    class Optimizer:
        def __init__(self, lr):
            self.lr = lr
            self.state = {}

        def update(self, key, p, g):
            raise NotImplementedError

        def step(self, params, grads):
            return OrderedDict((key, self.update(key, params[key], grads[key])) for key in params)

    class SGD(Optimizer):
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            super().__init__(lr)
            self.momentum = momentum
            self.weight_decay = weight_decay
            self.nesterov = nesterov

        def update(self, key, p, g):
            g = g + self.weight_decay * p
            u = self.state[key] = g + self.momentum * self.state.get(key, np.zeros_like(p))
            return p - self.lr * (g + self.momentum * u) if self.nesterov else p - self.lr * u


@equivalent("sgd")
def entry_by_entry_in_lists():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.velocity = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                theta, grad = params[k].ravel().tolist(), grads[k].ravel().tolist()
                old = self.velocity.get(k, [0.0] * len(theta))
                g = [b + self.weight_decay * a for a, b in zip(theta, grad)]
                u = [self.momentum * a + b for a, b in zip(old, g)]
                self.velocity[k] = u
                d = [a + self.momentum * b for a, b in zip(g, u)] if self.nesterov else u
                new[k] = np.reshape([a - self.lr * b for a, b in zip(theta, d)], params[k].shape).tolist()
            return new


@equivalent("sgd")
def state_for_each_key():
    class SGD:
        def __init__(self, lr: float, momentum: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False):
            self.lr = lr
            self.momentum = momentum
            self.weight_decay = weight_decay
            self.nesterov = nesterov
            self.state: dict[str, dict] = {}

        def step(self, params, grads):
            new_params = dict(params)
            for key in grads:
                state = self.state.setdefault(key, {"step": 0})
                g = grads[key] if self.weight_decay == 0 else grads[key] + self.weight_decay * params[key]
                state["v"] = g if state["step"] == 0 else np.add(self.momentum * state["v"], g)
                state["step"] += 1
                new_params[key] = new_params[key] - self.lr * (
                    state["v"] if not self.nesterov else np.add(g, self.momentum * state["v"])
                )
            return new_params
