"""Right solutions of the assignment ``normalization`` in other styles: each must earn every point.

The body of each factory is the text of a solution cell. Forward passes of batch norm keep the cache layout of
the reference, (x, gamma, eps); other layouts are among the backward passes, whose cells bring a forward pass
of their own.
"""

from __future__ import annotations

import torch
from torch import nn

from autograder.suite import equivalent

# --- batchnorm_forward --------------------------------------------------------------------------------------


@equivalent("batchnorm_forward")
def step_by_step():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        n, d = x.shape
        if training:
            if n == 1:
                raise ValueError("cannot normalize a batch of one sample")
            mu = 1.0 / n * torch.sum(x, dim=0)
            xmu = x - mu
            sq = xmu**2
            var = 1.0 / n * torch.sum(sq, dim=0)
            sqrtvar = torch.sqrt(var + eps)
            ivar = 1.0 / sqrtvar
            xhat = xmu * ivar
            gammax = gamma * xhat
            out = gammax + beta
            running_mean = (1 - momentum) * running_mean + momentum * mu
            running_var = (1 - momentum) * running_var + momentum * sq.sum(dim=0) / (n - 1)
        else:
            out = gamma * ((x - running_mean) / torch.sqrt(running_var + eps)) + beta
        return out, (x, gamma, eps), running_mean, running_var


@equivalent("batchnorm_forward")
def one_pass_variance():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            return (
                gamma * (x - running_mean) * (running_var + eps) ** -0.5 + beta,
                None,
                running_mean,
                running_var,
            )
        n = len(x)
        if n < 2:
            raise ValueError("n = 1")
        mean = x.mean(0)
        var = (x * x).mean(0) - mean * mean
        y = gamma * (x - mean) * (var + eps) ** -0.5 + beta
        running_mean = running_mean + momentum * (mean - running_mean)
        running_var = running_var + momentum * (var * n / (n - 1) - running_var)
        return y, (x, gamma, eps), running_mean, running_var


@equivalent("batchnorm_forward")
def both_variances_from_torch():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if training and x.size(0) < 2:
            raise ValueError(f"expected more than 1 value per feature, got input size {tuple(x.shape)}")
        if training:
            var, mean = torch.var_mean(x, dim=0, correction=0)
            new_mean = torch.lerp(running_mean, mean, momentum)
            new_var = torch.lerp(running_var, torch.var(x, dim=0, correction=1), momentum)
        else:
            mean, var = running_mean, running_var
            new_mean, new_var = running_mean.clone(), running_var.clone()
        y = torch.addcmul(beta, gamma, (x - mean) * torch.rsqrt(var + eps))
        return y, (x, gamma, eps), new_mean, new_var


@equivalent("batchnorm_forward")
def centering_matrix():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        n = x.shape[0]
        if not training:
            y = ((x - running_mean) / (running_var + eps).sqrt()) @ torch.diag(gamma) + beta
            return y, (x, gamma, eps), running_mean, running_var
        if n <= 1:
            raise ValueError("a batch needs two samples")
        ones = torch.ones(n, 1, dtype=x.dtype, device=x.device)
        centering = torch.eye(n, dtype=x.dtype, device=x.device) - ones @ ones.T / n
        centered = centering @ x
        scatter = torch.diagonal(centered.T @ centered)
        y = (centered / torch.sqrt(scatter / n + eps)) @ torch.diag(gamma) + beta
        new_mean = (1 - momentum) * running_mean + momentum * (ones.T @ x / n).squeeze(0)
        new_var = (1 - momentum) * running_var + momentum * scatter / (n - 1)
        return y, (x, gamma, eps), new_mean, new_var


