"""Wrong solutions of ``botorch_loop``, each with a sentence for the student who made the mistake.

Those whose regret is large are run until the test gives them up. They stop their optimizers early, for the sake of
time.
"""

from __future__ import annotations

import torch

from autograder.suite import misconception


@misconception(
    "botorch_loop",
    "Your next point comes from the random generator, not from the acquisition function: the model is fitted and then "
    "not asked. That is random search.",
)
def random_search_in_disguise():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        generator = torch.Generator().manual_seed(seed)
        shares = torch.rand(n_init + n_iter, bounds.shape[1], generator=generator, dtype=torch.float64)
        X = bounds[0] + (bounds[1] - bounds[0]) * shares
        return X, torch.tensor([[f(x)] for x in X], dtype=torch.float64)


@misconception(
    "botorch_loop",
    "All your points come from one low-discrepancy sequence. It fills the box evenly, but it does not learn from the "
    "values: no model is asked, and the first point is the same for each seed.",
)
def sobol_points_only():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        shares = SobolEngine(bounds.shape[1]).draw(n_init + n_iter, dtype=torch.float64)
        X = bounds[0] + (bounds[1] - bounds[0]) * shares
        return X, torch.tensor([[f(x)] for x in X], dtype=torch.float64)


@misconception(
    "botorch_loop",
    "Your loop looks for small values of f: its incumbent is the smallest, and it asks how far below that one could "
    "get. This assignment maximizes.",
)
def minimizes():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        torch.manual_seed(seed)
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_init, bounds.shape[1], dtype=torch.float64)
        y = torch.tensor([[f(x)] for x in X], dtype=torch.float64)
        for _ in range(n_iter):
            gp = SingleTaskGP(X, y, input_transform=Normalize(X.shape[1]), outcome_transform=Standardize(1))
            mll = ExactMarginalLogLikelihood(gp.likelihood, gp)
            fit_gpytorch_mll(mll, optimizer_kwargs={"options": {"maxiter": 10}})
            acq = LogExpectedImprovement(gp, best_f=y.min(), maximize=False)
            x, _ = optimize_acqf(acq, bounds, q=1, num_restarts=1, raw_samples=8, options={"maxiter": 10})
            X, y = torch.cat([X, x]), torch.cat([y, torch.tensor([[f(x[0])]], dtype=torch.float64)])
        return X, y


@misconception(
    "botorch_loop",
    "Your model is trained on standardized values, but the incumbent best_f is a value of f as it came. Both must "
    "have one scale.",
)
def incumbent_as_it_came():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        torch.manual_seed(seed)
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_init, bounds.shape[1], dtype=torch.float64)
        y = torch.tensor([[f(x)] for x in X], dtype=torch.float64)
        for _ in range(n_iter):
            z = (y - y.mean()) / y.std()
            gp = SingleTaskGP(X, z, input_transform=Normalize(X.shape[1]), outcome_transform=None)
            mll = ExactMarginalLogLikelihood(gp.likelihood, gp)
            fit_gpytorch_mll(mll, optimizer_kwargs={"options": {"maxiter": 10}})
            acq = LogExpectedImprovement(gp, best_f=y.max())
            x, _ = optimize_acqf(acq, bounds, q=1, num_restarts=1, raw_samples=8, options={"maxiter": 10})
            X, y = torch.cat([X, x]), torch.cat([y, torch.tensor([[f(x[0])]], dtype=torch.float64)])
        return X, y


@misconception(
    "botorch_loop",
    "Your incumbent best_f is standardized, but the model's predictions are in the units of f: Standardize turns them "
    "back. Both must have one scale.",
)
def standardized_incumbent():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        torch.manual_seed(seed)
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_init, bounds.shape[1], dtype=torch.float64)
        y = torch.tensor([[f(x)] for x in X], dtype=torch.float64)
        for _ in range(n_iter):
            gp = SingleTaskGP(X, y, input_transform=Normalize(X.shape[1]), outcome_transform=Standardize(1))
            mll = ExactMarginalLogLikelihood(gp.likelihood, gp)
            fit_gpytorch_mll(mll, optimizer_kwargs={"options": {"maxiter": 10}})
            acq = LogExpectedImprovement(gp, best_f=((y - y.mean()) / y.std()).max())
            x, _ = optimize_acqf(acq, bounds, q=1, num_restarts=1, raw_samples=8, options={"maxiter": 10})
            X, y = torch.cat([X, x]), torch.cat([y, torch.tensor([[f(x[0])]], dtype=torch.float64)])
        return X, y


@misconception(
    "botorch_loop",
    "Your surrogate is fitted once, to the initial points, and never again. All that is evaluated later has to go into "
    "the model too.",
)
def never_refitted():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        torch.manual_seed(seed)
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_init, bounds.shape[1], dtype=torch.float64)
        y = torch.tensor([[f(x)] for x in X], dtype=torch.float64)
        gp = SingleTaskGP(X, y, input_transform=Normalize(X.shape[1]), outcome_transform=Standardize(1))
        fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
        acq = LogExpectedImprovement(gp, best_f=y.max())
        for _ in range(n_iter):
            x, _ = optimize_acqf(acq, bounds, q=1, num_restarts=1, raw_samples=8, options={"maxiter": 10})
            X, y = torch.cat([X, x]), torch.cat([y, torch.tensor([[f(x[0])]], dtype=torch.float64)])
        return X, y


