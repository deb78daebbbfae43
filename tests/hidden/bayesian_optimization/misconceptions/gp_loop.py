"""Wrong solutions of ``gp_loop``, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import torch

from autograder.suite import misconception


@misconception(
    "gp_loop",
    "You choose the candidate with the smallest acquisition value, or the model of -f: your loop runs away from the "
    "maximum.",
)
def runs_away():
    def gp_loop(f, bounds, n_init, n_iter, seed):
        generator = torch.Generator().manual_seed(seed)
        low, width = bounds[0], bounds[1] - bounds[0]
        U = torch.rand(n_init, len(low), generator=generator, dtype=torch.float64)
        y = torch.tensor([f(low + width * u) for u in U], dtype=torch.float64)
        for _ in range(n_iter):
            t = -(y - y.mean()) / y.std()
            K = torch.exp(-0.5 * torch.cdist(U, U).square() / 0.3**2) + 1e-6 * torch.eye(len(U))
            C = torch.rand(1000, len(low), generator=generator, dtype=torch.float64)
            k = torch.exp(-0.5 * torch.cdist(C, U).square() / 0.3**2)
            var = 1 - (k * torch.linalg.solve(K, k.T).T).sum(dim=1)
            ei = expected_improvement(k @ torch.linalg.solve(K, t), var.clamp_min(1e-12).sqrt(), t.max().item())
            u = C[ei.argmax()]
            U, y = torch.vstack([U, u]), torch.cat([y, torch.tensor([f(low + width * u)], dtype=torch.float64)])
        return low + width * U, y


@misconception(
    "gp_loop",
    "Your points do not depend on the values: each one is drawn from the random generator. That is random search.",
)
def random_points():
    def gp_loop(f, bounds, n_init, n_iter, seed):
        torch.manual_seed(seed)
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_init + n_iter, bounds.shape[1], dtype=torch.float64)
        return X, torch.tensor([f(x) for x in X], dtype=torch.float64)


@misconception(
    "gp_loop",
    "Your model knows the initial points only: what is evaluated later is stored, but never put into the posterior.",
)
def model_of_the_initial_points():
    def gp_loop(f, bounds, n_init, n_iter, seed):
        generator = torch.Generator().manual_seed(seed)
        low, width = bounds[0], bounds[1] - bounds[0]
        U = torch.rand(n_init, len(low), generator=generator, dtype=torch.float64)
        y = torch.tensor([f(low + width * u) for u in U], dtype=torch.float64)
        V, t = U.clone(), (y - y.mean()) / y.std()
        K = torch.exp(-0.5 * torch.cdist(V, V).square() / 0.3**2) + 1e-6 * torch.eye(len(V))
        for _ in range(n_iter):
            C = torch.rand(1000, len(low), generator=generator, dtype=torch.float64)
            k = torch.exp(-0.5 * torch.cdist(C, V).square() / 0.3**2)
            var = 1 - (k * torch.linalg.solve(K, k.T).T).sum(dim=1)
            ei = expected_improvement(k @ torch.linalg.solve(K, t), var.clamp_min(1e-12).sqrt(), t.max().item())
            u = C[ei.argmax()]
            U, y = torch.vstack([U, u]), torch.cat([y, torch.tensor([f(low + width * u)], dtype=torch.float64)])
        return low + width * U, y


@misconception(
    "gp_loop",
    "Candidates around the best point may lie outside the box: nothing keeps yours within the bounds.",
)
def candidates_beyond_the_bounds():
    def gp_loop(f, bounds, n_init, n_iter, seed):
        generator = torch.Generator().manual_seed(seed)
        low, width = bounds[0], bounds[1] - bounds[0]
        U = torch.rand(n_init, len(low), generator=generator, dtype=torch.float64)
        y = torch.tensor([f(low + width * u) for u in U], dtype=torch.float64)
        for _ in range(n_iter):
            t = (y - y.mean()) / y.std()
            K = torch.exp(-0.5 * torch.cdist(U, U).square() / 0.3**2) + 1e-6 * torch.eye(len(U))
            C = U[t.argmax()] + 0.3 * torch.randn(1000, len(low), generator=generator, dtype=torch.float64)
            k = torch.exp(-0.5 * torch.cdist(C, U).square() / 0.3**2)
            var = 1 - (k * torch.linalg.solve(K, k.T).T).sum(dim=1)
            ei = expected_improvement(k @ torch.linalg.solve(K, t), var.clamp_min(1e-12).sqrt(), t.max().item())
            u = C[ei.argmax()]
            U, y = torch.vstack([U, u]), torch.cat([y, torch.tensor([f(low + width * u)], dtype=torch.float64)])
        return low + width * U, y


@misconception(
    "gp_loop",
    "You return the best point and its value. What is asked for are all points and all values.",
)
def returns_the_best():
    def gp_loop(f, bounds, n_init, n_iter, seed):
        generator = torch.Generator().manual_seed(seed)
        low, width = bounds[0], bounds[1] - bounds[0]
        U = torch.rand(n_init, len(low), generator=generator, dtype=torch.float64)
        y = torch.tensor([f(low + width * u) for u in U], dtype=torch.float64)
        for _ in range(n_iter):
            t = (y - y.mean()) / y.std()
            K = torch.exp(-0.5 * torch.cdist(U, U).square() / 0.3**2) + 1e-6 * torch.eye(len(U))
            C = torch.rand(2000, len(low), generator=generator, dtype=torch.float64)
            k = torch.exp(-0.5 * torch.cdist(C, U).square() / 0.3**2)
            var = 1 - (k * torch.linalg.solve(K, k.T).T).sum(dim=1)
            ei = expected_improvement(k @ torch.linalg.solve(K, t), var.clamp_min(1e-12).sqrt(), t.max().item())
            u = C[ei.argmax()]
            U, y = torch.vstack([U, u]), torch.cat([y, torch.tensor([f(low + width * u)], dtype=torch.float64)])
        best = y.argmax()
        return (low + width * U)[best : best + 1], y[best : best + 1]


@misconception(
    "gp_loop",
    "You draw from torch's global generator and never use seed: no run can be repeated.",
)
def seed_left_aside():
    def gp_loop(f, bounds, n_init, n_iter, seed):
        low, width = bounds[0], bounds[1] - bounds[0]
        U = torch.rand(n_init, len(low), dtype=torch.float64)
        y = torch.tensor([f(low + width * u) for u in U], dtype=torch.float64)
        for _ in range(n_iter):
            t = (y - y.mean()) / y.std()
            K = torch.exp(-0.5 * torch.cdist(U, U).square() / 0.3**2) + 1e-6 * torch.eye(len(U))
            C = torch.rand(2000, len(low), dtype=torch.float64)
            k = torch.exp(-0.5 * torch.cdist(C, U).square() / 0.3**2)
            var = 1 - (k * torch.linalg.solve(K, k.T).T).sum(dim=1)
            ei = expected_improvement(k @ torch.linalg.solve(K, t), var.clamp_min(1e-12).sqrt(), t.max().item())
            u = C[ei.argmax()]
            U, y = torch.vstack([U, u]), torch.cat([y, torch.tensor([f(low + width * u)], dtype=torch.float64)])
        return low + width * U, y


@misconception(
    "gp_loop",
    "n_iter counts the steps after the initial points, not all evaluations: there are n_init + n_iter of them.",
)
def initial_points_counted_in():
    def gp_loop(f, bounds, n_init, n_iter, seed):
        generator = torch.Generator().manual_seed(seed)
        low, width = bounds[0], bounds[1] - bounds[0]
        U = torch.rand(n_init, len(low), generator=generator, dtype=torch.float64)
        y = torch.tensor([f(low + width * u) for u in U], dtype=torch.float64)
        for _ in range(n_init, n_iter):
            t = (y - y.mean()) / y.std()
            K = torch.exp(-0.5 * torch.cdist(U, U).square() / 0.3**2) + 1e-6 * torch.eye(len(U))
            C = torch.rand(2000, len(low), generator=generator, dtype=torch.float64)
            k = torch.exp(-0.5 * torch.cdist(C, U).square() / 0.3**2)
            var = 1 - (k * torch.linalg.solve(K, k.T).T).sum(dim=1)
            ei = expected_improvement(k @ torch.linalg.solve(K, t), var.clamp_min(1e-12).sqrt(), t.max().item())
            u = C[ei.argmax()]
            U, y = torch.vstack([U, u]), torch.cat([y, torch.tensor([f(low + width * u)], dtype=torch.float64)])
        return low + width * U, y