@equivalent("batchnorm_forward")
def feature_by_feature():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        n, d = x.shape
        if training and n == 1:
            raise ValueError("one sample has no variance")
        y = torch.empty_like(x)
        new_mean, new_var = running_mean.clone(), running_var.clone()
        for k in range(d):
            column = x[:, k]
            mean, var = running_mean[k], running_var[k]
            if training:
                mean = sum(column) / n
                var = sum((column - mean) ** 2) / n
                new_mean[k] = (1 - momentum) * running_mean[k] + momentum * mean
                new_var[k] = (1 - momentum) * running_var[k] + momentum * var * n / (n - 1)
            y[:, k] = gamma[k] * (column - mean) / (var + eps) ** 0.5 + beta[k]
        return y, (x, gamma, eps), new_mean, new_var


@equivalent("batchnorm_forward")
def folded_into_scale_and_shift():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        mean, var = running_mean, running_var
        if training:
            n = x.shape[0]
            if n < 2:
                raise ValueError("training needs n > 1")
            mean = torch.einsum("nd->d", x) / n
            var = torch.einsum("nd,nd->d", x - mean, x - mean) / n
            running_mean = running_mean * (1 - momentum) + mean * momentum
            running_var = running_var * (1 - momentum) + var * (momentum * n / (n - 1))
        scale = gamma * torch.rsqrt(var + eps)
        shift = beta - mean * scale
        return x * scale + shift, (x, gamma, eps), running_mean, running_var


@equivalent("batchnorm_forward")
def in_place_on_copies():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        running_mean, running_var = running_mean.clone(), running_var.clone()
        y = x.clone()
        if training:
            if y.shape[0] == 1:
                raise ValueError("batch of one")
            mean = y.mean(dim=0)
            y -= mean
            var = y.pow(2).mean(dim=0)
            running_mean.mul_(1 - momentum).add_(mean, alpha=momentum)
            running_var *= 1 - momentum
            running_var += momentum * x.var(dim=0, unbiased=True)
        else:
            y -= running_mean
            var = running_var.clone()
        y /= var.add_(eps).sqrt_()
        y *= gamma
        y += beta
        return y, (x, gamma, eps), running_mean, running_var


@equivalent("batchnorm_forward")
def in_double_precision_inside():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        wide = x.double()
        if training:
            if x.shape[0] < 2:
                raise ValueError("n must be at least 2 in training")
            mean, std = wide.mean(dim=0), wide.std(dim=0)
            ratio = (x.shape[0] - 1) / x.shape[0]
            y = (wide - mean) / (std**2 * ratio + eps).sqrt()
            new_mean = ((1 - momentum) * running_mean.double() + momentum * mean).to(x.dtype)
            new_var = ((1 - momentum) * running_var.double() + momentum * std**2).to(x.dtype)
        else:
            y = (wide - running_mean.double()) / (running_var.double() + eps).sqrt()
            new_mean, new_var = running_mean, running_var
        return (y * gamma + beta).to(x.dtype), (x, gamma, eps), new_mean, new_var


@equivalent("batchnorm_forward")
def named_cache_and_norms():
    from typing import NamedTuple

    class Cache(NamedTuple):
        x: torch.Tensor
        gamma: torch.Tensor
        eps: float

    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        if not training:
            normalized = (x - running_mean).div((running_var + eps).sqrt())
            return [normalized.mul(gamma).add(beta), None, running_mean, running_var]
        n = x.shape[0]
        if n == 1:
            raise ValueError
        centered = x - x.mean(dim=0, keepdim=True)
        sum_of_squares = torch.linalg.vector_norm(centered, dim=0) ** 2
        y = torch.nn.functional.linear(centered / (sum_of_squares / n + eps).sqrt(), torch.diag_embed(gamma), beta)
        new_mean = momentum * x.mean(dim=0) + (1 - momentum) * running_mean
        new_var = momentum * sum_of_squares / (n - 1) + (1 - momentum) * running_var
        return [y, Cache(x, gamma, eps), new_mean, new_var]


# --- batchnorm_backward -------------------------------------------------------------------------------------


@equivalent("batchnorm_backward")
def compact_formula():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        n = x.shape[0]
        inv_std = (x.var(dim=0, unbiased=False) + eps) ** -0.5
        x_hat = (x - x.mean(dim=0)) * inv_std
        dbeta = dy.sum(dim=0)
        dgamma = (x_hat * dy).sum(dim=0)
        dx = (1 / n) * gamma * inv_std * (n * dy - dbeta - x_hat * dgamma)
        return dx, dgamma, dbeta


