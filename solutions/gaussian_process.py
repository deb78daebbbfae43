"""Reference solutions of the assignment ``gaussian_process``: from one Gaussian to a network that feeds a GP.

A Gaussian process is a Gaussian distribution over functions: the values at any finite set of inputs are jointly
Gaussian, with covariances given by a kernel. Everything in the first five exercises is therefore one formula, the
conditional of a Gaussian, computed in a way that survives rounding. The last two leave the linear algebra to GPyTorch
and ask for what is learned: the parameters of the kernel, by maximizing the marginal likelihood.

Sources: Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), cited as RW; Bishop, "Pattern
Recognition and Machine Learning" (2006), section 2.3; Wilson, Hu, Salakhutdinov & Xing, "Deep Kernel Learning" (2016);
Ober, Rasmussen & van der Wilk, "The Promises and Pitfalls of Deep Kernel Learning" (2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import gpytorch
import torch
from torch import nn


def rbf_kernel(X1: torch.Tensor, X2: torch.Tensor, lengthscale: float, outputscale: float) -> torch.Tensor:
    """Squared exponential kernel of X1 (n, d) and X2 (m, d) (RW eq. 4.9).

        k(x, x') = outputscale * exp(-|x - x'|^2 / (2 lengthscale^2))

    The outputscale is a variance, k(x, x). The differences are formed before they are squared: |x|^2 - 2 x.x' + |x'|^2
    is faster for many features, but cancels for inputs far from the origin.

    Returns (n, m).
    """
    squared_distance = (X1[:, None, :] - X2[None, :, :]).square().sum(dim=-1)
    return outputscale * torch.exp(-0.5 * squared_distance / lengthscale**2)


def matern_kernel(
    X1: torch.Tensor, X2: torch.Tensor, lengthscale: float, outputscale: float, nu: float
) -> torch.Tensor:
    """Matern kernel of X1 (n, d) and X2 (m, d) for nu = 0.5, 1.5 or 2.5 (RW eq. 4.17).

    With s = sqrt(2 nu) |x - x'| / lengthscale,

        nu = 0.5    outputscale * exp(-s)
        nu = 1.5    outputscale * (1 + s) exp(-s)
        nu = 2.5    outputscale * (1 + s + s^2 / 3) exp(-s)

    For nu = p + 1/2 the general form, with its Bessel function, is a polynomial of degree p times exp(-s). Functions
    drawn from it have p derivatives. The distance is not its square, so it has to be a true root: of a number that
    rounding has made negative it would be NaN.

    Returns (n, m). Raises ValueError for another nu.
    """
    s = math.sqrt(2 * nu) * torch.linalg.vector_norm(X1[:, None, :] - X2[None, :, :], dim=-1) / lengthscale
    if nu == 0.5:
        polynomial = torch.ones_like(s)
    elif nu == 1.5:
        polynomial = 1 + s
    elif nu == 2.5:
        polynomial = 1 + s + s.square() / 3
    else:
        raise ValueError(f"nu must be 0.5, 1.5 or 2.5, but got {nu}")
    return outputscale * polynomial * torch.exp(-s)


def periodic_kernel(
    X1: torch.Tensor, X2: torch.Tensor, lengthscale: float, outputscale: float, period: float
) -> torch.Tensor:
    """Periodic kernel of X1 (n, 1) and X2 (m, 1) (MacKay 1998; RW eq. 4.31).

        k(x, x') = outputscale * exp(-2 sin^2(pi |x - x'| / period) / lengthscale^2)

    It is the squared exponential kernel of (cos t, sin t) with t = 2 pi x / period: two points of the circle at an
    angle t - t' are 2 |sin((t - t') / 2)| apart, whose square over 2 lengthscale^2 is the exponent.

    Returns (n, m).
    """
    half_angle = math.pi * (X1 - X2.T) / period
    return outputscale * torch.exp(-2 * torch.sin(half_angle).square() / lengthscale**2)


def linear_kernel(
    X1: torch.Tensor, X2: torch.Tensor, variance: float, bias_variance: float, center: float | torch.Tensor
) -> torch.Tensor:
    """Linear kernel of X1 (n, d) and X2 (m, d) (RW section 4.2.2).

        k(x, x') = bias_variance + variance * (x - c) . (x' - c)

    This is the covariance of f(x) = b + w . (x - c) with independent b ~ N(0, bias_variance) and w_j ~ N(0, variance):
    Bayesian linear regression.

    Returns (n, m).
    """
    return bias_variance + variance * (X1 - center) @ (X2 - center).T


def condition_gaussian(
    mean: torch.Tensor, cov: torch.Tensor, index: Sequence[int], value: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Condition N(mean (n,), cov (n, n)) on x[index] = value (Bishop, eq. 2.81 and 2.82).

    Let o be the observed coordinates and r the rest. Choose A such that x_r - A x_o is uncorrelated with x_o:

        cov(x_r - A x_o, x_o) = S_ro - A S_oo = 0        so A = S_ro S_oo^-1.

    Uncorrelated parts of a Gaussian are independent, so observing x_o tells nothing about x_r - A x_o. Hence x_r =
    (x_r - A x_o) + A x_o has, given x_o = v,

        mean  mu_r - A mu_o + A v = mu_r + A (v - mu_o)
        cov   S_rr - A S_or,

    where the covariance does not depend on v.

    Returns (mean (r,), cov (r, r)) of the rest, in its original order.
    """
    rest = [i for i in range(len(mean)) if i not in index]
    cov_or = cov[index][:, rest]
    gain = torch.linalg.solve(cov[index][:, index], cov_or).T
    return mean[rest] + gain @ (value - mean[index]), cov[rest][:, rest] - gain @ cov_or


