"""Wrong solutions of the exercise ``rmsprop``, each with a sentence for its student."""

from __future__ import annotations

from autograder.suite import misconception


@misconception(
    "rmsprop",
    "You move along the gradient. It points uphill: the step goes against it.",
)
def climbs():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * g**2
                new[k] = p + self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "Your alpha weighs the new square. It is the weight of the past: with 0.99 the mean changes slowly.",
)
def alpha_swapped():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = (1 - self.alpha) * self.v.get(k, 0.0) + self.alpha * g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "You sum the squares without forgetting: that is Adagrad.",
)
def squares_summed():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.v.get(k, 0.0) + g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "You add the new square in full. The weights of past and present add up to 1.",
)
def new_square_in_full():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "You correct the mean for its start at zero, as Adam does. RMSprop does not.",
)
def bias_corrected():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}
            self.t = 0

        def step(self, params, grads):
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v[k] / (1 - self.alpha**self.t)) + self.eps)
            return new


@misconception(
    "rmsprop",
    "Your mean starts as the first square. It starts at zero, and the first steps are longer for it.",
)
def starts_with_the_first_square():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, g**2) + (1 - self.alpha) * g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "Your mean does not start at zero.",
)
def starts_at_one():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 1.0) + (1 - self.alpha) * g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "You divide by the mean square itself. Its root has the unit of a gradient.",
)
def no_root():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * g**2
                new[k] = p - self.lr * g / (self.v[k] + self.eps)
            return new


@misconception(
    "rmsprop",
    "Your mean is that of the sizes of the gradients. It is their squares that are averaged; the root comes "
    "afterwards.",
)
def not_squared():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * np.abs(g)
                new[k] = p - self.lr * g / (self.v[k] + self.eps)
            return new


@misconception(
    "rmsprop",
    "You divide by the mean as it was before this step, which is zero at the first one. The latest square belongs "
    "to it.",
)
def latest_square_missing():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                before = self.v.get(k, np.zeros_like(g))
                self.v[k] = self.alpha * before + (1 - self.alpha) * g**2
                new[k] = p - self.lr * g / (np.sqrt(before) + self.eps)
            return new


@misconception(
    "rmsprop",
    "Your mean starts at zero again at every step. The state is kept in the object.",
)
def nothing_is_kept():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * 0.0 + (1 - self.alpha) * g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "You subtract the square of the mean gradient: that is the centered variant, which is not asked for.",
)
def centered():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v, self.m = {}, {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * g**2
                self.m[k] = self.alpha * self.m.get(k, 0.0) + (1 - self.alpha) * g
                new[k] = p - self.lr * g / (np.sqrt(np.maximum(self.v[k] - self.m[k] ** 2, 0.0)) + self.eps)
            return new


@misconception(
    "rmsprop",
    "You average over all entries of an array, so that they share one rate. Every entry has a mean of its own.",
)
def one_mean_for_each_array():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * np.mean(g**2)
                new[k] = p - self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "All your parameters share one mean square. Each key has its own.",
)
def one_mean_for_all_parameters():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = 0.0

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                if np.shape(self.v) not in ((), g.shape):
                    self.v = 0.0
                self.v = self.alpha * self.v + (1 - self.alpha) * g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v) + self.eps)
            return new


@misconception(
    "rmsprop",
    "Your mean does not use the argument alpha.",
)
def alpha_ignored():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = 0.99 * self.v.get(k, 0.0) + 0.01 * g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "Your default of alpha is not the one of the contract.",
)
def another_default_alpha():
    class RMSprop:
        def __init__(self, lr, alpha=0.9, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "You add eps to the mean square, inside the root. Here it is added to the root.",
)
def eps_inside_the_root():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * g**2
                new[k] = p - self.lr * g / np.sqrt(self.v[k] + self.eps)
            return new


@misconception(
    "rmsprop",
    "Your eps is added to the quotient instead of the divisor: division comes before addition. A gradient of zero "
    "shows it.",
)
def eps_by_precedence():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * g**2
                new[k] = p - self.lr * (g / np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "There is no eps in your divisor: where the gradient has always been zero you compute 0/0.",
)
def eps_missing():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v[k]))
            return new


@misconception(
    "rmsprop",
    "Your means belong to the class: all optimizers share them. Make them in __init__, on self.",
)
def mean_on_the_class():
    class RMSprop:
        v = {}

        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * g**2
                new[k] = p - self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return new


@misconception(
    "rmsprop",
    "Your step changes the arrays in params. Return new ones and leave those as they are.",
)
def parameters_changed_in_place():
    class RMSprop:
        def __init__(self, lr, alpha=0.99, eps=1e-8):
            self.lr, self.alpha, self.eps = lr, alpha, eps
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.v[k] = self.alpha * self.v.get(k, 0.0) + (1 - self.alpha) * g**2
                p -= self.lr * g / (np.sqrt(self.v[k]) + self.eps)
            return params