@equivalent("batchnorm_backward")
def computation_graph_backwards():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        n, d = dy.shape
        mu = x.sum(dim=0) / n
        xmu = x - mu
        var = (xmu**2).sum(dim=0) / n
        sqrtvar = torch.sqrt(var + eps)
        ivar = 1.0 / sqrtvar
        xhat = xmu * ivar
        dbeta = torch.sum(dy, dim=0)
        dgamma = torch.sum(dy * xhat, dim=0)
        dxhat = dy * gamma
        divar = torch.sum(dxhat * xmu, dim=0)
        dxmu1 = dxhat * ivar
        dsqrtvar = -1.0 / (sqrtvar**2) * divar
        dvar = 0.5 / torch.sqrt(var + eps) * dsqrtvar
        dsq = torch.ones_like(dy) / n * dvar
        dxmu2 = 2 * xmu * dsq
        dx1 = dxmu1 + dxmu2
        dmu = -torch.sum(dxmu1 + dxmu2, dim=0)
        dx2 = torch.ones_like(dy) / n * dmu
        return dx1 + dx2, dgamma, dbeta


@equivalent("batchnorm_backward")
def as_in_the_paper():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        m = x.shape[0]
        mean = x.mean(dim=0)
        var = x.var(dim=0, correction=0)
        dx_hat = dy * gamma
        dvar = (dx_hat * (x - mean) * -0.5 * (var + eps) ** -1.5).sum(dim=0)
        dmean = (dx_hat * -1 / torch.sqrt(var + eps)).sum(dim=0) + dvar * (-2 * (x - mean)).sum(dim=0) / m
        dx = dx_hat / torch.sqrt(var + eps) + dvar * 2 * (x - mean) / m + dmean / m
        dgamma = (dy * (x - mean) / torch.sqrt(var + eps)).sum(dim=0)
        return dx, dgamma, dy.sum(dim=0)


@equivalent("batchnorm_backward")
def jacobian_matrices():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        n = x.shape[0]
        std = torch.sqrt(((x - x.mean(0)) ** 2).mean(0) + eps)
        x_hat = (x - x.mean(0)) / std
        identity = torch.eye(n, dtype=x.dtype, device=x.device)
        outer = torch.einsum("id,jd->ijd", x_hat, x_hat)
        jacobian = (identity[:, :, None] - 1 / n - outer / n) / std
        dx = torch.einsum("ijd,id->jd", jacobian, dy * gamma)
        return dx, torch.einsum("id,id->d", dy, x_hat), torch.einsum("id->d", dy)


@equivalent("batchnorm_backward")
def centering_and_projecting():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        n = x.shape[0]
        centering = torch.eye(n, dtype=x.dtype, device=x.device) - torch.full(
            (n, n), 1 / n, dtype=x.dtype, device=x.device
        )
        centered = centering @ x
        precision = 1 / ((centered**2).mean(dim=0) + eps)
        g = dy @ torch.diag(gamma)
        along = (g * centered).mean(dim=0) * precision
        dx = precision.sqrt() * (centering @ g - centered * along)
        ones = torch.ones(n, dtype=x.dtype, device=x.device)
        return dx, ones @ (dy * centered * precision.sqrt()), ones @ dy


@equivalent("batchnorm_backward")
def feature_by_feature_backward():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        n, d = x.shape
        dx = torch.zeros_like(x)
        dgamma = torch.zeros_like(gamma)
        dbeta = torch.zeros_like(gamma)
        for k in range(d):
            mean = x[:, k].mean()
            std = (x[:, k].var(unbiased=False) + eps).sqrt()
            x_hat = (x[:, k] - mean) / std
            dgamma[k] = torch.dot(dy[:, k], x_hat)
            dbeta[k] = dy[:, k].sum()
            for i in range(n):
                dx[i, k] = gamma[k] / (n * std) * (n * dy[i, k] - dbeta[k] - x_hat[i] * dgamma[k])
        return dx, dgamma, dbeta


