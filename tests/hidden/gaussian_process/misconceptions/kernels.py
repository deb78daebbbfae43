"""Wrong kernels. Each cell takes the functions that it does not get wrong from the module of solutions."""

from __future__ import annotations

import math

import gpytorch
import torch

from autograder.suite import misconception


@misconception("kernels", "Your length scale is not squared where it divides a squared distance: compare the units.")
def lengthscale_not_squared():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        sq = (X1[:, None] - X2[None]).pow(2).sum(-1)
        return outputscale * torch.exp(-0.5 * sq / lengthscale)

    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        return outputscale * torch.exp(-2 * torch.sin(math.pi * (X1 - X2.T) / period) ** 2 / lengthscale)


@misconception("kernels", "Your RBF kernel lacks the 1/2 in its exponent.")
def half_missing():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        sq = (X1[:, None] - X2[None]).pow(2).sum(-1)
        return outputscale * torch.exp(-sq / lengthscale**2)


@misconception(
    "kernels", "Your RBF kernel uses the distance where its square is meant: k has a cusp at zero then, and is no RBF."
)
def distance_not_squared():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        return outputscale * torch.exp(-0.5 * torch.cdist(X1, X2) / lengthscale**2)


@misconception("kernels", "You square the outputscale. It is a variance already: k(x, x) is the outputscale itself.")
def outputscale_squared():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        sq = (X1[:, None] - X2[None]).pow(2).sum(-1)
        return outputscale**2 * torch.exp(-0.5 * sq / lengthscale**2)

    def matern_kernel(X1, X2, lengthscale, outputscale, nu):
        s = math.sqrt(2 * nu) * torch.linalg.vector_norm(X1[:, None] - X2[None], dim=-1) / lengthscale
        return outputscale**2 * {0.5: 1, 1.5: 1 + s, 2.5: 1 + s + s**2 / 3}[nu] * torch.exp(-s)

    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        return outputscale**2 * torch.exp(-2 * torch.sin(math.pi * (X1 - X2.T) / period) ** 2 / lengthscale**2)


@misconception("kernels", "A kernel without the outputscale has the variance 1 everywhere.")
def outputscale_missing():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        sq = (X1[:, None] - X2[None]).pow(2).sum(-1)
        return torch.exp(-0.5 * sq / lengthscale**2)

    def matern_kernel(X1, X2, lengthscale, outputscale, nu):
        s = math.sqrt(2 * nu) * torch.linalg.vector_norm(X1[:, None] - X2[None], dim=-1) / lengthscale
        return {0.5: 1, 1.5: 1 + s, 2.5: 1 + s + s**2 / 3}[nu] * torch.exp(-s)

    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        return torch.exp(-2 * torch.sin(math.pi * (X1 - X2.T) / period) ** 2 / lengthscale**2)


@misconception(
    "kernels", "The distances of your Matern kernel lack their factor √(2ν) in the polynomial, in the exponent or both."
)
def matern_without_its_root():
    def matern_kernel(X1, X2, lengthscale, outputscale, nu):
        s = torch.cdist(X1, X2) / lengthscale
        return outputscale * {0.5: 1, 1.5: 1 + s, 2.5: 1 + s + s**2 / 3}[nu] * torch.exp(-s)


@misconception(
    "kernels",
    "Look again at the quadratic term of your Matern kernel for ν = 2.5: is it s²/3, with the same s as elsewhere?",
)
def matern_quadratic_term():
    def matern_kernel(X1, X2, lengthscale, outputscale, nu):
        r = torch.cdist(X1, X2) / lengthscale
        if nu == 0.5:
            return outputscale * torch.exp(-r)
        if nu == 1.5:
            return outputscale * (1 + 3**0.5 * r) * torch.exp(-(3**0.5) * r)
        return outputscale * (1 + 5**0.5 * r + r**2 / 3) * torch.exp(-(5**0.5) * r)


@misconception(
    "kernels",
    "The square of a distance, computed as |x|² − 2x·x′ + |x′|², can come out slightly negative, and its root is NaN "
    "then. A Matern kernel needs the root.",
)
def root_of_a_negative_number():
    def matern_kernel(X1, X2, lengthscale, outputscale, nu):
        sq = (X1**2).sum(1)[:, None] + (X2**2).sum(1)[None] - 2 * X1 @ X2.T
        s = math.sqrt(2 * nu) * torch.sqrt(sq) / lengthscale
        return outputscale * {0.5: 1, 1.5: 1 + s, 2.5: 1 + s + s**2 / 3}[nu] * torch.exp(-s)


@misconception("kernels", "The sine of your periodic kernel is not squared, so that it can be negative.")
def sine_not_squared():
    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        return outputscale * torch.exp(-2 * torch.sin(math.pi * torch.abs(X1 - X2.T) / period) / lengthscale**2)


@misconception(
    "kernels", "Your periodic kernel repeats after half the period that it was given: after how much does sin² repeat?"
)
def twice_the_frequency():
    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        return outputscale * torch.exp(-2 * torch.sin(2 * math.pi * (X1 - X2.T) / period) ** 2 / lengthscale**2)


@misconception("kernels", "Your periodic kernel has another factor in its exponent than 2.")
def periodic_factor():
    def periodic_kernel(X1, X2, lengthscale, outputscale, period):
        return outputscale * torch.exp(-0.5 * torch.sin(math.pi * (X1 - X2.T) / period) ** 2 / lengthscale**2)


@misconception("kernels", "Your linear kernel centers one of its two inputs only.")
def one_input_centered():
    def linear_kernel(X1, X2, variance, bias_variance, center):
        return bias_variance + variance * (X1 - center) @ X2.T


@misconception("kernels", "Your linear kernel squares its variances, as if they were standard deviations.")
def variances_squared():
    def linear_kernel(X1, X2, variance, bias_variance, center):
        return bias_variance**2 + variance**2 * (X1 - center) @ (X2 - center).T


@misconception("kernels", "Your linear kernel has no bias: at the center every function would be 0.")
def bias_missing():
    def linear_kernel(X1, X2, variance, bias_variance, center):
        return variance * (X1 - center) @ (X2 - center).T


@misconception("kernels", "Your bias variance is inside the product with the variance, or scaled with it.")
def bias_scaled():
    def linear_kernel(X1, X2, variance, bias_variance, center):
        return variance * (bias_variance + (X1 - center) @ (X2 - center).T)


@misconception("kernels", "You average the squared differences over the features. A distance is their sum.")
def mean_over_features():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        sq = (X1[:, None] - X2[None]).pow(2).mean(-1)
        return outputscale * torch.exp(-0.5 * sq / lengthscale**2)


@misconception("kernels", "Your kernel matrix has the transposed shape: its rows belong to X1, its columns to X2.")
def transposed():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        sq = (X2[:, None] - X1[None]).pow(2).sum(-1)
        return outputscale * torch.exp(-0.5 * sq / lengthscale**2)


@misconception("kernels", "GPyTorch's kernels are not for this exercise: write the formulas yourself.")
def from_gpytorch():
    def rbf_kernel(X1, X2, lengthscale, outputscale):
        kernel = gpytorch.kernels.RBFKernel().double().initialize(lengthscale=lengthscale)
        return outputscale * kernel(X1, X2).to_dense().detach()
