"""Kernels in other styles."""

from __future__ import annotations

import torch

from autograder.suite import equivalent


@equivalent("kernels")
def by_cdist():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        return outputscale * torch.exp(-0.5 * (torch.cdist(X1, X2) / lengthscale) ** 2)

    def matern_kernel(X1, X2, lengthscale, outputscale, nu):
        r = torch.cdist(X1, X2) / lengthscale
        if nu == 0.5:
            return outputscale * torch.exp(-r)
        if nu == 1.5:
            return outputscale * (1 + 3**0.5 * r) * torch.exp(-(3**0.5) * r)
        return outputscale * (1 + 5**0.5 * r + 5 / 3 * r**2) * torch.exp(-(5**0.5) * r)

    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        distance = torch.cdist(X1, X2, p=1)
        return outputscale * torch.exp(-2 * (torch.sin(torch.pi * distance / period) / lengthscale) ** 2)

    def linear_kernel(X1, X2, variance, bias_variance, center):
        return bias_variance + variance * torch.mm(X1 - center, (X2 - center).t())


@equivalent("kernels")
def expanded_square():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        sq = (X1**2).sum(1, keepdim=True) + (X2**2).sum(1) - 2 * X1 @ X2.T
        return outputscale * torch.exp(-sq / (2 * lengthscale**2))

    def matern_kernel(X1, X2, lengthscale, outputscale, nu):
        import math

        A, B = X1 / lengthscale, X2 / lengthscale
        sq = (A**2).sum(1, keepdim=True) + (B**2).sum(1) - 2 * A @ B.T
        distance = sq.clamp_min(0).sqrt()
        root = math.sqrt(nu * 2)
        factor = {0.5: 1.0, 1.5: 1 + root * distance, 2.5: 1 + root * distance + (root * distance) ** 2 / 3}[nu]
        return outputscale * factor * torch.exp(-root * distance)

    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        # 2 sin^2(a) = 1 - cos(2 a)
        return outputscale * torch.exp((torch.cos(2 * torch.pi * (X1 - X2.T) / period) - 1) / lengthscale**2)

    def linear_kernel(X1, X2, variance, bias_variance, center):
        first, second = X1 - center, X2 - center
        return torch.einsum("nd,md->nm", first, second) * variance + bias_variance


@equivalent("kernels")
def entry_by_entry():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        K = torch.zeros(X1.shape[0], X2.shape[0], dtype=X1.dtype)
        for i in range(X1.shape[0]):
            for j in range(X2.shape[0]):
                diff = X1[i] - X2[j]
                K[i, j] = outputscale * torch.exp(-(diff @ diff) / (2 * lengthscale**2))
        return K

    def matern_kernel(X1, X2, lengthscale, outputscale, nu):
        K = torch.empty(len(X1), len(X2), dtype=torch.float64)
        for i, a in enumerate(X1):
            for j, b in enumerate(X2):
                r = float(torch.norm(a - b)) / lengthscale
                if nu == 0.5:
                    value = 2.718281828459045**-r
                elif nu == 1.5:
                    value = (1 + (3**0.5) * r) * 2.718281828459045 ** (-(3**0.5) * r)
                else:
                    value = (1 + (5**0.5) * r + 5 * r * r / 3) * 2.718281828459045 ** (-(5**0.5) * r)
                K[i, j] = outputscale * value
        return K

    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        rows = []
        for a in X1[:, 0]:
            row = [
                torch.exp(-2 * torch.sin(torch.pi * torch.abs(a - b) / period) ** 2 / lengthscale**2) for b in X2[:, 0]
            ]
            rows.append(torch.stack(row) * outputscale)
        return torch.stack(rows)

    def linear_kernel(X1, X2, variance, bias_variance, center):
        rows = [[bias_variance + variance * torch.dot(a - center, b - center) for b in X2] for a in X1]
        return torch.stack([torch.stack(row) for row in rows])


@equivalent("kernels")
def with_numpy():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        from scipy.spatial.distance import cdist

        return torch.from_numpy(outputscale * np.exp(-cdist(X1, X2, "sqeuclidean") / 2 / lengthscale**2))

    def matern_kernel(X1, X2, lengthscale, outputscale, nu):
        from scipy.spatial.distance import cdist

        s = np.sqrt(2 * nu) * cdist(X1.numpy(), X2.numpy()) / lengthscale
        polynomial = [1, 1 + s, 1 + s + s * s / 3][int(nu - 0.5)]
        return torch.tensor(outputscale * polynomial * np.exp(-s))

    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        x1, x2 = X1.numpy().ravel(), X2.numpy().ravel()
        sine = np.sin(np.pi * np.abs(np.subtract.outer(x1, x2)) / period)
        return torch.as_tensor(outputscale * np.exp(-2 * np.square(sine) / np.square(lengthscale)))

    def linear_kernel(X1, X2, variance, bias_variance, center):
        first, second = X1.numpy() - np.asarray(center), X2.numpy() - np.asarray(center)
        return torch.from_numpy(bias_variance + variance * first.dot(second.T))

    import numpy as np


@equivalent("kernels")
def one_distance_function():
    def scaled_distance(X1, X2, lengthscale):
        return ((X1.unsqueeze(1) - X2.unsqueeze(0)) / lengthscale).pow(2).sum(-1).clamp(min=1e-30).sqrt()

    def rbf_kernel(X1, X2, lengthscale, outputscale):
        return outputscale * scaled_distance(X1, X2, lengthscale).pow(2).mul(-0.5).exp()

    def matern_kernel(X1, X2, lengthscale, outputscale, nu):
        s = scaled_distance(X1, X2, lengthscale / (2 * nu) ** 0.5)
        terms = {0.5: [1.0], 1.5: [1.0, s], 2.5: [1.0, s, s**2 / 3]}
        return outputscale * sum(terms[nu]) * (-s).exp()

    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        def circle(X):
            angle = 2 * torch.pi * X / period
            return torch.cat([angle.cos(), angle.sin()], dim=1)

        return rbf_kernel(circle(X1), circle(X2), lengthscale, outputscale)

    def linear_kernel(X1, X2, variance, bias_variance, center):
        def features(X):
            ones = torch.ones(len(X), 1, dtype=X.dtype, device=X.device)
            return torch.cat([bias_variance**0.5 * ones, variance**0.5 * (X - center)], dim=1)

        return features(X1) @ features(X2).T


@equivalent("kernels")
def through_each_other():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        K = torch.ones(X1.size(0), X2.size(0)).to(X1) * outputscale
        for k in range(X1.size(1)):
            K = K * torch.exp(-((X1[:, k : k + 1] - X2[:, k]) ** 2) / (2 * lengthscale**2))
        return K

    def matern_kernel(X1, X2, lengthscale, outputscale, nu):
        from scipy.special import gamma, kv

        r = (2 * nu) ** 0.5 * torch.cdist(X1, X2, compute_mode="donot_use_mm_for_euclid_dist").numpy() / lengthscale
        r[r == 0] = 1e-12
        return outputscale * torch.from_numpy(2 ** (1 - nu) / gamma(nu) * r**nu * kv(nu, r))

    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        u = torch.sin(torch.pi * torch.abs(X1 - X2.squeeze(-1)) / period)
        return outputscale * torch.exp(-2.0 * (u * u) / (lengthscale * lengthscale))

    def linear_kernel(X1, X2, variance, bias_variance, center):
        K = torch.full((len(X1), len(X2)), float(bias_variance), dtype=X1.dtype)
        return torch.addmm(K, X1 - center, (X2 - center).T, alpha=variance)