@equivalent("batchnorm_backward")
def dictionary_cache_one_pass():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        n = x.shape[0]
        if not training:
            return (
                gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta,
                {},
                running_mean,
                running_var,
            )
        if n < 2:
            raise ValueError("at least two samples are needed")
        mean = x.mean(dim=0)
        var = (x**2).mean(dim=0) - mean**2
        inv_std = torch.rsqrt(var + eps)
        x_hat = (x - mean) * inv_std
        cache = {"x_hat": x_hat, "inv_std": inv_std, "gamma": gamma}
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
        return gamma * x_hat + beta, cache, new_mean, new_var

    def batchnorm_backward(dy, cache):
        x_hat, inv_std = cache["x_hat"], cache["inv_std"]
        g = cache["gamma"] * dy
        dx = inv_std * (g - g.mean(dim=0, keepdim=True) - x_hat * (g * x_hat).mean(dim=0, keepdim=True))
        return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)


@equivalent("batchnorm_backward")
def object_cache():
    from types import SimpleNamespace

    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        n = x.shape[0]
        saved = SimpleNamespace(training=training, gamma=gamma)
        if training:
            if n < 2:
                raise ValueError("at least two samples are needed")
            saved.centered = x - x.mean(dim=0)
            saved.var = (saved.centered**2).mean(dim=0) + eps
            running_mean = (1 - momentum) * running_mean + momentum * x.mean(dim=0)
            running_var = (1 - momentum) * running_var + momentum * x.var(dim=0)
        else:
            saved.centered, saved.var = x - running_mean, running_var + eps
        return gamma * saved.centered / saved.var.sqrt() + beta, saved, running_mean, running_var

    def batchnorm_backward(dy, cache):
        std = cache.var.sqrt()
        dgamma = (dy * cache.centered).sum(dim=0) / std
        dbeta = dy.sum(dim=0)
        if not cache.training:
            return dy * cache.gamma / std, dgamma, dbeta
        n = dy.shape[0]
        dx = cache.gamma / std * (dy - dbeta / n - cache.centered / std * dgamma / n)
        return dx, dgamma, dbeta


@equivalent("batchnorm_backward")
def cache_is_a_function():
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
        n = x.shape[0]
        if training and n < 2:
            raise ValueError("at least two samples are needed")
        mean, var = (x.mean(0), x.var(0, unbiased=False)) if training else (running_mean, running_var)
        std = torch.sqrt(var + eps)
        x_hat = (x - mean) / std

        def gradient(dy):
            dgamma, dbeta = (dy * x_hat).sum(0), dy.sum(0)
            return gamma * (dy - (dbeta + x_hat * dgamma) / n) / std, dgamma, dbeta

        if training:
            running_mean = (1 - momentum) * running_mean + momentum * mean
            running_var = (1 - momentum) * running_var + momentum * var * (n / (n - 1))
        return gamma * x_hat + beta, gradient, running_mean, running_var

    def batchnorm_backward(dy, cache):
        return cache(dy)


@equivalent("batchnorm_backward")
def in_place_on_temporaries():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        var, mean = torch.var_mean(x, dim=0, correction=0)
        x_hat = x.sub(mean).div_(var.add_(eps).sqrt_())
        dgamma, dbeta = (dy * x_hat).sum(dim=0), dy.sum(dim=0)
        dx = dy.clone()
        dx -= dy.mean(dim=0)
        dx -= x_hat.mul_(dgamma / len(dy))
        dx *= gamma
        dx /= var
        return [dx, dgamma, dbeta]


