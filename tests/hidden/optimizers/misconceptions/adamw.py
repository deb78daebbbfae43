"""Wrong solutions of the exercise ``adamw``: the decay, each with a sentence for its student."""

from __future__ import annotations

from autograder.suite import misconception


@misconception(
    "adamw",
    "Your weight decay is added to the gradient: that is Adam with L2, and the root divides it away. Decoupled "
    "decay does not touch the means.",
)
def decay_through_the_gradient():
    class AdamW:
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


@misconception(
    "adamw",
    "You shrink the parameters after the step of Adam. The decay takes them as they were before it.",
)
def decays_the_updated_parameters():
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
                moved = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
                new[k] = moved - self.lr * self.weight_decay * moved
            return new


@misconception(
    "adamw",
    "Your decay is not multiplied by the learning rate.",
)
def decay_without_the_rate():
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
                new[k] = (1 - self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "You add the decay to the mean, so that it is divided by the root as well. Decoupled, it does not depend on "
    "the gradients.",
)
def decay_divided_by_the_root():
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
                new[k] = p - self.lr * (m_hat + self.weight_decay * p) / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "Your parameters do not decay.",
)
def decay_ignored():
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
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "Your weight decay works twice: through the gradient and by itself.",
)
def decays_twice():
    class AdamW:
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
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "Your weight decay makes the parameters grow: its sign is flipped.",
)
def grows():
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
                new[k] = (1 + self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "Your weight decay goes into the mean and not into the mean square. Decoupled decay goes into neither.",
)
def decay_in_the_mean_alone():
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
                self.m[k] = b1 * self.m.get(k, 0.0) + (1 - b1) * (g + self.weight_decay * p)
                self.v[k] = b2 * self.v.get(k, 0.0) + (1 - b2) * g**2
                m_hat = self.m[k] / (1 - b1**self.t)
                v_hat = self.v[k] / (1 - b2**self.t)
                new[k] = p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "Your weight decay leaves out the biases. An optimizer does not know what a bias is: it decays all keys.",
)
def only_matrices_decay():
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
                new[k] = (1 - self.lr * self.weight_decay * (p.ndim > 1)) * p - self.lr * m_hat / (
                    np.sqrt(v_hat) + self.eps
                )
            return new


@misconception(
    "adamw",
    "You shrink the parameters by a rate that holds the bias correction. The decay uses lr itself.",
)
def decay_follows_the_corrections():
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
                new[k] = (
                    1 - self.lr * (1 - b2**self.t) ** 0.5 / (1 - b1**self.t) * self.weight_decay
                ) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new


@misconception(
    "adamw",
    "Your default of weight_decay is not the one of the contract.",
)
def does_not_decay_by_default():
    class AdamW:
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
                new[k] = (1 - self.lr * self.weight_decay) * p - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            return new
