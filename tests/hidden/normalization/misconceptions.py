"""Wrong solutions of the assignment ``normalization``, each with a sentence for the student who made the mistake.

The body of each factory is the text of a solution cell. The caches follow the reference's layouts: (x, gamma,
eps) for batch norm, and whatever a cell that defines both directions likes.
"""

from __future__ import annotations

import torch
from torch import nn

from autograder.suite import misconception

# --- batchnorm_forward --------------------------------------------------------------------------------------


@misconception(
    "batchnorm_forward",
    "You add eps to the standard deviation, outside the square root. It belongs to the variance, inside: a "
    "feature that hardly varies shows the difference.",
)
def eps_outside_the_root():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        n = x.shape[0]
        if not training:
            y = gamma * (x - running_mean) / (torch.sqrt(running_var) + eps) + beta
            return y, None, running_mean, running_var
        if n < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        y = gamma * (x - mean) / (torch.sqrt(var) + eps) + beta
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "Your square root is taken without eps. Without it a feature that is constant in the batch gives 0/0.",
)
def eps_missing():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        n = x.shape[0]
        if not training:
            return (
                gamma * (x - running_mean) / torch.sqrt(running_var) + beta,
                None,
                running_mean,
                running_var,
            )
        if n < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        y = gamma * (x - mean) / torch.sqrt(var) + beta
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "You normalize the batch with the unbiased variance (divided by n - 1, torch's default). The batch is "
    "normalized with the biased one; the unbiased one is for the running variance alone.",
)
def normalizes_with_the_unbiased_variance():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
            return y, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0)
        y = gamma * (x - mean) / torch.sqrt(var + eps) + beta
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * var
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "Your running variance follows the biased batch variance. It estimates the variance of the data, so it "
    "takes the unbiased one: divided by n - 1.",
)
def tracks_the_biased_variance():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
            return y, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        y = gamma * (x - mean) / torch.sqrt(var + eps) + beta
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * var
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "Your running variance follows the batch's standard deviation. Track the variance itself: its square "
    "root is taken when it is used.",
)
def tracks_the_standard_deviation():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
            return y, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        y = gamma * (x - mean) / torch.sqrt(var + eps) + beta
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * x.std(dim=0)
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "Your momentum weighs the old running value. Here it is the weight of the new batch: new = (1 - "
    "momentum) * old + momentum * batch.",
)
def momentum_swapped():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
            return y, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        y = gamma * (x - mean) / torch.sqrt(var + eps) + beta
        new_mean = momentum * running_mean + (1 - momentum) * mean
        new_var = momentum * running_var + (1 - momentum) * x.var(dim=0)
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "You normalize with the statistics of the batch in evaluation too. With training=False the running "
    "values take their place.",
)
def batch_statistics_in_evaluation():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        n = x.shape[0]
        if training and n < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        y = gamma * (x - mean) / torch.sqrt(var + eps) + beta
        if training:
            running_mean = (1 - momentum) * running_mean + momentum * mean
            running_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
        return y, (x, gamma, eps), running_mean, running_var


@misconception(
    "batchnorm_forward",
    "You update the running values in evaluation too. With training=False they are used and returned unchanged.",
)
def updates_in_evaluation():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        n = x.shape[0]
        if training and n < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        used_mean, used_var = (mean, var) if training else (running_mean, running_var)
        y = gamma * (x - used_mean) / torch.sqrt(used_var + eps) + beta
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * var * n / max(n - 1, 1)
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "Your mean and variance are taken over the whole array. Each feature has its own, over the samples: mind the axis.",
)
def statistics_without_an_axis():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
            return y, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        y = gamma * (x - x.mean()) / torch.sqrt(x.var(unbiased=False) + eps) + beta
        new_mean = (1 - momentum) * running_mean + momentum * x.mean()
        new_var = (1 - momentum) * running_var + momentum * x.var()
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "You normalize each sample over its features: that is layer norm. Batch norm takes each feature's "
    "statistics over the samples of the batch.",
)
def normalizes_each_sample():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
            return y, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=1, keepdim=True), x.var(dim=1, keepdim=True, unbiased=False)
        y = gamma * (x - mean) / torch.sqrt(var + eps) + beta
        new_mean = (1 - momentum) * running_mean + momentum * x.mean(dim=0)
        new_var = (1 - momentum) * running_var + momentum * x.var(dim=0)
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "In training you subtract the running mean but divide by the batch's standard deviation. Both statistics "
    "are the batch's.",
)
def running_mean_with_batch_variance():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
            return y, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        new_mean = (1 - momentum) * running_mean + momentum * x.mean(dim=0)
        new_var = (1 - momentum) * running_var + momentum * x.var(dim=0)
        y = gamma * (x - new_mean) / torch.sqrt(x.var(dim=0, unbiased=False) + eps) + beta
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "You normalize the batch with the running values in training too. In training the batch's own mean and "
    "variance are used; the running values are only kept up to date.",
)
def running_values_in_training():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if training:
            if x.shape[0] < 2:
                raise ValueError("at least two samples are needed")
            running_mean = (1 - momentum) * running_mean + momentum * x.mean(dim=0)
            running_var = (1 - momentum) * running_var + momentum * x.var(dim=0)
        y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
        return y, (x, gamma, eps), running_mean, running_var


