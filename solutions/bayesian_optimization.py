"""Reference solutions of the assignment ``bayesian_optimization``: maximize f with as few evaluations as possible.

All loops do the same three things until the budget is spent: fit a Gaussian process to what was seen so far, ask an
acquisition function where the next evaluation promises most, and evaluate there.

Sources: Jones, Schonlau & Welch, "Efficient Global Optimization of Expensive Black-Box Functions" (1998);
Srinivas, Krause, Kakade & Seeger, "Gaussian Process Optimization in the Bandit Setting" (2010); Ament et al.,
"Unexpected Improvements to Expected Improvement for Bayesian Optimization" (2023); Frazier, "A Tutorial on Bayesian
Optimization" (2018); Bergstra & Bengio, "Random Search for Hyper-Parameter Optimization" (2012).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from botorch.acquisition import LogExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms import Normalize, Standardize
from botorch.optim import optimize_acqf
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch.quasirandom import SobolEngine

Objective = Callable[[torch.Tensor], float]


def expected_improvement(mean: torch.Tensor, std: torch.Tensor, best_f: float) -> torch.Tensor:
    """E[max(f - best_f, 0)] for f ~ N(mean, std^2), elementwise; max(mean - best_f, 0) where std = 0.

    With gain = mean - best_f, z = gain / std and f = mean + std * e for a standard normal e, the improvement is
    positive where e > -z, so

        EI = int_{-z}^inf (gain + std e) phi(e) de = gain Phi(z) + std phi(z),

    because -phi is an antiderivative of e phi(e), and phi is even (Jones et al. 1998, equation 15).
    """
    gain = mean - best_f
    uncertain = std > 0
    scale = torch.where(uncertain, std, torch.ones_like(std))
    z = gain / scale
    density = torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    value = gain * torch.special.ndtr(z) + scale * density
    return torch.where(uncertain, value, gain).clamp_min(0.0)


def log_expected_improvement(mean: torch.Tensor, std: torch.Tensor, best_f: float) -> torch.Tensor:
    """log EI for std > 0, elementwise, also where EI itself underflows.

    EI = std h(z) with h(z) = phi(z) + z Phi(z). Far below the best, h is the small difference of two tiny numbers:
    phi(z) underflows at z = -39, and long before the subtraction has eaten all digits. Take phi out,

        log h(z) = log phi(z) + log(1 + z Phi(z) / phi(z)),    Phi(z) / phi(z) = sqrt(pi/2) erfcx(-z / sqrt 2),

    where erfcx(t) = exp(t^2) erfc(t) neither under- nor overflows for t > 0. Since Phi(z) / phi(z) = -1/z + 1/z^3 -
    3/z^5 + ..., the second logarithm is that of 1/z^2 - 3/z^4 + ..., which is more than 1 / (z^2 + 3). Taken as it
    stands it loses about z^2 units of rounding: below -1e7 nothing is left of it, and the bound, which is then exact,
    keeps it finite (Ament et al. 2023, equation 9, switch to the limit 1/z^2).
    """
    z = (mean - best_f) / std
    log_density = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)
    near = z.clamp_min(-1.0)
    log_near = torch.log(torch.exp(-0.5 * near**2) / math.sqrt(2 * math.pi) + near * torch.special.ndtr(near))
    tail = z.clamp_max(-1.0)
    rest = 1 + tail * math.sqrt(math.pi / 2) * torch.special.erfcx(-tail / math.sqrt(2))
    log_tail = log_density + torch.log(torch.maximum(rest, 1 / (tail**2 + 3)))
    return torch.log(std) + torch.where(z > -1.0, log_near, log_tail)


def probability_of_improvement(mean: torch.Tensor, std: torch.Tensor, best_f: float) -> torch.Tensor:
    """P(f > best_f) for f ~ N(mean, std^2), elementwise: Phi(z). Where std = 0: 1 if mean > best_f, else 0."""
    gain = mean - best_f
    uncertain = std > 0
    z = gain / torch.where(uncertain, std, torch.ones_like(std))
    return torch.where(uncertain, torch.special.ndtr(z), (gain > 0).to(mean))


def upper_confidence_bound(mean: torch.Tensor, std: torch.Tensor, beta: float) -> torch.Tensor:
    """Mean + sqrt(beta) * std, elementwise (Srinivas et al. 2010, equation 6)."""
    return mean + beta**0.5 * std


def random_search(f: Objective, bounds: torch.Tensor, n_evals: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Evaluate f at n_evals independent uniform points of the box bounds (2, d); return (X (n_evals, d), y (n_evals,)).

    If a share q of the box is good enough, n evaluations miss it with probability (1 - q)^n, whatever the dimension
    and however f looks.
    """
    low, high = bounds
    X = low + (high - low) * torch.rand(n_evals, bounds.shape[1], dtype=bounds.dtype)
    y = torch.tensor([float(f(x)) for x in X], dtype=bounds.dtype)
    return X, y


