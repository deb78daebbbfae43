"""Wrong solutions of the exercise ``adam``: the averages, each with a sentence for its student."""

from __future__ import annotations

from autograder.suite import misconception


@misconception(
    "adam",
    "You move against the sense of the rule: the mean gradient points uphill, and the step goes against it.",
)
def climbs():
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
                new[k] = p + self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "You use the means as they are. They start at zero, so in the first steps they are far too small, and one "
    "more than the other: correct both.",
)
def uncorrected():
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
                m_hat = self.m[k]
                v_hat = self.v[k]
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "You divide by 1 - beta at every step: the exponent is missing, or the counter of steps stands still. The "
    "correction fades as the steps go by.",
)
def corrected_by_one_minus_beta():
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
                m_hat = self.m[k] / (1 - b1)
                v_hat = self.v[k] / (1 - b2)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "Your counter of steps is one ahead: the first step has the number 1.",
)
def counter_starts_at_two():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 1, {}, {}

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
    "Your counter is zero at the first step, and so you divide zero by zero. The first step has the number 1.",
)
def counter_starts_at_zero():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            new = {}
            for k, p in params.items():
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            self.t += 1
            return new


@misconception(
    "adam",
    "Your counter moves on with every parameter. It counts steps: one for all keys together.",
)
def counter_counts_parameters():
    class Adam:
        def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
            self.t, self.m, self.v = 0, {}, {}

        def step(self, params, grads):
            b1, b2 = self.betas
            new = {}
            for k, p in params.items():
                self.t += 1
                g = grads[k] + self.weight_decay * p
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * g
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "You store the corrected means, and the next step goes on with them. The recurrence needs the uncorrected ones.",
)
def corrected_values_written_back():
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
                m_hat = self.m[k] = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "You correct the mean and leave the mean square as it is. Both start at zero.",
)
def only_the_mean_is_corrected():
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
                v_hat = self.v[k]
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "You correct the mean square and leave the mean as it is. Both start at zero.",
)
def only_the_square_is_corrected():
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
                m_hat = self.m[k]
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "You divide by the mean square itself. Its root has the unit of a gradient.",
)
def no_root():
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
                new[k] = p - self.lr * m_hat / (v_hat + self.eps)
            return new


@misconception(
    "adam",
    "Your second average is that of the squared mean. It takes the squares of the gradients.",
)
def square_of_the_mean():
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
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * self.m[k] ** 2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "Your averages take the new gradient and its square in full. The weights of past and present add up to 1.",
)
def gradients_summed():
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
                self.m[k] = b1 * self.m.get(k, 0.0) + g
                self.v[k] = b2 * self.v.get(k, 0.0) + g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adam",
    "Your step uses the gradient itself over the root. Adam uses the mean gradient: it has momentum.",
)
def gradient_instead_of_the_mean():
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
                new[k] = p - self.lr * g / (np.sqrt(v_hat) + self.eps)
            return new