@misconception(
    "batchnorm_forward",
    "You divide by the variance. The divisor is its square root, the standard deviation.",
)
def divides_by_the_variance():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            return gamma * (x - running_mean) / (running_var + eps) + beta, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        y = gamma * (x - mean) / (var + eps) + beta
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * x.var(dim=0)
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "Your output is the standardized input: gamma and beta are not applied.",
)
def affine_forgotten():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            return (x - running_mean) / torch.sqrt(running_var + eps), None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * x.var(dim=0)
        return (x - mean) / torch.sqrt(var + eps), (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "You use fixed numbers where the arguments momentum and eps should be used: they may differ from their defaults.",
)
def arguments_ignored():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + 1e-5) + beta
            return y, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        y = gamma * (x - mean) / torch.sqrt(var + 1e-5) + beta
        return y, (x, gamma, eps), 0.9 * running_mean + 0.1 * mean, 0.9 * running_var + 0.1 * x.var(dim=0)


@misconception(
    "batchnorm_forward",
    "You change running_mean and running_var in place. Leave the arguments as they are and return new tensors.",
)
def running_values_changed_in_place():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
            return y, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        y = gamma * (x - mean) / torch.sqrt(var + eps) + beta
        running_mean.mul_(1 - momentum).add_(momentum * mean)
        running_var.mul_(1 - momentum).add_(momentum * x.var(dim=0))
        return y, (x, gamma, eps), running_mean, running_var


@misconception(
    "batchnorm_forward",
    "A batch of one sample is accepted in training. Its variance is 0 and its unbiased variance undefined: "
    "raise ValueError.",
)
def one_sample_accepted():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        n = x.shape[0]
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
            return y, None, running_mean, running_var
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        y = gamma * (x - mean) / torch.sqrt(var + eps) + beta
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * var * n / max(n - 1, 1)
        return y, (x, gamma, eps), new_mean, new_var


@misconception(
    "batchnorm_forward",
    "Your result is float32 whatever the input is. Keep the input's dtype: new tensors are made with dtype=x.dtype.",
)
def always_single_precision():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        cache = (x, gamma, eps)
        x, gamma, beta, running_mean, running_var = (
            value.float() for value in (x, gamma, beta, running_mean, running_var)
        )
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
            return y, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
        y = gamma * (x - mean) / torch.sqrt(var + eps) + beta
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * x.var(dim=0)
        return y, cache, new_mean, new_var


# --- batchnorm_backward -------------------------------------------------------------------------------------


