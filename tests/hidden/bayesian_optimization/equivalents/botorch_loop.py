"""Right solutions of ``botorch_loop`` in other styles: none of them may lose a point."""

from __future__ import annotations

import torch

from autograder.suite import equivalent


@equivalent("botorch_loop")
def own_scaling():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        torch.manual_seed(seed)
        d = bounds.size(1)
        cube = torch.zeros(2, d, dtype=torch.double)
        cube[1] = 1.0

        def real(u):
            return bounds[0] + u * (bounds[1] - bounds[0])

        U = torch.rand(n_init, d, dtype=torch.double)
        y = torch.tensor([f(real(u)) for u in U], dtype=torch.double).unsqueeze(-1)
        while len(y) < n_init + n_iter:
            z = (y - y.mean()) / y.std()
            gp = SingleTaskGP(U, z)
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
            candidate, _ = optimize_acqf(
                LogExpectedImprovement(gp, z.max()), bounds=cube, q=1, num_restarts=2, raw_samples=20
            )
            U = torch.cat([U, candidate])
            y = torch.cat([y, torch.tensor([[f(real(candidate.squeeze(0)))]], dtype=torch.double)])
        return real(U), y


@equivalent("botorch_loop")
def scaling_left_to_the_defaults():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        from botorch.utils.sampling import draw_sobol_samples

        torch.manual_seed(seed)
        train_X = draw_sobol_samples(bounds=bounds, n=n_init, q=1, seed=seed).squeeze(1)
        train_Y = torch.tensor([[float(f(x))] for x in train_X]).double()
        for _ in range(n_iter):
            model = SingleTaskGP(train_X, train_Y, input_transform=Normalize(d=train_X.shape[-1]))
            mll = ExactMarginalLogLikelihood(model.likelihood, model)
            fit_gpytorch_mll(mll)
            new_x, _ = optimize_acqf(
                LogExpectedImprovement(model, best_f=train_Y.max()), bounds, q=1, num_restarts=10, raw_samples=100
            )
            new_y = torch.tensor(f(new_x[0]), dtype=train_X.dtype).reshape(1, 1)
            train_X, train_Y = torch.cat([train_X, new_x]), torch.cat([train_Y, new_y])
        return train_X, train_Y


@equivalent("botorch_loop")
def numpy_outside():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        import numpy as np

        rng = np.random.default_rng(seed)
        torch.manual_seed(seed)
        box = bounds.numpy()
        points = [rng.uniform(box[0], box[1]) for _ in range(n_init)]
        values = [f(p) for p in points]
        for _ in range(n_iter):
            X = torch.from_numpy(np.array(points))
            Y = torch.from_numpy(np.array(values)).view(-1, 1)
            gp = SingleTaskGP(X, Y, input_transform=Normalize(X.shape[1]), outcome_transform=Standardize(1))
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
            acq = LogExpectedImprovement(gp, Y.max())
            x = optimize_acqf(acq, bounds, 1, 3, 32)[0].numpy()[0]
            points.append(np.clip(x, box[0], box[1]))
            values.append(f(points[-1]))
        return np.array(points), np.array(values)


@equivalent("botorch_loop")
def upper_confidence_bound_in_a_loop():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        from botorch.acquisition import UpperConfidenceBound

        torch.manual_seed(seed)
        X = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(n_init, bounds.shape[1], dtype=torch.float64)
        y = torch.tensor([f(x) for x in X], dtype=torch.float64)
        for _ in range(n_iter):
            gp = SingleTaskGP(
                X, y[:, None], input_transform=Normalize(X.shape[1], bounds=bounds), outcome_transform=Standardize(1)
            )
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
            x, _ = optimize_acqf(UpperConfidenceBound(gp, beta=2.0), bounds, q=1, num_restarts=4, raw_samples=32)
            X, y = torch.vstack([X, x]), torch.hstack([y, torch.tensor(f(x[0])).double()])
        return X, y.unsqueeze(1)


