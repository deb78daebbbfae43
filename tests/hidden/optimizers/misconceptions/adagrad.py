"""Wrong solutions of the exercise ``adagrad``, each with a sentence for its student."""

from __future__ import annotations

from autograder.suite import misconception


@misconception(
    "adagrad",
    "You move along the gradient. It points uphill: the step goes against it.",
)
def climbs():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + g**2
                new[k] = p + self.lr * g / (np.sqrt(self.s[k]) + self.eps)
            return new


@misconception(
    "adagrad",
    "Your sum holds the squares of the latest gradient only. It grows from step to step.",
)
def nothing_is_summed():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = g**2
                new[k] = p - self.lr * g / (np.sqrt(self.s[k]) + self.eps)
            return new


@misconception(
    "adagrad",
    "Your sum forgets: that is RMSprop. In Adagrad every square counts in full, for ever.",
)
def decaying_mean():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = 0.9 * self.s.get(k, 0.0) + 0.1 * g**2
                new[k] = p - self.lr * g / (np.sqrt(self.s[k]) + self.eps)
            return new


@misconception(
    "adagrad",
    "You divide the sum by the number of steps. Then the rates do not fall, but that is what Adagrad is about.",
)
def mean_over_the_steps():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}
            self.t = 0

        def step(self, params, grads):
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + g**2
                new[k] = p - self.lr * g / (np.sqrt(self.s[k] / self.t) + self.eps)
            return new


@misconception(
    "adagrad",
    "You divide by the sum of squares itself. Its root has the unit of a gradient.",
)
def no_root():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + g**2
                new[k] = p - self.lr * g / (self.s[k] + self.eps)
            return new


@misconception(
    "adagrad",
    "You sum the sizes of the gradients. What is summed is their squares; the root comes afterwards.",
)
def sizes_summed():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + np.abs(g)
                new[k] = p - self.lr * g / (self.s[k] + self.eps)
            return new


@misconception(
    "adagrad",
    "You sum the gradients and square the sum, so that gradients of opposite sign cancel. Square first.",
)
def gradients_summed():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + g
                new[k] = p - self.lr * g / (np.abs(self.s[k]) + self.eps)
            return new


@misconception(
    "adagrad",
    "You divide by the sum as it was before this step, which is zero at the first one. The latest square belongs "
    "to it.",
)
def latest_square_missing():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                before = self.s.get(k, np.zeros_like(g))
                self.s[k] = before + g**2
                new[k] = p - self.lr * g / (np.sqrt(before) + self.eps)
            return new


@misconception(
    "adagrad",
    "Your sum runs over all entries of an array, so that they share one rate. Every entry has a sum of its own.",
)
def one_sum_for_each_array():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + np.sum(g**2)
                new[k] = p - self.lr * g / (np.sqrt(self.s[k]) + self.eps)
            return new


@misconception(
    "adagrad",
    "All your parameters share one sum. Each key has its own.",
)
def one_sum_for_all_parameters():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = 0.0

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                if np.shape(self.s) not in ((), g.shape):
                    self.s = 0.0
                self.s = self.s + g**2
                new[k] = p - self.lr * g / (np.sqrt(self.s) + self.eps)
            return new


@misconception(
    "adagrad",
    "Your sum does not start at zero.",
)
def starts_above_zero():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.1) + g**2
                new[k] = p - self.lr * g / (np.sqrt(self.s[k]) + self.eps)
            return new


@misconception(
    "adagrad",
    "You add eps to the sum, inside the root. Here it is added to the root.",
)
def eps_inside_the_root():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + g**2
                new[k] = p - self.lr * g / np.sqrt(self.s[k] + self.eps)
            return new


@misconception(
    "adagrad",
    "Your eps is added to the quotient instead of the divisor: division comes before addition. A gradient of zero "
    "shows it.",
)
def eps_by_precedence():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + g**2
                new[k] = p - self.lr * (g / np.sqrt(self.s[k]) + self.eps)
            return new


@misconception(
    "adagrad",
    "Your divisor does not use the argument eps.",
)
def eps_ignored():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + g**2
                new[k] = p - self.lr * g / (np.sqrt(self.s[k]) + 1e-10)
            return new


@misconception(
    "adagrad",
    "Your default of eps is not the one of the contract.",
)
def another_default_eps():
    class Adagrad:
        def __init__(self, lr, eps=1e-7):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + g**2
                new[k] = p - self.lr * g / (np.sqrt(self.s[k]) + self.eps)
            return new


@misconception(
    "adagrad",
    "Your learning rate falls with the number of steps, too. The sum of squares does that alone.",
)
def rate_falls_as_well():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}
            self.t = 0

        def step(self, params, grads):
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + g**2
                new[k] = p - self.lr / np.sqrt(self.t) * g / (np.sqrt(self.s[k]) + self.eps)
            return new


@misconception(
    "adagrad",
    "Your sums belong to the class: all optimizers share them. Make them in __init__, on self.",
)
def sum_on_the_class():
    class Adagrad:
        s = {}

        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + g**2
                new[k] = p - self.lr * g / (np.sqrt(self.s[k]) + self.eps)
            return new


@misconception(
    "adagrad",
    "Your step changes the arrays in params. Return new ones and leave those as they are.",
)
def parameters_changed_in_place():
    class Adagrad:
        def __init__(self, lr, eps=1e-10):
            self.lr, self.eps = lr, eps
            self.s = {}

        def step(self, params, grads):
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.s[k] = self.s.get(k, 0.0) + g**2
                p -= self.lr * g / (np.sqrt(self.s[k]) + self.eps)
            return params