def gp_posterior(
    X: torch.Tensor,
    y: torch.Tensor,
    X_star: torch.Tensor,
    kernel: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    noise: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Posterior of the latent f at X_star (m, d), given y = f(X) + e, e ~ N(0, noise) (RW eq. 2.23 and 2.24, alg. 2.1).

    y (n,) and f(X_star) are jointly Gaussian with mean 0 and covariances

        cov(y, y) = K + noise I        cov(y, f*) = K*        cov(f*, f*) = K**

    with K = k(X, X), K* = k(X, X_star), K** = k(X_star, X_star). The noise is in cov(y, y) alone: each observation has
    its own error, which f does not contain, also where X_star happens to lie on X. Conditioning gives

        mean = K*^T (K + noise I)^-1 y        cov = K** - K*^T (K + noise I)^-1 K*.

    With the Cholesky factor K + noise I = L L^T the second term is V^T V with V = L^-1 K*: symmetric by construction,
    and never formed from an inverse. The noise bounds the condition number by 1 + n k(x, x) / noise, also where two
    inputs coincide and K itself is singular. What rounding leaves below zero on the diagonal is set to zero.

    Returns (mean (m,), cov (m, m)).
    """
    A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype, device=X.device)
    K_star = kernel(X, X_star)
    L = torch.linalg.cholesky(A)
    mean = K_star.T @ torch.cholesky_solve(y.reshape(-1, 1), L)
    V = torch.linalg.solve_triangular(L, K_star, upper=False)
    cov = kernel(X_star, X_star) - V.T @ V
    cov = (cov + cov.T) / 2
    cov.diagonal().clamp_(min=0.0)
    return mean.flatten(), cov


def log_marginal_likelihood(
    X: torch.Tensor,
    y: torch.Tensor,
    kernel: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    noise: float,
) -> torch.Tensor:
    """Log density of y (n,) under N(0, K + noise I) (RW eq. 2.30).

        log p(y | X) = -1/2 y^T (K + noise I)^-1 y - 1/2 log det(K + noise I) - n/2 log 2 pi

    det is a product of n eigenvalues: of 500 numbers around 0.01 it is 1e-1000, and 0 in float64. The logarithm of a
    product is the sum of the logarithms: with K + noise I = L L^T, log det = 2 sum_i log L_ii.

    Returns a tensor without axes.
    """
    A = kernel(X, X) + noise * torch.eye(len(X), dtype=X.dtype, device=X.device)
    L = torch.linalg.cholesky(A)
    whitened = torch.linalg.solve_triangular(L, y.reshape(-1, 1), upper=False)
    return -0.5 * whitened.square().sum() - L.diagonal().log().sum() - 0.5 * len(X) * math.log(2 * math.pi)


def sample_posterior(mean: torch.Tensor, cov: torch.Tensor, n_samples: int) -> torch.Tensor:
    """Draw n_samples vectors from N(mean (m,), cov (m, m)), also for a singular covariance.

    If z ~ N(0, I), then mean + R z ~ N(mean, R R^T), so any R with R R^T = cov will do. Cholesky's factor needs a
    positive definite matrix. With the eigenvectors Q of cov = Q diag(w) Q^T the root R = Q diag(sqrt(w)) needs w >= 0
    only, and what rounding has put below zero is set to zero: that changes cov by no more than rounding had.

    Returns (n_samples, m).
    """
    eigenvalues, eigenvectors = torch.linalg.eigh(cov)
    root = eigenvectors * eigenvalues.clamp(min=0.0).sqrt()
    z = torch.randn(n_samples, len(mean), dtype=mean.dtype, device=mean.device)
    return mean + z @ root.T


class ScaledRBF(gpytorch.models.ExactGP):
    """A GP with a constant mean and a scaled RBF kernel, whose parameters are learned."""

    def __init__(self, X: torch.Tensor, y: torch.Tensor, likelihood: gpytorch.likelihoods.GaussianLikelihood) -> None:
        """Keep the observations X (n, d), y (n,), and start from the scale of the data.

        The marginal likelihood has more than one optimum, and a step of Adam is of a fixed size: mean and variance of
        y, and the spread of X, are a fair guess whatever the units are.
        """
        super().__init__(X, y, likelihood)
        self.mean_module = gpytorch.means.ConstantMean()
        self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())
        self.to(X)
        self.mean_module.initialize(constant=y.mean())
        self.covar_module.initialize(outputscale=y.var())
        self.covar_module.base_kernel.initialize(lengthscale=X.std())
        likelihood.to(X).initialize(noise=y.var().clamp_min(2e-4))

    def forward(self, X: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
        """The prior at X (n, d)."""
        return gpytorch.distributions.MultivariateNormal(self.mean_module(X), self.covar_module(X))


def fit_exact_gp(X: torch.Tensor, y: torch.Tensor, n_steps: int) -> Any:
    """Fit mean, outputscale, lengthscale and noise to X (n, d), y (n,) by n_steps steps of Adam.

    The loss is the negative log marginal likelihood. (GPyTorch divides it by n, which changes no optimum.)

    Returns the model, in train mode; it holds its likelihood.
    """
    y = y.reshape(-1)
    likelihood = gpytorch.likelihoods.GaussianLikelihood()
    model = ScaledRBF(X, y, likelihood)
    log_likelihood = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model.train()
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = -log_likelihood(model(X), y)
        loss.backward()
        optimizer.step()
    return model


def predict_exact_gp(model: Any, X_star: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance of a new observation at each row of X_star (m, d).

    The model gives the posterior of f; its likelihood adds the variance of the noise. In eval mode the model answers
    with the posterior; in train mode it would give the prior, at the training inputs alone.

    Returns (mean (m,), variance (m,)).
    """
    model.eval()
    with torch.no_grad():
        prediction = model.likelihood(model(X_star))
    return prediction.mean, prediction.variance


class DeepKernel(gpytorch.models.ExactGP):
    """A GP whose kernel sees the features that a network computes from the inputs."""

    def __init__(self, X: torch.Tensor, y: torch.Tensor, likelihood: gpytorch.likelihoods.GaussianLikelihood) -> None:
        """Keep the observations X (n, d), y (n,); the network maps an input to two features.

        Mean and variance start from those of y, so that they fit whatever its units are.
        """
        super().__init__(X, y, likelihood)
        self.network = nn.Sequential(
            nn.Linear(X.shape[1], 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2)
        )
        self.mean_module = gpytorch.means.ConstantMean()
        self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())
        self.to(X)
        self.mean_module.initialize(constant=y.mean())
        self.covar_module.initialize(outputscale=y.var())
        likelihood.to(X).initialize(noise=y.var().clamp_min(2e-4))

    def forward(self, X: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
        """The prior at X (n, d)."""
        features = self.network(X)
        return gpytorch.distributions.MultivariateNormal(self.mean_module(X), self.covar_module(features))


def fit_deep_kernel(X: torch.Tensor, y: torch.Tensor, n_steps: int) -> Any:
    """Train the network and the GP together on the marginal likelihood of X (n, d), y (n,), for n_steps steps of Adam.

    The error at the training points would be no loss to train on: a GP with hardly any noise goes through all points,
    whatever its features are, so that the error is 0 (1e-13 in practice) and has no gradient. The marginal likelihood
    asks how probable these values were before they were seen: it pays for the fit, and for the volume of all the
    functions that would have fitted other data as well (the determinant).

    Returns the model, in train mode; it holds its likelihood.
    """
    y = y.reshape(-1)
    likelihood = gpytorch.likelihoods.GaussianLikelihood()
    model = DeepKernel(X, y, likelihood)
    log_likelihood = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    model.train()
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = -log_likelihood(model(X), y)
        loss.backward()
        optimizer.step()
    return model


def predict_deep_kernel(model: Any, X_star: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance of a new observation at each row of X_star (m, d).

    Returns (mean (m,), variance (m,)).
    """
    model.eval()
    with torch.no_grad():
        prediction = model.likelihood(model(X_star))
    return prediction.mean, prediction.variance
