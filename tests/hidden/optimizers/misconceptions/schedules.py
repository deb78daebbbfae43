"""Wrong solutions of the exercise ``schedules``, each with a sentence for the student who made the mistake.

A cell defines all three functions; the two that are right are those of the reference.
"""

from __future__ import annotations

from autograder.suite import misconception


@misconception(
    "schedules", "Your step_decay falls at every step. It is a staircase: count the periods that are complete."
)
def smooth_step_decay():
    def step_decay(step, lr, step_size, gamma):
        return lr * gamma ** (step / step_size)


@misconception("schedules", "Your step_decay falls one step late: at step = step_size the first period is over.")
def step_decay_one_step_late():
    def step_decay(step, lr, step_size, gamma):
        return lr * gamma ** (max(step - 1, 0) // step_size)


@misconception("schedules", "Your step_decay falls one step early: steps are counted from 0.")
def step_decay_one_step_early():
    def step_decay(step, lr, step_size, gamma):
        return lr * gamma ** ((step + 1) // step_size)


@misconception("schedules", "Your step_decay falls once. It is multiplied by gamma at the end of every period.")
def step_decay_only_once():
    def step_decay(step, lr, step_size, gamma):
        return lr if step < step_size else lr * gamma


@misconception("schedules", "Your step_decay multiplies by gamma at every step. It does so once in step_size steps.")
def gamma_at_every_step():
    def step_decay(step, lr, step_size, gamma):
        return lr * gamma**step


@misconception(
    "schedules", "Your step_decay multiplies gamma by the number of periods. Each period is one more factor gamma."
)
def gamma_times_the_periods():
    def step_decay(step, lr, step_size, gamma):
        periods = step // step_size
        return lr * gamma * periods if periods else lr


@misconception("schedules", "Your step_decay subtracts. Each period multiplies the rate by gamma.")
def step_decay_subtracts():
    def step_decay(step, lr, step_size, gamma):
        return lr - gamma * (step // step_size)


@misconception("schedules", "Your cosine_decay is not on a cosine: it falls along a straight line.")
def linear_decay():
    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return lr + (lr_min - lr) * step / total_steps


@misconception(
    "schedules", "Your cosine_decay runs through a quarter of a period. It needs half of one: flat at both ends."
)
def quarter_of_a_cosine():
    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return lr_min + (lr - lr_min) * np.cos(np.pi / 2 * step / total_steps)


@misconception(
    "schedules", "Your cosine_decay runs through a whole period, so that it climbs again. It needs half of one."
)
def whole_period_of_a_cosine():
    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return lr_min + 0.5 * (lr - lr_min) * (1 + np.cos(2 * np.pi * step / total_steps))


@misconception("schedules", "Your cosine_decay forgets to halve: 1 plus a cosine runs from 2 to 0.")
def cosine_not_halved():
    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return lr_min + (lr - lr_min) * (1 + np.cos(np.pi * step / total_steps))


@misconception("schedules", "Your cosine_decay lacks the 1 beside the cosine, and becomes negative in its second half.")
def cosine_not_raised():
    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return lr_min + (lr - lr_min) * np.cos(np.pi * step / total_steps)


@misconception(
    "schedules", "Your cosine_decay adds lr_min to a fall from lr: then it starts above lr. What falls is lr - lr_min."
)
def cosine_starts_too_high():
    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return lr_min + 0.5 * lr * (1 + np.cos(np.pi * step / total_steps))


@misconception("schedules", "Your cosine_decay falls to 0 and is cut off at lr_min. The cosine itself ends there.")
def cosine_cut_off():
    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return max(lr_min, 0.5 * lr * (1 + np.cos(np.pi * step / total_steps)))


@misconception("schedules", "Your cosine_decay does not use lr_min.")
def lr_min_ignored():
    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return 0.5 * lr * (1 + np.cos(np.pi * step / total_steps))


@misconception("schedules", "Your cosine_decay arrives one step early: the last step has the number total_steps.")
def cosine_one_step_short():
    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return lr_min + 0.5 * (lr - lr_min) * (1 + np.cos(np.pi * step / (total_steps - 1)))


@misconception("schedules", "Your cosine takes degrees. np.cos and math.cos take radians.")
def cosine_of_degrees():
    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return lr_min + 0.5 * (lr - lr_min) * (1 + np.cos(180 * step / total_steps))


@misconception("schedules", "Your cosine_decay rises: at step 0 it should be lr.")
def cosine_rises():
    def cosine_decay(step, total_steps, lr, lr_min=0.0):
        return lr_min + 0.5 * (lr - lr_min) * (1 - np.cos(np.pi * step / total_steps))


@misconception("schedules", "In your ema decay weighs the new value. It is the weight of the past.")
def ema_swapped():
    def ema(values, decay):
        averages, g = [], 0.0
        for v in values:
            g = (1 - decay) * g + decay * v
            averages.append(g)
        return averages


@misconception("schedules", "Your ema starts with the first value. Here it starts at 0.")
def ema_starts_with_the_first_value():
    def ema(values, decay):
        averages = [values[0]]
        for v in values[1:]:
            averages.append(decay * averages[-1] + (1 - decay) * v)
        return averages


@misconception("schedules", "Your ema corrects for its start at 0. This one does not.")
def ema_corrected():
    def ema(values, decay):
        averages, g = [], 0.0
        for t, v in enumerate(values, start=1):
            g = decay * g + (1 - decay) * v
            averages.append(g / (1 - decay**t))
        return averages


@misconception("schedules", "Your ema returns the start, 0, as its first average. There is one average for each value.")
def ema_with_the_start():
    def ema(values, decay):
        averages = [0.0]
        for v in values:
            averages.append(decay * averages[-1] + (1 - decay) * v)
        return averages


@misconception("schedules", "Your ema lags by one: the average after a value holds that value already.")
def ema_lags():
    def ema(values, decay):
        averages, g = [], 0.0
        for v in values:
            averages.append(g)
            g = decay * g + (1 - decay) * v
        return averages


@misconception("schedules", "Your ema returns the last average alone. It returns one for each value.")
def ema_returns_the_last():
    def ema(values, decay):
        g = 0.0
        for v in values:
            g = decay * g + (1 - decay) * v
        return g


@misconception("schedules", "Your ema adds the new value in full. The weights of past and present add up to 1.")
def ema_is_a_sum():
    def ema(values, decay):
        averages, g = [], 0.0
        for v in values:
            g = decay * g + v
            averages.append(g)
        return averages


@misconception("schedules", "Your ema mixes each value with the one before it. It is the last average that goes on.")
def ema_of_neighbors():
    def ema(values, decay):
        before, averages = 0.0, []
        for v in values:
            averages.append(decay * before + (1 - decay) * v)
            before = v
        return averages


@misconception(
    "schedules", "Your ema stores its averages as integers: an array made like a list of integers holds no fractions."
)
def ema_of_integers():
    def ema(values, decay):
        averages = np.zeros_like(values)
        g = 0.0
        for i, v in enumerate(values):
            g = decay * g + (1 - decay) * v
            averages[i] = g
        return averages


@misconception("schedules", "Your ema writes into the list that it is handed. Return a new one.")
def ema_in_place():
    def ema(values, decay):
        g = 0.0
        for i in range(len(values)):
            g = decay * g + (1 - decay) * values[i]
            values[i] = g
        return values