@misconception(
    "botorch_loop",
    "n_iter counts the steps after the initial points, not all evaluations: there are n_init + n_iter of them.",
)
def initial_points_counted_in():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        torch.manual_seed(seed)
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_init, bounds.shape[1], dtype=torch.float64)
        y = torch.tensor([[f(x)] for x in X], dtype=torch.float64)
        for _ in range(n_init, n_iter):
            gp = SingleTaskGP(X, y, input_transform=Normalize(X.shape[1]), outcome_transform=Standardize(1))
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
            acq = LogExpectedImprovement(gp, best_f=y.max())
            x, _ = optimize_acqf(acq, bounds, q=1, num_restarts=1, raw_samples=8)
            X, y = torch.cat([X, x]), torch.cat([y, torch.tensor([[f(x[0])]], dtype=torch.float64)])
        return X, y


@misconception(
    "botorch_loop",
    "Your initial points follow the seed, but the starts of the acquisition's maximization do not: they come from "
    "torch's global generator, which you leave as it is.",
)
def only_the_initial_points_are_seeded():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        design = SobolEngine(bounds.shape[1], scramble=True, seed=seed).draw(n_init, dtype=torch.float64)
        X = bounds[0] + (bounds[1] - bounds[0]) * design
        y = torch.tensor([[f(x)] for x in X], dtype=torch.float64)
        for _ in range(n_iter):
            gp = SingleTaskGP(X, y, input_transform=Normalize(X.shape[1]), outcome_transform=Standardize(1))
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
            acq = LogExpectedImprovement(gp, best_f=y.max())
            x, _ = optimize_acqf(acq, bounds, q=1, num_restarts=4, raw_samples=32)
            X, y = torch.cat([X, x]), torch.cat([y, torch.tensor([[f(x[0])]], dtype=torch.float64)])
        return X, y


@misconception(
    "botorch_loop",
    "You set a seed of your own inside, so every run starts from the same points, whatever seed is handed in.",
)
def a_seed_of_its_own():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        torch.manual_seed(0)
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_init, bounds.shape[1], dtype=torch.float64)
        y = torch.tensor([[f(x)] for x in X], dtype=torch.float64)
        for _ in range(n_iter):
            gp = SingleTaskGP(X, y, input_transform=Normalize(X.shape[1]), outcome_transform=Standardize(1))
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
            acq = LogExpectedImprovement(gp, best_f=y.max())
            x, _ = optimize_acqf(acq, bounds, q=1, num_restarts=4, raw_samples=32)
            X, y = torch.cat([X, x]), torch.cat([y, torch.tensor([[f(x[0])]], dtype=torch.float64)])
        return X, y


@misconception(
    "botorch_loop",
    "Your model sees inputs and values in their own units, though its priors expect inputs in the unit cube and values "
    "with mean 0 and variance 1.",
)
def nothing_is_scaled():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        import warnings

        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_init, bounds.shape[1], dtype=torch.float64)
        y = torch.tensor([[f(x)] for x in X], dtype=torch.float64)
        for _ in range(n_iter):
            gp = SingleTaskGP(X, y, outcome_transform=None)
            mll = ExactMarginalLogLikelihood(gp.likelihood, gp)
            fit_gpytorch_mll(mll, optimizer_kwargs={"options": {"maxiter": 10}})
            acq = LogExpectedImprovement(gp, best_f=y.max())
            x, _ = optimize_acqf(acq, bounds, q=1, num_restarts=1, raw_samples=8, options={"maxiter": 10})
            X, y = torch.cat([X, x]), torch.cat([y, torch.tensor([[f(x[0])]], dtype=torch.float64)])
        return X, y


@misconception(
    "botorch_loop",
    "You return X in the coordinates of the unit cube in which you search, not in those of f.",
)
def returns_the_unit_cube():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        torch.manual_seed(seed)
        low, width = bounds[0], bounds[1] - bounds[0]
        cube = torch.stack([torch.zeros_like(low), torch.ones_like(low)])
        U = torch.rand(n_init, bounds.shape[1], dtype=torch.float64)
        y = torch.tensor([[f(low + width * u)] for u in U], dtype=torch.float64)
        for _ in range(n_iter):
            gp = SingleTaskGP(U, y, outcome_transform=Standardize(1))
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
            u, _ = optimize_acqf(LogExpectedImprovement(gp, y.max()), cube, q=1, num_restarts=2, raw_samples=16)
            U, y = torch.cat([U, u]), torch.cat([y, torch.tensor([[f(low + width * u[0])]], dtype=torch.float64)])
        return U, y
