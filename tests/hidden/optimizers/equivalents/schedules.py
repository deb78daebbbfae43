"""Right solutions of the exercise ``schedules`` in other styles: none of them may lose a point."""

from __future__ import annotations

from autograder.suite import equivalent


@equivalent("schedules")
def with_math():
    import math

    def step_decay(step, lr, step_size, gamma):
        return lr * math.pow(gamma, math.floor(step / step_size))

    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return lr_min + 0.5 * (lr - lr_min) * (1 + math.cos(math.pi * step / total_steps))

    def ema(values, decay):
        g = 0
        out = []
        for v in values:
            g = g * decay + v * (1 - decay)
            out.append(g)
        return out


@equivalent("schedules")
def with_loops():
    def step_decay(step, lr, step_size, gamma):
        for s in range(1, step + 1):
            if s % step_size == 0:
                lr *= gamma
        return lr

    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        if step == 0:
            return lr
        if step >= total_steps:
            return lr_min
        return (lr + lr_min) / 2 + (lr - lr_min) / 2 * np.cos(step / total_steps * np.pi)

    def ema(values, decay):
        result = np.zeros(len(values))
        for i in range(len(values)):
            previous = result[i - 1] if i > 0 else 0.0
            result[i] = decay * previous + (1 - decay) * values[i]
        return result


@equivalent("schedules")
def half_angle_and_matrix():
    def step_decay(step, lr, step_size, gamma):
        return np.float64(lr) * np.power(float(gamma), np.floor_divide(step, step_size))

    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return lr_min + (lr - lr_min) * np.cos(np.pi * step / (2 * total_steps)) ** 2

    def ema(values, decay):
        n = len(values)
        i, j = np.indices((n, n))
        weights = np.where(i >= j, (1 - decay) * np.power(float(decay), np.abs(i - j)), 0.0)
        return weights @ np.asarray(values, dtype=float)


@equivalent("schedules")
def accumulate():
    from itertools import accumulate
    from math import cos, pi

    def step_decay(step, lr, step_size, gamma):
        periods, _ = divmod(step, step_size)
        return lr * gamma ** int(periods)

    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        share = (1 + cos(pi * step / total_steps)) / 2
        return share * lr + (1 - share) * lr_min

    def ema(values, decay):
        averages = accumulate(values, lambda g, v: decay * g + (1 - decay) * v, initial=0.0)
        return tuple(averages)[1:]


@equivalent("schedules")
def towards_the_value():
    def step_decay(step, lr, step_size, gamma):
        return np.array(lr * gamma ** (step // step_size))

    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return np.asarray(lr_min + (lr - lr_min) * 0.5 * (1.0 + np.cos(np.pi * min(step, total_steps) / total_steps)))

    def ema(values, decay):
        averages = []
        for value in values:
            last = averages[-1] if averages else 0.0
            averages.append(last + (1 - decay) * (value - last))
        return np.array(averages).reshape(-1, 1)


@equivalent("schedules")
def recursive():
    def step_decay(step, lr, step_size, gamma):
        return lr if step < step_size else gamma * step_decay(step - step_size, lr, step_size, gamma)

    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        angle = np.exp(1j * np.pi * step / total_steps)
        return lr_min + 0.5 * (lr - lr_min) * (1 + angle.real)

    def ema(values, decay):
        if len(values) == 0:
            return []
        before = ema(values[:-1], decay)
        return [*before, decay * (before[-1] if before else 0.0) + (1 - decay) * values[-1]]