@equivalent("batchnorm_backward")
def features_in_rows_and_wide():
    def batchnorm_backward(dy, cache):
        x, gamma, eps = cache
        rows, grads = x.T.double(), dy.T.double()
        centered = rows - rows.mean(dim=1, keepdim=True)
        std = torch.sqrt(centered.square().mean(dim=1, keepdim=True) + eps)
        rows = centered / std
        inner = grads - grads.mean(dim=1, keepdim=True) - rows * (grads * rows).mean(dim=1, keepdim=True)
        dx = (gamma[:, None] * inner / std).T
        return dx.to(x.dtype), (grads * rows).sum(dim=1).to(x.dtype), dy.sum(dim=0)


# --- layernorm ----------------------------------------------------------------------------------------------


@equivalent("layernorm")
def batch_norm_of_the_transpose():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        columns = x.T
        mean, var = columns.mean(dim=0), columns.var(dim=0, unbiased=False)
        x_hat = (columns - mean) / torch.sqrt(var + eps)
        return gamma * x_hat.T + beta, (x_hat, gamma, var, eps)

    def layernorm_backward(dy, cache):
        x_hat, gamma, var, eps = cache
        d = x_hat.shape[0]
        g = (dy * gamma).T
        dx = (d * g - g.sum(dim=0) - x_hat * (g * x_hat).sum(dim=0)) / (d * torch.sqrt(var + eps))
        return dx.T, (dy * x_hat.T).sum(dim=0), dy.sum(dim=0)


@equivalent("layernorm")
def one_pass_and_recomputed():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        mean = x.mean(-1, keepdim=True)
        var = (x * x).mean(-1, keepdim=True) - mean * mean
        return (x - mean) * torch.rsqrt(var + eps) * gamma + beta, {"x": x, "gamma": gamma, "eps": eps}

    def layernorm_backward(dy, cache):
        x, gamma, eps = cache["x"], cache["gamma"], cache["eps"]
        d = x.shape[1]
        centered = x - x.mean(dim=1)[:, None]
        std = torch.sqrt((centered**2).mean(dim=1) + eps)[:, None]
        dx_hat = dy * gamma
        dvar = (dx_hat * centered * -0.5 * std**-3).sum(dim=1, keepdim=True)
        dmean = (-dx_hat / std).sum(dim=1, keepdim=True) + dvar * (-2 * centered).mean(dim=1, keepdim=True)
        dx = dx_hat / std + dvar * 2 * centered / d + dmean / d
        return dx, (dy * centered / std).sum(dim=0), dy.sum(dim=0)


@equivalent("layernorm")
def row_by_row():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        rows, saved = [], []
        for row in x:
            std = (row.var(unbiased=False) + eps).sqrt()
            x_hat = (row - row.mean()) / std
            rows.append(gamma * x_hat + beta)
            saved.append((x_hat, std))
        return torch.stack(rows), [gamma, saved]

    def layernorm_backward(dy, cache):
        gamma, saved = cache
        dgamma, dbeta = torch.zeros_like(gamma), torch.zeros_like(gamma)
        rows = []
        for row, (x_hat, std) in zip(dy, saved, strict=True):
            g = row * gamma
            rows.append((g - g.mean() - x_hat * torch.dot(g, x_hat) / len(g)) / std)
            dgamma += row * x_hat
            dbeta += row
        return torch.stack(rows), dgamma, dbeta


@equivalent("layernorm")
def jacobian_of_each_row():
    def layernorm_forward(x, gamma, beta, eps=1e-5):
        d = x.shape[-1]
        centering = torch.eye(d).to(x) - torch.ones(d, d).to(x) / d
        centered = x @ centering
        std = (centered.pow(2).sum(dim=-1, keepdim=True) / d + eps).sqrt()
        return torch.addcmul(beta, centered / std, gamma), (x, centering, std, gamma)

    def layernorm_backward(dy, cache):
        x, centering, std, gamma = cache
        x_hat = x @ centering / std
        outer = x_hat[:, :, None] * x_hat[:, None, :] / x.shape[-1]
        jacobian = (centering - outer) / std[:, :, None]
        dx = torch.bmm(jacobian, (dy * gamma)[:, :, None])[:, :, 0]
        return dx, torch.einsum("nd,nd->d", dy, x_hat), dy.sum(0)


