"""Wrong solutions of the exercise ``sgd``, each with a sentence for the student who made the mistake."""

from __future__ import annotations

from autograder.suite import misconception


@misconception("sgd", "You move along the gradient. It points uphill: the step goes against it.")
def climbs():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] + self.lr * d
            return new


@misconception(
    "sgd",
    "You weigh the gradient by 1 - momentum, as in a moving average. Here the velocity is a sum: the new gradient goes "
    "into it in full.",
)
def averaged_velocity():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + (1 - self.momentum) * g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception(
    "sgd",
    "Your velocity starts as the first gradient, and afterwards new gradients are weighed by 1 - momentum. The "
    "velocity is a sum: every gradient goes into it in full.",
)
def averaged_after_the_first():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                if k not in self.v:
                    self.v[k] = g
                else:
                    self.v[k] = self.momentum * self.v[k] + (1 - self.momentum) * g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception(
    "sgd",
    "Your velocity forgets: what a step computes is gone at the next one. The state is kept in the object.",
)
def velocity_forgotten():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov

        def step(self, params, grads):
            new = {}
            velocity = {k: np.zeros_like(p) for k, p in params.items()}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                velocity[k] = self.momentum * velocity[k] + g
                d = g + self.momentum * velocity[k] if self.nesterov else velocity[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception(
    "sgd",
    "Your step is multiplied by the learning rate twice: once inside the velocity and once more when it is applied.",
)
def rate_twice():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = self.lr * (grads[k] + self.weight_decay * params[k])
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception("sgd", "Your velocity takes the past away instead of adding it: with momentum it slows down downhill.")
def velocity_against_the_past():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                self.v[k] = g - self.momentum * self.v.get(k, 0)
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception(
    "sgd", "nesterov=True makes no difference in your step. (Looking ahead needs the velocity after its update.)"
)
def nesterov_ignored():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                old = self.v.get(k, 0)
                self.v[k] = self.momentum * old + g
                d = g + self.momentum * old if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception(
    "sgd",
    "With nesterov=True your step adds to the velocity a share of the velocity. What it should be added to is the "
    "gradient.",
)
def nesterov_on_top_of_the_velocity():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = self.v[k] + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception(
    "sgd", "With nesterov=True your step uses the velocity alone. The gradient of this step belongs to it too."
)
def nesterov_without_the_gradient():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception(
    "sgd",
    "Your nesterov stores the direction that looks ahead as the velocity. It is for this step only: the velocity "
    "goes on without it.",
)
def nesterov_stored():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                if self.nesterov:
                    self.v[k] = g + self.momentum * self.v[k]
                new[k] = params[k] - self.lr * self.v[k]
            return new


@misconception(
    "sgd",
    "Your weight decay shrinks the parameters beside the velocity. In SGD it is part of the gradient, and so of the "
    "velocity.",
)
def decoupled_decay():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * (d + self.weight_decay * params[k])
            return new


@misconception("sgd", "Your step does not use weight_decay.")
def decay_ignored():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                self.v[k] = self.momentum * self.v.get(k, 0) + grads[k]
                d = grads[k] + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception(
    "sgd",
    "Your weight decay is twice as strong. The penalty is half of weight_decay times the squared norm: what is its "
    "gradient?",
)
def decay_doubled():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + 2 * self.weight_decay * params[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception("sgd", "Your weight decay makes the parameters grow: its sign is flipped.")
def decay_with_the_wrong_sign():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] - self.weight_decay * params[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception(
    "sgd", "Your weight decay leaves out the biases. An optimizer does not know what a bias is: it decays all keys."
)
def only_matrices_decay():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + (self.weight_decay * params[k] if params[k].ndim > 1 else 0)
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception("sgd", "All your parameters share one velocity. Each key has its own.")
def one_velocity_for_all():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = 0.0

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                if np.shape(self.v) not in ((), g.shape):
                    self.v = 0.0
                self.v = self.momentum * self.v + g
                d = g + self.momentum * self.v if self.nesterov else self.v
                new[k] = params[k] - self.lr * d
            return new


@misconception("sgd", "Your velocities belong to the class: all optimizers share them. Make them in __init__, on self.")
def velocity_on_the_class():
    class SGD:
        v = {}

        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception("sgd", "Your step changes the arrays in params. Return new ones and leave those as they are.")
def parameters_changed_in_place():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                params[k] -= self.lr * d
            return params


@misconception("sgd", "Your step adds the weight decay to the arrays in grads themselves. They belong to the caller.")
def gradients_changed_in_place():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k]
                if self.weight_decay:
                    g += self.weight_decay * params[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new


@misconception(
    "sgd",
    "Your step returns nothing: it changes the arrays in params instead. Return a dict with the new parameters.",
)
def returns_nothing():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            for k in params:
                g = grads[k] + self.weight_decay * params[k]
                self.v[k] = self.momentum * self.v.get(k, 0) + g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                params[k] -= self.lr * d


@misconception(
    "sgd",
    "Your velocity is the first gradient's own array, and later steps write into it. It belongs to the caller: keep a "
    "copy.",
)
def first_gradient_kept():
    class SGD:
        def __init__(self, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
            self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
            self.v = {}

        def step(self, params, grads):
            new = {}
            for k in params:
                g = grads[k]
                if self.weight_decay:
                    g = g + self.weight_decay * params[k]
                if k in self.v:
                    self.v[k] *= self.momentum
                    self.v[k] += g
                else:
                    self.v[k] = g
                d = g + self.momentum * self.v[k] if self.nesterov else self.v[k]
                new[k] = params[k] - self.lr * d
            return new
