"""What the student of the end-to-end test writes: one exercise right, the other with a known mistake, then right."""

from __future__ import annotations

LAYERNORM = """def layernorm_forward(x, gamma, beta, eps=1e-5):
    var, mean = torch.var_mean(x, dim=1, keepdim=True, unbiased=False)
    std = torch.sqrt(var + eps)
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, std, gamma)

def layernorm_backward(dy, cache):
    x_hat, std, gamma = cache
    g = dy * gamma
    dx = (g - g.mean(dim=1, keepdim=True) - x_hat * (g * x_hat).mean(dim=1, keepdim=True)) / std
    return dx, (dy * x_hat).sum(dim=0), dy.sum(dim=0)
"""
GROUPNORM = """def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
    n, c, h, w = x.shape
    if c % num_groups:
        raise ValueError(f"{c} channels cannot be divided into {num_groups} groups")
    groups = x.reshape(n, num_groups, c // num_groups, h, w)
    var, mean = torch.var_mean(groups, dim=(2, 3, 4), keepdim=True, unbiased=False)
    x_hat = ((groups - mean) / torch.sqrt(var + eps)).reshape(n, c, h, w)
    return gamma.view(1, c, 1, 1) * x_hat + beta.view(1, c, 1, 1)
"""
GROUPS_INTERLEAVED = GROUPNORM.replace(
    "(n, num_groups, c // num_groups, h, w)", "(n, c // num_groups, num_groups, h, w)"
)
GROUPS_INTERLEAVED = GROUPS_INTERLEAVED.replace("dim=(2, 3, 4)", "dim=(1, 3, 4)")