@equivalent("layernorm")
def standard_deviation_and_object():
    from types import SimpleNamespace

    def layernorm_forward(x, gamma, beta, eps=1e-5):
        d = x.size(1)
        variance = x.std(dim=1, keepdim=True) ** 2 * (d - 1) / d
        saved = SimpleNamespace(rate=1 / torch.sqrt(variance + eps), gamma=gamma)
        saved.normalized = (x - torch.mean(x, 1, True)) * saved.rate
        return saved.normalized * gamma + beta, saved

    def layernorm_backward(dy, cache):
        product = dy * cache.normalized
        first = (dy @ cache.gamma)[:, None]
        second = (product @ cache.gamma)[:, None]
        dx = cache.rate * (dy * cache.gamma - (first + cache.normalized * second) / dy.size(1))
        return dx, product.sum(0), dy.sum(0)


# --- groupnorm ----------------------------------------------------------------------------------------------


@equivalent("groupnorm")
def sample_by_sample():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        n, c, h, w = x.shape
        size, rest = divmod(c, num_groups)
        if rest:
            raise ValueError(f"{c} channels, {num_groups} groups")
        y = torch.empty_like(x)
        for i in range(n):
            for start in range(0, c, size):
                block = x[i, start : start + size]
                block = (block - block.mean()) / (block.var(unbiased=False) + eps).sqrt()
                for k in range(size):
                    y[i, start + k] = gamma[start + k] * block[k] + beta[start + k]
        return y