def grid_search(f: Objective, bounds: torch.Tensor, points_per_axis: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Evaluate f on the regular grid of points_per_axis points on each axis, both ends included.

    Returns (X (n, d), y (n,)) with n = points_per_axis ** d.
    """
    axes = [torch.linspace(float(a), float(b), points_per_axis, dtype=bounds.dtype) for a, b in bounds.T]
    X = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, bounds.shape[1])
    y = torch.tensor([float(f(x)) for x in X], dtype=bounds.dtype)
    return X, y


def gp_loop(
    f: Objective, bounds: torch.Tensor, n_init: int, n_iter: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Maximize f by Bayesian optimization from our own pieces; return (X (n, d), y (n,)), n = n_init + n_iter.

    Inputs live in the unit cube, values are standardized, so that one surrogate does for any problem: a Gaussian
    process with an RBF kernel of variance 1 and a length scale of a quarter of the cube's side. The next point is that
    of the highest expected improvement among candidates: some all over the box, and some close to the best point so
    far, so that the search can become finer than the distance between the former.
    """
    generator = torch.Generator().manual_seed(seed)
    low, high = bounds
    d = bounds.shape[1]

    def covariance(A: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
        return torch.exp(-8 * torch.cdist(A, B).square())  # 8 = 1 / (2 * 0.25**2)

    def posterior(U: torch.Tensor, t: torch.Tensor, C: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        L = torch.linalg.cholesky(covariance(U, U) + 1e-6 * torch.eye(len(U), dtype=U.dtype))
        A = torch.linalg.solve_triangular(L, covariance(U, C), upper=False)
        mean = A.T @ torch.linalg.solve_triangular(L, t[:, None], upper=False)
        return mean.flatten(), (1 - A.square().sum(dim=0)).sqrt()

    U = torch.rand(n_init, d, generator=generator, dtype=bounds.dtype)
    y = torch.tensor([float(f(low + (high - low) * u)) for u in U], dtype=bounds.dtype)
    for _ in range(n_iter):
        t = (y - y.mean()) / y.std(correction=0)
        everywhere, nearness = torch.rand(1000, d + 1, generator=generator, dtype=bounds.dtype).split([d, 1], dim=1)
        closer = U[t.argmax()].lerp(everywhere, nearness**d)
        candidates = torch.cat([everywhere, closer])
        mean, std = posterior(U, t, candidates)
        u = candidates[log_expected_improvement(mean, std, float(t.max())).argmax()]
        U = torch.cat([U, u[None]])
        y = torch.cat([y, torch.tensor([float(f(low + (high - low) * u))], dtype=bounds.dtype)])
    return low + (high - low) * U, y


def botorch_loop(
    f: Objective, bounds: torch.Tensor, n_init: int, n_iter: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Maximize f by Bayesian optimization with BoTorch; return (X (n, d), y (n, 1)), n = n_init + n_iter.

    A scrambled Sobol design, then at each step: a ``SingleTaskGP`` on normalized inputs and standardized outputs, its
    hyperparameters by maximum a posteriori, the log expected improvement over the best value so far, and its maximum by
    gradient ascent from several starts. The noise is a hyperparameter too, so that f may be noisy.

    ``Standardize`` gives predictions in the units of y, so ``best_f`` is in the units of y as well.

    Everything random in a step comes from torch's global generator, which is seeded here and restored afterwards.
    """
    low, high = bounds
    d = bounds.shape[1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        design = SobolEngine(d, scramble=True, seed=seed).draw(n_init, dtype=bounds.dtype)
        X = low + (high - low) * design
        y = torch.tensor([[float(f(x))] for x in X], dtype=bounds.dtype)
        for _ in range(n_iter):
            model = SingleTaskGP(X, y, input_transform=Normalize(d, bounds=bounds), outcome_transform=Standardize(m=1))
            fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
            acquisition = LogExpectedImprovement(model, best_f=y.max())
            x, _ = optimize_acqf(acquisition, bounds, q=1, num_restarts=4, raw_samples=64)
            x = torch.minimum(torch.maximum(x, low), high)
            X = torch.cat([X, x])
            y = torch.cat([y, torch.tensor([[float(f(x[0]))]], dtype=bounds.dtype)])
    return X, y


def tune_network(
    objective: Callable[[dict[str, Any]], float], space: dict[str, tuple[Any, ...]], n_trials: int, seed: int
) -> tuple[dict[str, Any], list[tuple[dict[str, Any], float]]]:
    """Maximize objective(config) in n_trials trials; return (best_config, history of n_trials (config, value)).

    Each parameter is one axis of the unit cube, in which ``botorch_loop`` searches:

        ("float", low, high, "linear")   low + u (high - low)
        ("float", low, high, "log")      low (high / low)^u
        ("int", low, high)               low + floor(u (high - low + 1)), at most high

    so that equal pieces of the axis are equal steps, equal ratios, or the integers with equal shares, both ends
    included.
    """

    def configuration(u: torch.Tensor) -> dict[str, Any]:
        config: dict[str, Any] = {}
        for share, (name, (kind, low, high, *scale)) in zip(u.tolist(), space.items(), strict=True):
            if kind == "int":
                config[name] = min(low + math.floor(share * (high - low + 1)), high)
            elif scale == ["log"]:
                config[name] = min(max(low * (high / low) ** share, low), high)
            else:
                config[name] = min(max(low + share * (high - low), low), high)
        return config

    history: list[tuple[dict[str, Any], float]] = []

    def value_at(u: torch.Tensor) -> float:
        config = configuration(u)
        value = float(objective(dict(config)))
        history.append((config, value))
        return value

    cube = torch.tensor([[0.0] * len(space), [1.0] * len(space)], dtype=torch.float64)
    n_init = min(n_trials, 6)
    botorch_loop(value_at, cube, n_init, n_trials - n_init, seed)
    best_config, _ = max(history, key=lambda trial: trial[1])
    return best_config, history
