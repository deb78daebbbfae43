"""Reference solutions of the assignment ``normalization``: batch, layer, group and instance normalization.

Every method does the same three things and differs only in *which values share a mean and a variance*:
subtract the mean, divide by the standard deviation, then scale by ``gamma`` and shift by ``beta``.

    batch norm      x (n, d)         one mean for each feature, over the n samples
    layer norm      x (n, d)         one mean for each sample, over the d features
    group norm      x (n, c, h, w)   one mean for each sample and group of channels
    instance norm   x (n, c, h, w)   group norm with groups of one channel

Sources: Ioffe & Szegedy, "Batch Normalization" (2015); Ba, Kiros & Hinton, "Layer Normalization" (2016);
Wu & He, "Group Normalization" (2018).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def batchnorm_forward(
    x: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[torch.Tensor, Any, torch.Tensor, torch.Tensor]:
    """Batch normalization of x (n, d): each feature has its mean and variance (Ioffe & Szegedy 2015, Alg. 1).

    In training, with the statistics of the batch,

        mu = 1/n sum_i x_i        v = 1/n sum_i (x_i - mu)^2        (biased: divided by n)
        y_i = gamma * (x_i - mu) / sqrt(v + eps) + beta

    and the running values move a step of ``momentum`` towards the batch:

        new_running_mean = (1 - momentum) * running_mean + momentum * mu
        new_running_var  = (1 - momentum) * running_var  + momentum * v * n / (n - 1)

    The batch is normalized with the biased variance because then the normalized batch has variance v / (v +
    eps), 1 but for eps. The running variance estimates the variance of the data, so it takes the unbiased
    estimate: E[v] = (n - 1)/n times the variance, because mu is fitted to the same n samples. That correction
    divides by n - 1, hence n >= 2.

    eps is inside the root: at v = 0 the divisor is sqrt(eps), and v + eps is what the gradient sees (it stays
    finite).

    In evaluation the running values take the place of mu and v, and are returned as they came: a sample's
    output does not depend on the samples beside it.

    Returns (y (n, d), cache, new_running_mean (d,), new_running_var (d,)). The cache keeps x, gamma and eps:
    the two statistics are cheap to compute again, and nothing of size (n, d) is stored that is not alive
    anyway. Raises ValueError for n = 1 in training.
    """
    n = x.shape[0]
    if training:
        if n < 2:
            raise ValueError(f"batch normalization needs at least 2 samples in training, but got {n}")
        mean = x.mean(dim=0)
        var = x.var(dim=0, unbiased=False)
        new_running_mean = (1 - momentum) * running_mean + momentum * mean
        new_running_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_running_mean, new_running_var = running_mean, running_var
    y = gamma * (x - mean) / torch.sqrt(var + eps) + beta
    cache = (x, gamma, eps)
    return y, cache, new_running_mean, new_running_var


def batchnorm_backward(dy: torch.Tensor, cache: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradient of batch normalization in training mode, for dy = dL/dy (n, d) (Ioffe & Szegedy 2015, sec. 3).

    Take one feature; i and j run over the n samples of the batch. With s = sqrt(v + eps),

        mu = 1/n sum_i x_i                v = 1/n sum_i (x_i - mu)^2
        xhat_i = (x_i - mu) / s           y_i = gamma xhat_i + beta.

    *Parameters.* gamma and beta are shared by the whole batch, so their gradients are sums over it:

        dgamma = sum_i dy_i xhat_i        dbeta = sum_i dy_i.

    *Input.* Let g_i = dL/dxhat_i = gamma dy_i. x_i reaches L on three paths: through its own xhat_i, through
    v and through mu. Walk the graph backwards, each node once all nodes that use it are done.

    Variance: xhat_j = (x_j - mu) (v + eps)^(-1/2), so

        dL/dv = sum_j g_j (x_j - mu) (-1/2) (v + eps)^(-3/2) = -1/(2 s^2) sum_j g_j xhat_j.

    Mean: it enters every xhat_j, and v. The path through v is 0, as dv/dmu = -2/n sum_j (x_j - mu) = 0. So

        dL/dmu = -1/s sum_j g_j.

    Input: dxhat_i/dx_i at fixed mu, v is 1/s; dv/dx_i at fixed mu is 2 (x_i - mu)/n = 2 s xhat_i/n; dmu/dx_i
    is 1/n. Then

        dL/dx_i = g_i/s + dL/dv 2 s xhat_i/n + dL/dmu/n
                = 1/s [ g_i - 1/n sum_j g_j - xhat_i 1/n sum_j g_j xhat_j ].

    No approximation: the formula holds for every eps. Read as a projection: from g is removed its mean, which
    is what shifting the feature would change, and its component along xhat, which is what scaling it would
    change; y does not change under the one, and hardly (eps) under the other. So sum_i dx_i = 0 exactly.

    The same as a matrix, the Jacobian of xhat with respect to x:

        d xhat_i / d x_j = 1/s [ delta_ij - 1/n - xhat_i xhat_j / n ],

    symmetric, with off-diagonal terms: each sample's output depends on every sample of the batch.

    Returns (dx (n, d), dgamma (d,), dbeta (d,)).
    """
    x, gamma, eps = cache
    var, mean = torch.var_mean(x, dim=0, unbiased=False)
    inv_std = 1 / torch.sqrt(var + eps)
    x_hat = (x - mean) * inv_std
    dgamma = (dy * x_hat).sum(dim=0)
    dbeta = dy.sum(dim=0)
    g = gamma * dy
    dx = inv_std * (g - g.mean(dim=0) - x_hat * (g * x_hat).mean(dim=0))
    return dx, dgamma, dbeta


