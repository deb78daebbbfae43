"""Right solutions of ``gp_loop`` in other styles: none of them may lose a point."""

from __future__ import annotations

import torch

from autograder.suite import equivalent


@equivalent("gp_loop")
def numpy_grid_and_a_fixed_length_scale():
    def gp_loop(f, bounds, n_init, n_iter, seed):
        import numpy as np
        from scipy.stats import norm

        rng = np.random.default_rng(seed)
        low, high = bounds.numpy()
        d = len(low)
        axes = [np.linspace(low[j], high[j], 400 if d == 1 else 40) for j in range(d)]
        grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, d)

        def rbf(A, B):
            return np.exp(-0.5 * ((A[:, None] - B[None]) ** 2).sum(-1))

        X = rng.uniform(low, high, size=(n_init, d))
        y = np.array([f(x) for x in X])
        for _ in range(n_iter):
            inverse = np.linalg.inv(rbf(X, X) + 1e-6 * np.eye(len(X)))
            k = rbf(grid, X)
            mu = k @ inverse @ y
            sigma = np.sqrt(np.maximum(1 - np.einsum("ij,jk,ik->i", k, inverse, k), 1e-12))
            z = (mu - y.max()) / sigma
            ei = (mu - y.max()) * norm.cdf(z) + sigma * norm.pdf(z)
            x = grid[np.argmax(ei)]
            X, y = np.vstack([X, x]), np.append(y, f(x))
        return X, y


@equivalent("gp_loop")
def matern_and_upper_confidence_bound():
    def gp_loop(f, bounds, n_init, n_iter, seed):
        torch.manual_seed(seed)
        low, width = bounds[0], bounds[1] - bounds[0]

        def matern(A, B):
            r = 5**0.5 * torch.cdist(A, B) / 0.4
            return (1 + r + r**2 / 3) * torch.exp(-r)

        U = torch.rand(n_init, len(low)).double()
        y = torch.tensor([f(low + width * u) for u in U]).double()
        for _ in range(n_iter):
            t = (y - y.mean()) / (y.std() + 1e-12)
            L = torch.linalg.cholesky(matern(U, U) + 1e-8 * torch.eye(len(U), dtype=torch.double))
            C = torch.rand(3000, len(low), dtype=torch.double)
            k = matern(C, U)
            mean = k @ torch.cholesky_solve(t.unsqueeze(1), L).squeeze(1)
            std = (1 - torch.linalg.solve_triangular(L, k.T, upper=False).pow(2).sum(0)).clamp(min=1e-12).sqrt()
            u = C[torch.argmax(upper_confidence_bound(mean, std, 2.0))]
            U = torch.cat([U, u.unsqueeze(0)])
            y = torch.cat([y, torch.tensor([f(low + width * u)]).double()])
        return low + width * U, y.unsqueeze(-1)


@equivalent("gp_loop")
def gpytorch_by_adam():
    def gp_loop(f, bounds, n_init, n_iter, seed):
        import gpytorch

        class Surrogate(gpytorch.models.ExactGP):
            def __init__(self, x, y, likelihood):
                super().__init__(x, y, likelihood)
                self.mean_module = gpytorch.means.ConstantMean()
                self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.MaternKernel(nu=2.5))

            def forward(self, x):
                return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))

        torch.manual_seed(seed)
        low, width = bounds[0], bounds[1] - bounds[0]
        d = bounds.shape[1]
        U = SobolEngine(d, scramble=True, seed=seed).draw(n_init).double()
        y = torch.tensor([float(f(low + width * u)) for u in U], dtype=torch.double)
        for _ in range(n_iter):
            t = (y - y.mean()) / y.std().clamp_min(1e-9)
            likelihood = gpytorch.likelihoods.GaussianLikelihood(
                noise_constraint=gpytorch.constraints.GreaterThan(1e-6)
            )
            model = Surrogate(U, t, likelihood).double()
            likelihood.noise = 1e-4
            model.covar_module.base_kernel.lengthscale = 0.3
            model.train(), likelihood.train()
            optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
            mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
            for _ in range(30):
                optimizer.zero_grad()
                loss = -mll(model(U), t)
                loss.backward()
                optimizer.step()
            model.eval()
            C = torch.rand(1500, d, dtype=torch.double)
            with torch.no_grad():
                posterior = model(C)
                score = log_expected_improvement(posterior.mean, posterior.variance.clamp_min(1e-14).sqrt(), t.max())
            u = C[score.argmax()]
            U, y = torch.vstack([U, u]), torch.cat([y, torch.tensor([float(f(low + width * u))], dtype=torch.double)])
        return low + width * U, y


@equivalent("gp_loop")
def fitted_and_maximized_by_scipy():
    def gp_loop(f, bounds, n_init, n_iter, seed):
        import numpy as np
        from scipy.linalg import cho_factor, cho_solve
        from scipy.optimize import minimize
        from scipy.stats import norm, qmc

        rng = np.random.default_rng(seed)
        low, high = bounds.numpy()
        d = len(low)
        U = qmc.LatinHypercube(d=d, seed=seed).random(n_init)
        values = [f(torch.from_numpy(low + (high - low) * u)) for u in U]

        def kernel(A, B, ell):
            return np.exp(-0.5 * ((A[:, None, :] - B[None, :, :]) ** 2).sum(axis=2) / ell**2)

        def nll(log_ell, U, t):
            factor = cho_factor(kernel(U, U, np.exp(log_ell[0])) + 1e-6 * np.eye(len(U)), lower=True)
            return 0.5 * t @ cho_solve(factor, t) + np.log(np.diag(factor[0])).sum()

        for _ in range(n_iter):
            y = np.array(values)
            t = (y - y.mean()) / (y.std() or 1.0)
            ell = np.exp(minimize(nll, [np.log(0.3)], (U, t), bounds=[(np.log(0.05), np.log(2.0))]).x[0])
            factor = cho_factor(kernel(U, U, ell) + 1e-6 * np.eye(len(U)), lower=True)
            alpha = cho_solve(factor, t)

            def negative_ei(u, ell=ell, factor=factor, alpha=alpha, t=t):
                k = kernel(np.atleast_2d(u), U, ell)
                mu = k @ alpha
                sigma = np.sqrt(np.maximum(1 - (k * cho_solve(factor, k.T).T).sum(axis=1), 1e-12))
                z = (mu - t.max()) / sigma
                return -((mu - t.max()) * norm.cdf(z) + sigma * norm.pdf(z))

            starts = rng.random((500, d))
            start = starts[np.argmin(negative_ei(starts))]
            found = minimize(lambda u: negative_ei(u)[0], start, bounds=[(0, 1)] * d)
            u = np.clip(found.x, 0, 1)
            U = np.vstack([U, u])
            values.append(f(torch.from_numpy(low + (high - low) * u)))
        return low + (high - low) * U, values