@misconception(
    "batchnorm_backward",
    "Your dx treats the batch mean and variance as constants. They are made of all samples of the batch: "
    "each has a path of its own into the gradient.",
)
def statistics_held_constant():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x_hat = (x - x.mean(dim=0)) * inv_std
        return dy * gamma * inv_std, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "The path through the batch mean is missing from your dx (or you rely on dy having mean zero, which it need not).",
)
def mean_held_constant():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x_hat = (x - x.mean(dim=0)) * inv_std
        g = dy * gamma
        return inv_std * (g - x_hat * (g * x_hat).mean(dim=0)), (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "The path through the batch variance is missing from your dx.",
)
def variance_held_constant():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x_hat = (x - x.mean(dim=0)) * inv_std
        g = dy * gamma
        return inv_std * (g - g.mean(dim=0)), (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "Your dx has sums over the batch where the derivatives of a mean and a variance bring a factor 1/n.",
)
def one_over_n_missing():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x_hat = (x - x.mean(dim=0)) * inv_std
        g = dy * gamma
        dx = inv_std * (g - g.sum(dim=0) - x_hat * (g * x_hat).sum(dim=0))
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "Your dgamma is the sum of dy alone. gamma multiplies the normalized input, which must appear in its gradient.",
)
def dgamma_without_x_hat():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x_hat = (x - x.mean(dim=0)) * inv_std
        g = dy * gamma
        dx = inv_std * (g - g.mean(dim=0) - x_hat * (g * x_hat).mean(dim=0))
        return dx, dy.sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "Your dgamma uses x as it came. gamma multiplies the normalized input.",
)
def dgamma_with_raw_x():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x_hat = (x - x.mean(dim=0)) * inv_std
        g = dy * gamma
        dx = inv_std * (g - g.mean(dim=0) - x_hat * (g * x_hat).mean(dim=0))
        return dx, (dy * x).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "gamma is missing from your dx: the gradient with respect to the normalized input is gamma * dy.",
)
def gamma_forgotten():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x_hat = (x - x.mean(dim=0)) * inv_std
        dx = inv_std * (dy - dy.mean(dim=0) - x_hat * (dy * x_hat).mean(dim=0))
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "Your dgamma and dbeta are averages over the batch. dy already carries whatever averaging the loss does: sum.",
)
def parameter_gradients_averaged():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x_hat = (x - x.mean(dim=0)) * inv_std
        g = dy * gamma
        dx = inv_std * (g - g.mean(dim=0) - x_hat * (g * x_hat).mean(dim=0))
        return dx, (dy * x_hat).mean(dim=0), dy.mean(dim=0)


@misconception(
    "batchnorm_backward",
    "Your backward pass uses the unbiased variance (divided by n - 1). The forward pass normalizes with the "
    "biased one.",
)
def unbiased_variance_in_backward():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0) + eps)
        x_hat = (x - x.mean(dim=0)) * inv_std
        g = dy * gamma
        dx = inv_std * (g - g.mean(dim=0) - x_hat * (g * x_hat).mean(dim=0))
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "Your backward pass does not use the eps of the forward pass. It is part of the divisor, also in the gradient.",
)
def eps_forgotten_in_backward():
    def batchnorm_backward(dy, cache):
        x, gamma, _ = cache
        std = x.std(dim=0, unbiased=False)
        x_hat = torch.where(std > 0, (x - x.mean(dim=0)) / std, torch.zeros_like(x))
        g = dy * gamma
        dx = (g - g.mean(dim=0) - x_hat * (g * x_hat).mean(dim=0)) / std
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "Your averages inside dx run over the whole array. Each feature has its own, over the samples: mind the axis.",
)
def averages_without_an_axis():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x_hat = (x - x.mean(dim=0)) * inv_std
        g = dy * gamma
        dx = inv_std * (g - g.mean() - x_hat * (g * x_hat).mean())
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "The term of the variance has the wrong sign in your dx: a larger variance makes every normalized value smaller.",
)
def sign_of_the_variance_term():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x_hat = (x - x.mean(dim=0)) * inv_std
        g = dy * gamma
        dx = inv_std * (g - g.mean(dim=0) + x_hat * (g * x_hat).mean(dim=0))
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "The path through the variance is twice too large in your dx: the derivative of (v + eps)^(-1/2) brings "
    "a factor 1/2.",
)
def half_of_the_root_forgotten():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        n = x.shape[0]
        var, mean = torch.var_mean(x, dim=0, unbiased=False)
        std = torch.sqrt(var + eps)
        g = dy * gamma
        dvar = -(g * (x - mean)).sum(dim=0) / std**3
        dmean = -g.sum(dim=0) / std
        dx = g / std + dvar * 2 * (x - mean) / n + dmean / n
        return dx, (dy * (x - mean) / std).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "In the path through the variance the power of (v + eps) is wrong: the derivative of a power lowers the "
    "exponent by one.",
)
def power_of_the_variance():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        n = x.shape[0]
        var, mean = torch.var_mean(x, dim=0, unbiased=False)
        std = torch.sqrt(var + eps)
        g = dy * gamma
        dvar = -0.5 * (g * (x - mean)).sum(dim=0) / std
        dmean = -g.sum(dim=0) / std
        dx = g / std + dvar * 2 * (x - mean) / n + dmean / n
        return dx, (dy * (x - mean) / std).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "Your dx is multiplied by the standard deviation where it should be divided by it.",
)
def multiplies_by_the_standard_deviation():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        std = torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x_hat = (x - x.mean(dim=0)) / std
        g = dy * gamma
        dx = std * (g - g.mean(dim=0) - x_hat * (g * x_hat).mean(dim=0))
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "Your backward pass reads values of the latest forward pass, not of the one whose cache it is given. A "
    "network has several layers: everything that backward needs goes into the cache.",
)
def state_outside_the_cache():
    latest = {}

    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            y = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
            return y, None, running_mean, running_var
        if x.shape[0] < 2:
            raise ValueError("at least two samples are needed")
        mean, std = x.mean(dim=0), torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        latest.update(x_hat=(x - mean) / std, std=std, gamma=gamma)
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * x.var(dim=0)
        return gamma * latest["x_hat"] + beta, None, new_mean, new_var

    def batchnorm_backward(dy, cache):
        x_hat, g = latest["x_hat"], dy * latest["gamma"]
        dx = (g - g.mean(dim=0) - x_hat * (g * x_hat).mean(dim=0)) / latest["std"]
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "batchnorm_backward",
    "Your backward pass changes dy or the tensors in the cache, so that a second call with the same arguments gives "
    "something else.",
)
def cache_changed_in_place():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        inv_std = 1 / torch.sqrt(x.var(dim=0, unbiased=False) + eps)
        x -= x.mean(dim=0)
        x *= inv_std
        g = dy * gamma
        dx = inv_std * (g - g.mean(dim=0) - x * (g * x).mean(dim=0))
        return dx, (dy * x).sum(dim=0), dy.sum(dim=0)