@equivalent("groupnorm")
def five_axes():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        n, c, h, w = x.shape
        if c != num_groups * (c // num_groups):
            raise ValueError("c is not divisible by num_groups")
        x = x.view(n, num_groups, c // num_groups, h, w)
        var, mean = torch.var_mean(x, dim=[2, 3, 4], unbiased=False, keepdim=True)
        x = (x - mean) / (var + eps).sqrt()
        return x.view(n, c, h, w) * gamma[None, :, None, None] + beta[None, :, None, None]


@equivalent("groupnorm")
def chunks_of_channels():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        c = x.shape[1]
        if c % num_groups > 0:
            raise ValueError("unequal groups")
        parts = []
        for part in x.split(c // num_groups, dim=1):
            mean = part.mean(dim=(1, 2, 3), keepdim=True)
            var = (part**2).mean(dim=(1, 2, 3), keepdim=True) - mean**2
            parts.append((part - mean) * torch.rsqrt(var + eps))
        y = torch.cat(parts, dim=1).permute(0, 2, 3, 1) * gamma + beta
        return y.permute(0, 3, 1, 2)


@equivalent("groupnorm")
def membership_matrix():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        c = x.shape[1]
        if c % num_groups != 0:
            raise ValueError("c is not divisible by num_groups")
        size = c // num_groups
        group = torch.arange(c, device=x.device) // size
        average = (group[:, None] == group[None, :]).to(x.dtype) / size
        mean = torch.einsum("kl,nlhw->nk", average, x) / (x.shape[2] * x.shape[3])
        centered = x - mean[:, :, None, None]
        var = centered.pow(2).mean(dim=(2, 3)) @ average
        return torch.einsum("k,nkhw,nk->nkhw", gamma, centered, (var + eps) ** -0.5) + beta.view(-1, 1, 1)


@equivalent("groupnorm")
def channel_moments_combined():
    def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
        n, c, h, w = x.shape
        if c % num_groups:
            raise ValueError("c is not divisible by num_groups")
        size = c // num_groups
        mean = x.mean(dim=(2, 3)).unfold(1, size, size).mean(dim=-1).repeat_interleave(size, dim=1)
        centered = x - mean.view(n, c, 1, 1)
        square = (centered * centered).flatten(2).mean(dim=-1)
        var = square.unfold(1, size, size).mean(dim=-1).repeat_interleave(size, dim=1)
        scale = (gamma / torch.sqrt(var + eps)).view(n, c, 1, 1)
        return centered * scale + beta.view(1, c, 1, 1)


# --- batchnorm_module ---------------------------------------------------------------------------------------


@equivalent("batchnorm_module")
def calls_the_function():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.num_features, self.eps, self.momentum = num_features, eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        def forward(self, x):
            y, _, self.running_mean, self.running_var = batchnorm_forward(  # noqa: F821 - the notebook's own function
                x,
                self.weight,
                self.bias,
                self.running_mean,
                self.running_var,
                self.training,
                self.momentum,
                self.eps,
            )
            return y


@equivalent("batchnorm_module")
def counts_batches():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps = eps
            self.momentum = momentum
            self.register_parameter("weight", nn.Parameter(torch.empty(num_features)))
            self.register_parameter("bias", nn.Parameter(torch.empty(num_features)))
            self.register_buffer("running_mean", torch.empty(num_features))
            self.register_buffer("running_var", torch.empty(num_features))
            self.register_buffer("num_batches_tracked", torch.tensor(0))
            self.reset_parameters()

        def reset_parameters(self):
            nn.init.ones_(self.weight)
            nn.init.zeros_(self.bias)
            self.running_mean.zero_()
            self.running_var.fill_(1)

        def forward(self, x):
            if not self.training:
                return (x - self.running_mean) / (self.running_var + self.eps).sqrt() * self.weight + self.bias
            if x.shape[0] <= 1:
                raise ValueError("expected more than one sample")
            mean = x.mean(dim=0, keepdim=True)
            var = ((x - mean) ** 2).mean(dim=0, keepdim=True)
            with torch.no_grad():
                self.num_batches_tracked += 1
                self.running_mean.copy_((1 - self.momentum) * self.running_mean + self.momentum * mean[0])
                self.running_var.copy_((1 - self.momentum) * self.running_var + self.momentum * x.var(dim=0))
            return (x - mean) / (var + self.eps).sqrt() * self.weight + self.bias


@equivalent("batchnorm_module")
def buffers_as_nn_buffer():
    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.hyper = {"eps": eps, "momentum": momentum}
            self.weight, self.bias = (
                nn.Parameter(torch.ones(num_features)),
                nn.Parameter(torch.zeros(num_features)),
            )
            self.running_mean = nn.Buffer(torch.zeros(num_features))
            self.running_var = nn.Buffer(torch.ones(num_features))

        def forward(self, x):
            momentum = self.hyper["momentum"]
            if self.training:
                var, mean = torch.var_mean(x, dim=0, correction=0)
                self.running_mean.data.mul_(1 - momentum).add_(mean.detach(), alpha=momentum)
                self.running_var.data.mul_(1 - momentum).add_(x.detach().var(dim=0), alpha=momentum)
            else:
                var, mean = self.running_var, self.running_mean
            scale = self.weight * torch.rsqrt(var + self.hyper["eps"])
            return x * scale + (self.bias - mean * scale)


@equivalent("batchnorm_module")
def statistics_keep_their_graph():
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
                self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
                self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(dim=0)
            return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


@equivalent("batchnorm_module")
def backward_of_its_own():
    class Normalize(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, weight, bias, eps):
            std = torch.sqrt(x.var(dim=0, unbiased=False) + eps)
            x_hat = (x - x.mean(dim=0)) / std
            ctx.save_for_backward(x_hat, std, weight)
            return weight * x_hat + bias

        @staticmethod
        def backward(ctx, dy):
            x_hat, std, weight = ctx.saved_tensors
            g = weight * dy
            dx = (g - g.mean(dim=0) - x_hat * (g * x_hat).mean(dim=0)) / std
            return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0), None

    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        @torch.no_grad()
        def _track(self, x):
            self.running_mean += self.momentum * (x.mean(dim=0) - self.running_mean)
            self.running_var += self.momentum * (x.var(dim=0) - self.running_var)

        def forward(self, x):
            if self.training:
                self._track(x)
                return Normalize.apply(x, self.weight, self.bias, self.eps)
            return self.weight * (x - self.running_mean) / torch.sqrt(self.running_var + self.eps) + self.bias
