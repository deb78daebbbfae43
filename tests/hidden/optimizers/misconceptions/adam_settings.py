"""Wrong solutions of the exercise ``adam``: settings, eps and state, each with a sentence for its student."""

from __future__ import annotations

from autograder.suite import misconception


@misconception(
    "adam",
    "You have exchanged the two betas: the first belongs to the mean, the second to the mean square.",
)
def betas_swapped():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b2, b1 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "All your parameters share one mean and one mean square. Each key has its own.",
)
def one_state_for_all_parameters():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, 0.0, 0.0

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                if np.shape(self.m) not in ((), g.shape):
                    self.m = self.v = 0.0
                self.m = b1 * self.m + (1 - b1) * g
                self.v = b2 * self.v + (1 - b2) * g**2
                m_hat = self.m / (1 - b1**self.t)
                v_hat = self.v / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "You use the first beta for the mean square, too.",
)
def one_beta_for_both():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas[0], self.betas[0]
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "Your averages do not use the argument betas.",
)
def betas_ignored():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = 0.9, 0.999
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "Your defaults of betas are not those of the contract.",
)
def another_default_beta():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "You add eps to the mean square, inside the root. Here it is added to the root.",
)
def eps_inside_the_root():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / np.sqrt(v_hat + self.eps)
            return new


@misconception(
    "adam",
    "Your eps is added to the quotient instead of the divisor: division comes before addition. A gradient of zero "
    "shows it.",
)
def eps_by_precedence():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * (m_hat / np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "There is no eps in your divisor: where the gradient has always been zero you compute 0/0.",
)
def eps_missing():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat))
            return new


@misconception(
    "adam",
    "Your divisor does not use the argument eps.",
)
def eps_ignored():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + 1e-8)
            return new


@misconception(
    "adam",
    "Your means belong to the class: all optimizers share them. Make them in __init__, on self.",
)
def state_on_the_class():
    class Adam:
        m, v = {}, {}

        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t = 0

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "Your step changes the arrays in params. Return new ones and leave those as they are.",
)
def parameters_changed_in_place():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                params[k] -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return params


@misconception(
    "adam",
    "Your weight decay shrinks the parameters beside the step: that is AdamW. In Adam it is part of the gradient.",
)
def decoupled_decay():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * self.weight_decay * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "Your step does not use weight_decay.",
)
def decay_ignored():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "Your weight decay goes into the mean and not into the mean square. It is part of the gradient, and so of both.",
)
def decay_in_the_mean_alone():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * grads[k] ** 2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "You add the weight decay to the corrected mean. It is part of the gradient, before the means are taken.",
)
def decay_after_the_means():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * (m_hat + self.weight_decay * p) / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "Your default of weight_decay is not the one of the contract.",
)
def decays_by_default():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new