def layernorm_forward(
    x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, eps: float = 1e-5
) -> tuple[torch.Tensor, Any]:
    """Layer normalization of x (n, d) over the last axis (Ba, Kiros & Hinton 2016, section 3).

    For each sample i, with sums over its d features k,

        mu_i = 1/d sum_k x_ik             v_i = 1/d sum_k (x_ik - mu_i)^2
        y_ik = gamma_k (x_ik - mu_i) / sqrt(v_i + eps) + beta_k.

    The statistics belong to one sample: no batch is needed (n = 1 works), training and evaluation are the
    same, and there is nothing to track. gamma and beta (d,) still belong to the features.

    Returns (y (n, d), cache).
    """
    mean = x.mean(dim=1, keepdim=True)
    var = x.var(dim=1, keepdim=True, unbiased=False)
    inv_std = 1 / torch.sqrt(var + eps)
    x_hat = (x - mean) * inv_std
    return gamma * x_hat + beta, (x_hat, inv_std, gamma)


def layernorm_backward(dy: torch.Tensor, cache: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradient of layer normalization, for dy = dL/dy (n, d).

    The map x_i -> xhat_i is that of batch normalization with the roles of the axes exchanged: one row's d
    values share a mean and a variance. So the derivation in ``batchnorm_backward`` holds with sums over the
    features k of one row:

        g_ik = gamma_k dy_ik        (now gamma differs inside the sum: it may not be pulled out)
        dx_ik = 1/s_i [ g_ik - 1/d sum_l g_il - xhat_ik 1/d sum_l g_il xhat_il ].

    gamma_k and beta_k are still used once by each sample, so their gradients are sums over the samples, the
    other axis:

        dgamma_k = sum_i dy_ik xhat_ik        dbeta_k = sum_i dy_ik.

    Returns (dx (n, d), dgamma (d,), dbeta (d,)).
    """
    x_hat, inv_std, gamma = cache
    dgamma = (dy * x_hat).sum(dim=0)
    dbeta = dy.sum(dim=0)
    g = gamma * dy
    dx = inv_std * (g - g.mean(dim=1, keepdim=True) - x_hat * (g * x_hat).mean(dim=1, keepdim=True))
    return dx, dgamma, dbeta


def groupnorm_forward(
    x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, num_groups: int, eps: float = 1e-5
) -> torch.Tensor:
    """Group normalization of x (n, c, h, w) (Wu & He 2018, section 3.1).

    The c channels are cut into ``num_groups`` runs of c / num_groups neighbours; channel k is in group k //
    (c / num_groups). One sample's values in one group, all its channels and all h * w positions, share a mean
    and a (biased) variance:

        y_nkhw = gamma_k (x_nkhw - mu_ng) / sqrt(v_ng + eps) + beta_k        with g the group of channel k.

    num_groups = 1 normalizes all of a sample together, num_groups = c each channel by itself (instance
    normalization). gamma and beta (c,) belong to the channels, whatever the groups.

    Channels lie next to each other in memory, so a reshape to (n, num_groups, c/num_groups * h * w) lays a
    group in a row.

    Returns y (n, c, h, w). Raises ValueError if c is not divisible by num_groups.
    """
    n, c, h, w = x.shape
    if c % num_groups != 0:
        raise ValueError(f"{c} channels cannot be divided into {num_groups} groups of the same size")
    rows = x.reshape(n, num_groups, -1)
    mean = rows.mean(dim=-1, keepdim=True)
    var = rows.var(dim=-1, keepdim=True, unbiased=False)
    x_hat = ((rows - mean) / torch.sqrt(var + eps)).reshape(n, c, h, w)
    return gamma.reshape(1, c, 1, 1) * x_hat + beta.reshape(1, c, 1, 1)


class BatchNorm1d(nn.Module):
    """Batch normalization of inputs (n, num_features) as a layer with parameters and running values.

    ``weight`` (gamma) and ``bias`` (beta) are parameters: an optimizer changes them. ``running_mean`` and
    ``running_var`` are buffers: they are saved in the state dict and moved by ``.to``, but no optimizer sees
    them. A plain attribute would be neither saved nor moved.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        """Start with weight 1, bias 0, running mean 0 and variance 1: the identity in eval mode, but for eps."""
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalize x (n, num_features): by the batch in train mode, by the running values in eval mode.

        The running values are data about the past, not part of the function being learned: their update
        leaves no graph, or each step's graph would hang on to the one before.
        """
        if self.training:
            n = x.shape[0]
            if n < 2:
                raise ValueError(f"batch normalization needs at least 2 samples in training, but got {n}")
            mean = x.mean(dim=0)
            var = x.var(dim=0, unbiased=False)
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var * n / (n - 1), self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias
