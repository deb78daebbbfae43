"""Conditioning in other styles."""

from __future__ import annotations

import torch

from autograder.suite import equivalent


@equivalent("condition_gaussian")
def by_the_inverse():
    def condition_gaussian(mean, cov, index, value):
        observed = list(index)
        rest = [i for i in range(mean.shape[0]) if i not in observed]
        S_rr = cov[rest][:, rest]
        S_ro = cov[rest][:, observed]
        S_oo_inv = torch.inverse(cov[observed][:, observed])
        new_mean = mean[rest] + S_ro @ S_oo_inv @ (value - mean[observed])
        new_cov = S_rr - S_ro @ S_oo_inv @ S_ro.T
        return new_mean, new_cov


@equivalent("condition_gaussian")
def by_a_mask():
    def condition_gaussian(mean, cov, index, value):
        observed = torch.zeros(len(mean), dtype=torch.bool)
        observed[index] = True
        rest = ~observed
        L = torch.linalg.cholesky(cov[observed][:, observed] + 1e-8 * torch.eye(int(observed.sum()), dtype=cov.dtype))
        K = cov[observed][:, rest]
        alpha = torch.cholesky_solve((value - mean[observed]).unsqueeze(1), L).squeeze(1)
        V = torch.linalg.solve_triangular(L, K, upper=False)
        return mean[rest] + K.T @ alpha, cov[rest][:, rest] - V.T @ V


@equivalent("condition_gaussian")
def by_the_precision():
    def condition_gaussian(mean, cov, index, value):
        rest = torch.tensor([i for i in range(len(mean)) if i not in list(index)])
        observed = torch.as_tensor(index)
        precision = torch.linalg.inv(cov)
        new_cov = torch.linalg.inv(precision[rest][:, rest])
        new_mean = mean[rest] - new_cov @ precision[rest][:, observed] @ (value - mean[observed])
        return new_mean, new_cov


@equivalent("condition_gaussian")
def one_at_a_time():
    def condition_gaussian(mean, cov, index, value):
        left = list(range(len(mean)))
        for i, v in zip(index, value):
            k = left.index(int(i))
            others = [j for j in range(len(left)) if j != k]
            gain = cov[others, k] / cov[k, k]
            new_mean = mean[others] + gain * (v - mean[k])
            cov = cov[others][:, others] - torch.outer(gain, cov[k, others])
            mean = new_mean
            left = [left[j] for j in others]
        return mean, cov


@equivalent("condition_gaussian")
def with_numpy_indices():
    def condition_gaussian(mean, cov, index, value):
        import numpy as np

        m, S, v = mean.numpy(), cov.numpy(), np.asarray(value)
        obs = np.asarray(index)
        rest = np.setdiff1d(np.arange(m.size), obs)
        A = np.linalg.solve(S[np.ix_(obs, obs)], S[np.ix_(obs, rest)]).T
        new = S[np.ix_(rest, rest)] - A @ S[np.ix_(obs, rest)]
        return torch.from_numpy(m[rest] + A @ (v - m[obs])), torch.from_numpy((new + new.T) / 2)


@equivalent("condition_gaussian")
def index_is_a_tensor():
    def condition_gaussian(mean, cov, index, value):
        observed = index.tolist()
        rest = sorted(set(range(mean.numel())) - set(observed))
        order = rest + observed
        r = len(rest)
        S = cov[order][:, order]
        gain = torch.linalg.lstsq(S[r:, r:], S[r:, :r]).solution.T
        new_mean = mean[rest].unsqueeze(1) + gain @ (value - mean[observed]).unsqueeze(1)
        return new_mean, S[:r, :r] - gain @ S[r:, :r]