@equivalent("botorch_loop")
def plain_expected_improvement():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        import warnings

        from botorch.acquisition import ExpectedImprovement

        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        sobol = torch.quasirandom.SobolEngine(bounds.shape[1], scramble=True, seed=seed)
        X = torch.lerp(bounds[0], bounds[1], sobol.draw(n_init).to(bounds))
        y = torch.stack([torch.as_tensor(f(x), dtype=torch.double).reshape(1) for x in X])
        for _ in range(n_iter):
            gp = SingleTaskGP(X, y, input_transform=Normalize(X.shape[-1]), outcome_transform=Standardize(m=1))
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
            x, _ = optimize_acqf(
                ExpectedImprovement(gp, best_f=y.max()), bounds=bounds, q=1, num_restarts=5, raw_samples=128
            )
            X = torch.cat((X, x))
            y = torch.cat((y, torch.tensor([[f(x.squeeze(0))]], dtype=torch.double)))
        return X, y


@equivalent("botorch_loop")
def latin_hypercube_and_noisy_improvement():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        from botorch.acquisition.logei import qLogNoisyExpectedImprovement
        from botorch.sampling import SobolQMCNormalSampler
        from scipy.stats import qmc

        torch.manual_seed(seed)
        design = qmc.LatinHypercube(d=bounds.shape[1], seed=seed).random(n_init)
        X = torch.as_tensor(qmc.scale(design, bounds[0], bounds[1]))
        y = torch.tensor([[f(x)] for x in X], dtype=torch.float64)
        for _ in range(n_iter):
            gp = SingleTaskGP(
                X, y, input_transform=Normalize(X.shape[1], bounds=bounds), outcome_transform=Standardize(1)
            )
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
            sampler = SobolQMCNormalSampler(torch.Size([64]), seed=seed)
            acq = qLogNoisyExpectedImprovement(gp, X_baseline=X, sampler=sampler)
            x, _ = optimize_acqf(acq, bounds, q=1, num_restarts=2, raw_samples=32)
            X, y = torch.cat([X, x]), torch.cat([y, torch.tensor([[f(x[0])]], dtype=torch.float64)])
        return X, y


@equivalent("botorch_loop")
def argmax_over_candidates():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        generator = torch.Generator().manual_seed(seed)
        low, width = bounds[0], bounds[1] - bounds[0]

        def draw(n):
            return low + width * torch.rand(n, len(low), generator=generator, dtype=torch.float64)

        X = draw(n_init)
        y = torch.tensor([[f(x)] for x in X], dtype=torch.float64)
        for _ in range(n_iter):
            gp = SingleTaskGP(X, y, input_transform=Normalize(X.shape[1], bounds=bounds))
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
            candidates = draw(2000)
            with torch.no_grad():
                score = LogExpectedImprovement(gp, best_f=y.max())(candidates.unsqueeze(1))
            x = candidates[score.argmax()].unsqueeze(0)
            X, y = torch.cat([X, x]), torch.cat([y, torch.tensor([[f(x)]], dtype=torch.float64)])
        return X, y


@equivalent("botorch_loop")
def incumbent_by_the_posterior_mean():
    def botorch_loop(f, bounds, n_init, n_iter, seed):
        with torch.random.fork_rng():
            torch.manual_seed(1000 * seed + 7)
            xs = list(bounds[0] + torch.rand(n_init, bounds.shape[1]).double() * (bounds[1] - bounds[0]))
            ys = [f(x) for x in xs]
            for _ in range(n_iter):
                X, Y = torch.stack(xs), torch.tensor(ys, dtype=torch.double).reshape(-1, 1)
                gp = SingleTaskGP(
                    X, Y, outcome_transform=Standardize(1), input_transform=Normalize(X.shape[1], bounds=bounds)
                )
                fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
                with torch.no_grad():
                    incumbent = gp.posterior(X).mean.max()
                x, _ = optimize_acqf(
                    LogExpectedImprovement(gp, incumbent),
                    bounds,
                    q=1,
                    num_restarts=3,
                    raw_samples=50,
                    options={"maxiter": 50},
                )
                xs.append(x[0].detach())
                ys.append(f(xs[-1]))
        return torch.stack(xs), torch.tensor(ys, dtype=torch.double)[:, None]