# --- layernorm ----------------------------------------------------------------------------------------------


@misconception(
    "layernorm",
    "You normalize each feature over the batch: that is batch norm. Layer norm takes each sample's "
    "statistics over its features.",
)
def normalizes_each_feature():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        var, mean = torch.var_mean(x, dim=0, unbiased=False)
        std = torch.sqrt(var + eps)
        x_hat = (x - mean) / std
        return gamma * x_hat + beta, (x_hat, std, gamma)

    def layernorm_backward(dy, cache):
        x_hat, std, gamma = cache
        g = dy * gamma
        dx = (g - g.mean(dim=0) - x_hat * (g * x_hat).mean(dim=0)) / std
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "layernorm",
    "You normalize with the unbiased variance (divided by d - 1, torch's default). Layer norm divides by d.",
)
def layernorm_unbiased():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        var, mean = torch.var_mean(x, dim=-1, keepdim=True)
        std = torch.sqrt(var + eps)
        x_hat = (x - mean) / std
        return gamma * x_hat + beta, (x_hat, std, gamma)

    def layernorm_backward(dy, cache):
        x_hat, std, gamma = cache
        d = dy.shape[-1]
        g = dy * gamma
        dx = (g - g.mean(dim=-1, keepdim=True) - x_hat * (g * x_hat).sum(dim=-1, keepdim=True) / (d - 1)) / std
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "layernorm",
    "You add eps to the standard deviation, outside the square root. It belongs to the variance, inside.",
)
def layernorm_eps_outside_the_root():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        var, mean = torch.var_mean(x, dim=-1, keepdim=True, unbiased=False)
        std = torch.sqrt(var) + eps
        x_hat = (x - mean) / std
        return gamma * x_hat + beta, (x_hat, std, gamma)

    def layernorm_backward(dy, cache):
        x_hat, std, gamma = cache
        g = dy * gamma
        dx = (g - g.mean(dim=-1, keepdim=True) - x_hat * (g * x_hat).mean(dim=-1, keepdim=True)) / std
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "layernorm",
    "In your dx gamma stands outside the averages. Unlike in batch norm it differs within them: each feature "
    "has its own, and the average runs over the features.",
)
def gamma_outside_the_average():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        var, mean = torch.var_mean(x, dim=-1, keepdim=True, unbiased=False)
        std = torch.sqrt(var + eps)
        x_hat = (x - mean) / std
        return gamma * x_hat + beta, (x_hat, std, gamma)

    def layernorm_backward(dy, cache):
        x_hat, std, gamma = cache
        dx = (dy - dy.mean(dim=-1, keepdim=True) - x_hat * (dy * x_hat).mean(dim=-1, keepdim=True)) * gamma / std
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "layernorm",
    "The averages in your dx run over the batch, as in batch norm. In layer norm it is the features of a "
    "sample that share a mean and a variance.",
)
def backward_over_the_batch():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        var, mean = torch.var_mean(x, dim=-1, keepdim=True, unbiased=False)
        std = torch.sqrt(var + eps)
        x_hat = (x - mean) / std
        return gamma * x_hat + beta, (x_hat, std, gamma)

    def layernorm_backward(dy, cache):
        x_hat, std, gamma = cache
        g = dy * gamma
        dx = (g - g.mean(dim=0) - x_hat * (g * x_hat).mean(dim=0)) / std
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "layernorm",
    "Your dx divides the sums over a sample's features by the number of samples n; there are d features.",
)
def one_over_n_for_one_over_d():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        var, mean = torch.var_mean(x, dim=-1, keepdim=True, unbiased=False)
        std = torch.sqrt(var + eps)
        x_hat = (x - mean) / std
        return gamma * x_hat + beta, (x_hat, std, gamma)

    def layernorm_backward(dy, cache):
        x_hat, std, gamma = cache
        n = dy.shape[0]
        g = dy * gamma
        sums = g.sum(dim=-1, keepdim=True) + x_hat * (g * x_hat).sum(dim=-1, keepdim=True)
        return (g - sums / n) / std, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "layernorm",
    "Your dx treats each sample's mean and variance as constants. They are made of all its features.",
)
def layernorm_statistics_held_constant():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        var, mean = torch.var_mean(x, dim=-1, keepdim=True, unbiased=False)
        std = torch.sqrt(var + eps)
        x_hat = (x - mean) / std
        return gamma * x_hat + beta, (x_hat, std, gamma)

    def layernorm_backward(dy, cache):
        x_hat, std, gamma = cache
        return dy * gamma / std, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@misconception(
    "layernorm",
    "Your dgamma and dbeta sum over the features. The parameters belong to the features: sum over the "
    "samples, to shape (d,).",
)
def parameter_gradients_over_the_features():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        var, mean = torch.var_mean(x, dim=-1, keepdim=True, unbiased=False)
        std = torch.sqrt(var + eps)
        x_hat = (x - mean) / std
        return gamma * x_hat + beta, (x_hat, std, gamma)

    def layernorm_backward(dy, cache):
        x_hat, std, gamma = cache
        g = dy * gamma
        dx = (g - g.mean(dim=-1, keepdim=True) - x_hat * (g * x_hat).mean(dim=-1, keepdim=True)) / std
        return dx, (dy * x_hat).sum(dim=-1), dy.sum(dim=-1)


