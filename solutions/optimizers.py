"""Reference solutions of the assignment ``optimizers``: from SGD to AdamW, and the schedules of the learning rate.

Every optimizer here is a recurrence. Let theta be one array of parameters, g_t its gradient at step t = 1, 2, ...,
and let all products, roots and quotients be taken entry by entry. Each method keeps some averages of what it has
seen, separately for every parameter, and moves by

    theta_t = theta_{t-1} - lr * (direction) / (scale)

    SGD        direction: the gradient, or a decaying sum of gradients (momentum)      scale: 1
    Adagrad    direction: the gradient                                                scale: root of the sum of g^2
    RMSprop    direction: the gradient                                                scale: root of a mean of g^2
    Adam       direction: a mean of the gradients                                     scale: root of a mean of g^2
    AdamW      as Adam, and the parameters shrink by themselves

The rules are those of ``torch.optim``. Parameters and gradients are dicts of arrays with the same keys. ``step``
returns new arrays in a new dict: what it is handed is never changed, nor is it kept, so that nothing the caller does
to an array later can reach the state.

Sources: Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); Sutskever, Martens, Dahl &
Hinton, "On the importance of initialization and momentum in deep learning" (2013); Duchi, Hazan & Singer, "Adaptive
subgradient methods" (2011); Tieleman & Hinton, "Lecture 6.5: RMSprop" (2012); Kingma & Ba, "Adam" (2015); Loshchilov
& Hutter, "SGDR" (2017) and "Decoupled weight decay regularization" (2019).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Params = dict[str, np.ndarray]


class SGD:
    """Gradient descent with momentum, Nesterov's variant of it, and weight decay (``torch.optim.SGD``).

    With the gradient of the loss plus weight_decay/2 ||theta||^2,

        g_t = gradient_t + weight_decay * theta_{t-1},

    the velocity is a decaying sum of all gradients so far,

        u_t = momentum * u_{t-1} + g_t        u_0 = 0,

    so a constant gradient is amplified by up to 1 + momentum + momentum^2 + ... = 1/(1 - momentum), while one that
    changes its sign at every step is damped by 1/(1 + momentum). Then

        theta_t = theta_{t-1} - lr * u_t                          (momentum; Polyak's heavy ball)
        theta_t = theta_{t-1} - lr * (g_t + momentum * u_t)       (Nesterov, in the form of Sutskever et al. 2013).

    The second looks one step ahead: momentum * u_t is what the next velocity holds already, before its gradient is
    known. Starting with u_0 = 0 is the same as torch's first buffer u_1 = g_1, as there is no dampening.
    """

    def __init__(self, lr: float, momentum: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False) -> None:
        """Keep the settings; there is no velocity yet."""
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.nesterov = nesterov
        self.velocity: Params = {}

    def step(self, params: Params, grads: Params) -> Params:
        """Return the parameters after one step; the keys and shapes are those of ``params``."""
        updated = {}
        for key, theta in params.items():
            g = grads[key] + self.weight_decay * theta
            self.velocity[key] = self.momentum * self.velocity.get(key, 0.0) + g
            ahead = g + self.momentum * self.velocity[key]
            updated[key] = theta - self.lr * (ahead if self.nesterov else self.velocity[key])
        return updated


class Adagrad:
    """A rate for each entry that falls with the squared gradients it has seen (``torch.optim.Adagrad``).

        s_t = s_{t-1} + g_t^2        theta_t = theta_{t-1} - lr * g_t / (sqrt(s_t) + eps)        s_0 = 0.

    With gradients of constant size G, sqrt(s_t) = G sqrt(t): the step is lr/sqrt(t), whatever G is. So an entry whose
    gradient is rarely or never large keeps a large rate, and every rate falls for ever. eps is outside the root and
    matters only while sqrt(s) is not much larger, above all at s = 0, where it makes the step 0/eps = 0.
    """

    def __init__(self, lr: float, eps: float = 1e-10) -> None:
        """Keep the settings; no gradient has been seen."""
        self.lr = lr
        self.eps = eps
        self.sum_of_squares: Params = {}

    def step(self, params: Params, grads: Params) -> Params:
        """Return the parameters after one step; the keys and shapes are those of ``params``."""
        updated = {}
        for key, theta in params.items():
            self.sum_of_squares[key] = self.sum_of_squares.get(key, 0.0) + grads[key] ** 2
            updated[key] = theta - self.lr * grads[key] / (np.sqrt(self.sum_of_squares[key]) + self.eps)
        return updated


class RMSprop:
    """Adagrad that forgets: a decaying mean in the place of the sum (``torch.optim.RMSprop``).

        v_t = alpha v_{t-1} + (1 - alpha) g_t^2    theta_t = theta_{t-1} - lr * g_t / (sqrt(v_t) + eps)    v_0 = 0.

    v remembers about 1/(1 - alpha) steps, so the rates follow a loss surface that changes on the way. As v starts at 0
    and nothing corrects for it, the first steps are too long: v_1 = (1 - alpha) g_1^2, so the first one has the length
    lr/sqrt(1 - alpha), ten times lr for the default alpha.
    """

    def __init__(self, lr: float, alpha: float = 0.99, eps: float = 1e-8) -> None:
        """Keep the settings; no gradient has been seen."""
        self.lr = lr
        self.alpha = alpha
        self.eps = eps
        self.mean_square: Params = {}

    def step(self, params: Params, grads: Params) -> Params:
        """Return the parameters after one step; the keys and shapes are those of ``params``."""
        updated = {}
        for key, theta in params.items():
            before = self.mean_square.get(key, 0.0)
            self.mean_square[key] = self.alpha * before + (1 - self.alpha) * grads[key] ** 2
            updated[key] = theta - self.lr * grads[key] / (np.sqrt(self.mean_square[key]) + self.eps)
        return updated


class Adam:
    """Decaying means of the gradient and of its square, both corrected for starting at 0 (``torch.optim.Adam``).

    With g_t = gradient_t + weight_decay * theta_{t-1} (an L2 penalty, as in SGD) and m_0 = v_0 = 0,

        m_t = beta1 m_{t-1} + (1 - beta1) g_t            v_t = beta2 v_{t-1} + (1 - beta2) g_t^2.

    *Bias.* Written out, m_t = (1 - beta1) sum_{i=1..t} beta1^(t-i) g_i, with weights that add up to

        (1 - beta1) (1 + beta1 + ... + beta1^(t-1)) = 1 - beta1^t.

    So of gradients with mean E[g], E[m_t] = (1 - beta1^t) E[g], and likewise for v_t. Hence (Kingma & Ba, section 3)

        mhat_t = m_t / (1 - beta1^t)        vhat_t = v_t / (1 - beta2^t)
        theta_t = theta_{t-1} - lr * mhat_t / (sqrt(vhat_t) + eps).

    t counts the steps and begins with 1. The corrected values are used and thrown away: the recurrence goes on with m
    and v. At t = 1 the step is lr * sign(g) whatever the size of g, and |mhat| <= sqrt(vhat) up to noise afterwards:
    lr is about the longest step that any entry makes.

    Kingma & Ba also give a version with the corrections folded into the rate, lr sqrt(1 - beta2^t)/(1 - beta1^t) times
    m_t / (sqrt(v_t) + eps'). It is the same rule for eps' = eps sqrt(1 - beta2^t). With eps' = eps, as most people
    write it, it differs by order eps, which shows only where gradients are hardly larger than eps.
    """

    def __init__(
        self, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.0
    ) -> None:
        """Keep the settings; no step has been made."""
        self.lr = lr
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.steps = 0
        self.mean: Params = {}
        self.mean_square: Params = {}

    def step(self, params: Params, grads: Params) -> Params:
        """Return the parameters after one step; the keys and shapes are those of ``params``."""
        beta1, beta2 = self.betas
        self.steps += 1
        updated = {}
        for key, theta in params.items():
            g = grads[key] + self.weight_decay * theta
            self.mean[key] = beta1 * self.mean.get(key, 0.0) + (1 - beta1) * g
            self.mean_square[key] = beta2 * self.mean_square.get(key, 0.0) + (1 - beta2) * g**2
            mean = self.mean[key] / (1 - beta1**self.steps)
            mean_square = self.mean_square[key] / (1 - beta2**self.steps)
            updated[key] = theta - self.lr * mean / (np.sqrt(mean_square) + self.eps)
        return updated


class AdamW:
    """Adam whose parameters shrink by themselves: decoupled weight decay (``torch.optim.AdamW``).

        theta_t = theta_{t-1} - lr * weight_decay * theta_{t-1} - lr * mhat_t / (sqrt(vhat_t) + eps),

    with m and v of the bare gradient. Both parts are computed at theta_{t-1}.

    *Why it is not the same as L2.* For SGD without momentum it is: there the penalty's gradient weight_decay * theta is
    multiplied by lr, and so is the decay. In Adam it would also be divided by sqrt(vhat): an entry with large gradients
    would be decayed less than one with small gradients (Loshchilov & Hutter 2019, Proposition 2). Decoupled, every
    entry without a gradient shrinks by the same factor 1 - lr * weight_decay a step.
    """

    def __init__(
        self, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.01
    ) -> None:
        """Keep the settings; no step has been made."""
        self.lr = lr
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.steps = 0
        self.mean: Params = {}
        self.mean_square: Params = {}

    def step(self, params: Params, grads: Params) -> Params:
        """Return the parameters after one step; the keys and shapes are those of ``params``."""
        beta1, beta2 = self.betas
        self.steps += 1
        updated = {}
        for key, theta in params.items():
            g = grads[key]
            self.mean[key] = beta1 * self.mean.get(key, 0.0) + (1 - beta1) * g
            self.mean_square[key] = beta2 * self.mean_square.get(key, 0.0) + (1 - beta2) * g**2
            mean = self.mean[key] / (1 - beta1**self.steps)
            mean_square = self.mean_square[key] / (1 - beta2**self.steps)
            shrunk = (1 - self.lr * self.weight_decay) * theta
            updated[key] = shrunk - self.lr * mean / (np.sqrt(mean_square) + self.eps)
        return updated


def step_decay(step: int, lr: float, step_size: int, gamma: float) -> float:
    """The learning rate at ``step`` = 0, 1, ...: lr times gamma for every ``step_size`` steps that are over.

    lr gamma^floor(step/step_size), a staircase (``torch.optim.lr_scheduler.StepLR``).
    """
    return lr * gamma ** (step // step_size)


def cosine_decay(step: int, total_steps: int, lr: float, lr_min: float = 0.0) -> float:
    """The learning rate at ``step`` = 0, ..., total_steps: half a period of a cosine from lr down to lr_min.

    lr_min + (lr - lr_min) (1 + cos(pi step/total_steps))/2: Loshchilov & Hutter 2017, eq. 5, without restarts
    (``torch.optim.lr_scheduler.CosineAnnealingLR`` with T_max = total_steps, eta_min = lr_min).
    """
    return lr_min + (lr - lr_min) * (1 + np.cos(np.pi * step / total_steps)) / 2


def ema(values: Sequence[float], decay: float) -> list[float]:
    """The exponential moving average of ``values`` after each of them, starting at 0 and not corrected for that.

    g_t = decay g_{t-1} + (1 - decay) v_t, g_0 = 0; so g_t = (1 - decay) sum_i decay^(t-i) v_i, which is how Adam
    averages gradients. Returns as many numbers as there are values: g_0 is not among them.
    """
    averages, g = [], 0.0
    for value in values:
        g = decay * g + (1 - decay) * value
        averages.append(g)
    return averages
