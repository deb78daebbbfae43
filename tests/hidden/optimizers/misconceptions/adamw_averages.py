"""Wrong solutions of the exercise ``adamw``: the part that is Adam, each with a sentence for its student."""

from __future__ import annotations

from autograder.suite import misconception


@misconception(
    "adamw",
    "You move against the sense of the rule: the mean gradient points uphill, and the step goes against it.",
)
def climbs():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
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
                new[k] = (1 - self.lr * self.weight_decay) * p + self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "You use the means as they are. They start at zero, so in the first steps they are far too small, and one "
    "more than the other: correct both.",
)
def uncorrected():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
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
                m_hat = self.m[k]
                v_hat = self.v[k]
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "You divide by 1 - beta at every step: the exponent is missing, or the counter of steps stands still. The "
    "correction fades as the steps go by.",
)
def corrected_by_one_minus_beta():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
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
                m_hat = self.m[k] / (1 - b1)
                v_hat = self.v[k] / (1 - b2)
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "Your counter of steps is one ahead: the first step has the number 1.",
)
def counter_starts_at_two():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 1, {}, {}

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
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "Your counter is zero at the first step, and so you divide zero by zero. The first step has the number 1.",
)
def counter_starts_at_zero():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            self.t += 1
            return new


@misconception(
    "adamw",
    "Your counter moves on with every parameter. It counts steps: one for all keys together.",
)
def counter_counts_parameters():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            new = {}
            for k, p in params.items():
                self.t += 1
                g = grads[k]
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "You store the corrected means, and the next step goes on with them. The recurrence needs the uncorrected ones.",
)
def corrected_values_written_back():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
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
                m_hat = self.m[k] = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] = self.v[k] / (1 - b2**self.t)
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "You correct the mean and leave the mean square as it is. Both start at zero.",
)
def only_the_mean_is_corrected():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
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
                v_hat = self.v[k]
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "You divide by the mean square itself. Its root has the unit of a gradient.",
)
def no_root():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
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
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (v_hat + self.eps)
            return new


@misconception(
    "adamw",
    "You have exchanged the two betas: the first belongs to the mean, the second to the mean square.",
)
def betas_swapped():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b2, b1 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k]
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "All your parameters share one mean and one mean square. Each key has its own.",
)
def one_state_for_all_parameters():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, 0.0, 0.0

        def step(self, params, grads):
            b1, b2 = self.betas
            self.t += 1
            new = {}
            for k, p in params.items():
                g = grads[k]
                if np.shape(self.m) not in ((), g.shape):
                    self.m = self.v = 0.0
                self.m = b1 * self.m + (1 - b1) * g
                self.v = b2 * self.v + (1 - b2) * g**2
                m_hat = self.m / (1 - b1**self.t)
                v_hat = self.v / (1 - b2**self.t)
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "You add eps to the mean square, inside the root. Here it is added to the root.",
)
def eps_inside_the_root():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
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
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / np.sqrt(v_hat + self.eps)
            return new


@misconception(
    "adamw",
    "Your eps is added to the quotient instead of the divisor: division comes before addition. A gradient of zero "
    "shows it.",
)
def eps_by_precedence():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
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
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * (m_hat / np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "There is no eps in your divisor: where the gradient has always been zero you compute 0/0.",
)
def eps_missing():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
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
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat))
            return new


@misconception(
    "adamw",
    "Your means belong to the class: all optimizers share them. Make them in __init__, on self.",
)
def state_on_the_class():
    class AdamW:
        m, v = {}, {}

        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t = 0

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
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "Your step changes the arrays in params. Return new ones and leave those as they are.",
)
def parameters_changed_in_place():
    class AdamW:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
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
                p *= 1 - self.lr * self.weight_decay
                p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return params