# --- groupnorm ----------------------------------------------------------------------------------------------


@misconception(
    "groupnorm",
    "Your groups take every num_groups-th channel. A group is a run of c / num_groups neighbouring channels.",
)
def groups_interleaved():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        n, c, h, w = x.shape
        if c % num_groups:
            raise ValueError("c must be divisible by num_groups")
        groups = x.reshape(n, c // num_groups, num_groups, h, w)
        var, mean = torch.var_mean(groups, dim=(1, 3, 4), keepdim=True, unbiased=False)
        x_hat = ((groups - mean) / torch.sqrt(var + eps)).reshape(n, c, h, w)
        return gamma.view(1, c, 1, 1) * x_hat + beta.view(1, c, 1, 1)


@misconception(
    "groupnorm",
    "You take num_groups for the number of channels in a group. It is the number of groups; each has c / "
    "num_groups channels.",
)
def num_groups_as_group_size():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        n, c, h, w = x.shape
        if c % num_groups:
            raise ValueError("c must be divisible by num_groups")
        groups = x.reshape(n, c // num_groups, -1)
        var, mean = torch.var_mean(groups, dim=-1, keepdim=True, unbiased=False)
        x_hat = ((groups - mean) / torch.sqrt(var + eps)).reshape(n, c, h, w)
        return gamma.view(1, c, 1, 1) * x_hat + beta.view(1, c, 1, 1)


@misconception(
    "groupnorm",
    "Your groups share their statistics across the batch. Each sample is normalized by itself.",
)
def statistics_across_the_batch():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        n, c, h, w = x.shape
        if c % num_groups:
            raise ValueError("c must be divisible by num_groups")
        groups = x.reshape(n, num_groups, -1)
        var, mean = torch.var_mean(groups, dim=(0, 2), keepdim=True, unbiased=False)
        x_hat = ((groups - mean) / torch.sqrt(var + eps)).reshape(n, c, h, w)
        return gamma.view(1, c, 1, 1) * x_hat + beta.view(1, c, 1, 1)


@misconception(
    "groupnorm",
    "You normalize each channel by itself whatever num_groups is: the channels of a group share a mean and a variance.",
)
def each_channel_by_itself():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        c = x.shape[1]
        if c % num_groups:
            raise ValueError("c must be divisible by num_groups")
        var, mean = torch.var_mean(x, dim=(2, 3), keepdim=True, unbiased=False)
        return gamma.view(1, c, 1, 1) * (x - mean) / torch.sqrt(var + eps) + beta.view(1, c, 1, 1)


@misconception(
    "groupnorm",
    "Your statistics are taken over the channels of a group at each position. They run over its h * w "
    "positions as well.",
)
def each_position_by_itself():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        n, c, h, w = x.shape
        if c % num_groups:
            raise ValueError("c must be divisible by num_groups")
        groups = x.reshape(n, num_groups, c // num_groups, h, w)
        var, mean = torch.var_mean(groups, dim=2, keepdim=True, unbiased=False)
        x_hat = ((groups - mean) / torch.sqrt(var + eps)).reshape(n, c, h, w)
        return gamma.view(1, c, 1, 1) * x_hat + beta.view(1, c, 1, 1)


@misconception(
    "groupnorm",
    "Your output is the standardized input: each channel's gamma and beta are not applied.",
)
def channel_affine_forgotten():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        n, c, h, w = x.shape
        if c % num_groups:
            raise ValueError("c must be divisible by num_groups")
        groups = x.reshape(n, num_groups, -1)
        var, mean = torch.var_mean(groups, dim=-1, keepdim=True, unbiased=False)
        return ((groups - mean) / torch.sqrt(var + eps)).reshape(n, c, h, w)


@misconception(
    "groupnorm",
    "You normalize with the unbiased variance (torch's default). Group norm divides by the number of values "
    "in the group.",
)
def groupnorm_unbiased():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        n, c, h, w = x.shape
        if c % num_groups:
            raise ValueError("c must be divisible by num_groups")
        groups = x.reshape(n, num_groups, -1)
        x_hat = (groups - groups.mean(-1, keepdim=True)) / torch.sqrt(groups.var(-1, keepdim=True) + eps)
        return gamma.view(1, c, 1, 1) * x_hat.reshape(n, c, h, w) + beta.view(1, c, 1, 1)


@misconception(
    "groupnorm",
    "You add eps to the standard deviation, outside the square root. It belongs to the variance, inside.",
)
def groupnorm_eps_outside_the_root():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        n, c, h, w = x.shape
        if c % num_groups:
            raise ValueError("c must be divisible by num_groups")
        groups = x.reshape(n, num_groups, -1)
        std = groups.std(-1, keepdim=True, unbiased=False) + eps
        x_hat = ((groups - groups.mean(-1, keepdim=True)) / std).reshape(n, c, h, w)
        return gamma.view(1, c, 1, 1) * x_hat + beta.view(1, c, 1, 1)


@misconception(
    "groupnorm",
    "Channels that cannot be divided into groups of the same size are accepted: raise ValueError.",
)
def unequal_groups_accepted():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        parts = []
        for channels in torch.tensor_split(x, num_groups, dim=1):
            var, mean = torch.var_mean(channels, dim=(1, 2, 3), keepdim=True, unbiased=False)
            parts.append((channels - mean) / torch.sqrt(var + eps))
        return gamma.view(1, -1, 1, 1) * torch.cat(parts, dim=1) + beta.view(1, -1, 1, 1)


# --- batchnorm_module ---------------------------------------------------------------------------------------


@misconception(
    "batchnorm_module",
    "running_mean and running_var are plain attributes: they are missing from the state dict and stay behind "
    "when the module is moved. Register them as buffers.",
)
def buffers_as_plain_attributes():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.running_mean = torch.zeros(num_features)
            self.running_var = torch.ones(num_features)

        def forward(self, x):
            mean, var = self.running_mean, self.running_var
            if self.training:
                mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
                self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean.detach()
                self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.detach().var(dim=0)
            return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


@misconception(
    "batchnorm_module",
    "running_mean and running_var are parameters: an optimizer would be handed them. They are state, not "
    "learned: buffers.",
)
def running_values_as_parameters():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.running_mean = nn.Parameter(torch.zeros(num_features))
            self.running_var = nn.Parameter(torch.ones(num_features))

        def forward(self, x):
            mean, var = self.running_mean, self.running_var
            if self.training:
                mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
                self.running_mean.data.lerp_(mean.detach(), self.momentum)
                self.running_var.data.lerp_(x.detach().var(dim=0), self.momentum)
            return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


@misconception(
    "batchnorm_module",
    "weight and bias are plain tensors: an optimizer would not find them. Make them parameters.",
)
def affine_as_plain_tensors():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight = torch.ones(num_features, requires_grad=True)
            self.bias = torch.zeros(num_features, requires_grad=True)
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        def forward(self, x):
            mean, var = self.running_mean, self.running_var
            if self.training:
                mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
                self.running_mean.lerp_(mean.detach(), self.momentum)
                self.running_var.lerp_(x.detach().var(dim=0), self.momentum)
            return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


@misconception(
    "batchnorm_module",
    "Your layer behaves the same in train and eval mode: it always normalizes with the batch. Look at self.training.",
)
def mode_ignored():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        def forward(self, x):
            mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
            if self.training:
                self.running_mean.lerp_(mean.detach(), self.momentum)
                self.running_var.lerp_(x.detach().var(dim=0), self.momentum)
            return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


@misconception(
    "batchnorm_module",
    "Your layer updates its running values in eval mode too. In eval mode they are used and left as they are.",
)
def module_updates_in_evaluation():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        def forward(self, x):
            mean, var = self.running_mean.clone(), self.running_var.clone()
            if self.training:
                mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
            self.running_mean.lerp_(x.detach().mean(dim=0), self.momentum)
            self.running_var.lerp_(x.detach().var(dim=0, correction=min(1, len(x) - 1)), self.momentum)
            return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


@misconception(
    "batchnorm_module",
    "Your running values stay at 0 and 1: what the batch brings is not stored back into the buffers.",
)
def running_values_never_stored():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        def forward(self, x):
            mean, var = self.running_mean, self.running_var
            if self.training:
                mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
            return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


@misconception(
    "batchnorm_module",
    "Your running variance follows the biased batch variance; it takes the unbiased one, divided by n - 1.",
)
def module_tracks_the_biased_variance():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        def forward(self, x):
            mean, var = self.running_mean, self.running_var
            if self.training:
                mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
                self.running_mean.lerp_(mean.detach(), self.momentum)
                self.running_var.lerp_(var.detach(), self.momentum)
            return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


@misconception(
    "batchnorm_module",
    "Your momentum weighs the old running value; it is the weight of the new batch.",
)
def module_momentum_swapped():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        def forward(self, x):
            mean, var = self.running_mean, self.running_var
            if self.training:
                mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
                self.running_mean.lerp_(mean.detach(), 1 - self.momentum)
                self.running_var.lerp_(x.detach().var(dim=0), 1 - self.momentum)
            return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


@misconception(
    "batchnorm_module",
    "Your layer uses fixed numbers where eps and momentum were given to its constructor.",
)
def module_arguments_ignored():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        def forward(self, x):
            mean, var = self.running_mean, self.running_var
            if self.training:
                mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
                self.running_mean.lerp_(mean.detach(), 0.1)
                self.running_var.lerp_(x.detach().var(dim=0), 0.1)
            return self.weight * (x - mean) / torch.sqrt(var + 1e-5) + self.bias


@misconception(
    "batchnorm_module",
    "Your layer computes the batch statistics without gradient (detach, .data or no_grad): then the gradient "
    "treats them as constants. Only the running values are kept out of the graph.",
)
def batch_statistics_detached():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        def forward(self, x):
            mean, var = self.running_mean, self.running_var
            if self.training:
                with torch.no_grad():
                    mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
                    self.running_mean.lerp_(mean, self.momentum)
                    self.running_var.lerp_(x.var(dim=0), self.momentum)
            return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


@misconception(
    "batchnorm_module",
    "Your layer does not apply its weight and bias.",
)
def module_affine_unused():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        def forward(self, x):
            mean, var = self.running_mean, self.running_var
            if self.training:
                mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
                self.running_mean.lerp_(mean.detach(), self.momentum)
                self.running_var.lerp_(x.detach().var(dim=0), self.momentum)
            return (x - mean) / torch.sqrt(var + self.eps)
