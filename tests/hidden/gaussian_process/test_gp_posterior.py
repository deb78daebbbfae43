"""Hidden checks of ``gp_posterior``, against scikit-learn's and GPyTorch's regression, and the formula itself.

The kernel is a function of the judge's, which student code calls; in one check it lives on the student's side. Most
kernels are not stationary and have no unit variance, so that nothing may be taken for granted about k(x, x).
"""

from __future__ import annotations

import gpytorch
import numpy as np
import pytest
import torch
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process import kernels as sk

from autograder.compare import assert_all, assert_matches

pytestmark = pytest.mark.exercise("gp_posterior")

JITTER = 1e-6  # the largest that people add, to K(X, X) or to the result

# Not part of any solution: a kernel that no exercise asks for.
RATIONAL_QUADRATIC = """
def _rational_quadratic(X1, X2):
    distances = ((X1[:, None, :] - X2[None, :, :]) ** 2).sum(-1)
    return 1.5 / (1 + distances / 0.5)

def _kernel_of_the_check():
    return _rational_quadratic
"""


# A posterior may well be computed by the student's own condition_gaussian. Where a check fails, it is run once more
# with a sound one: no mistake costs points twice. The judge computes it: no solution is on the student's side.
STAND_IN = """
if "_own_condition_gaussian" not in globals():
    _own_condition_gaussian = globals().get("condition_gaussian")

def _ask_the_judge(function):
    global _judge_condition
    _judge_condition = function

def condition_gaussian(mean, cov, index, value):
    return _judge_condition(mean, cov, index, value)
"""

OWN = """
if "_own_condition_gaussian" in globals():
    condition_gaussian = _own_condition_gaussian
"""


def kernel_of(d):
    """A kernel whose variance grows with |x|."""
    return 0.8 * sk.Matern(1.1, nu=2.5) + 0.3 * sk.DotProduct(0.5) if d == 1 else 2.0 * sk.RBF(1.3)


def example(device, d=1, n=9, m=6, noise=0.1):
    """X (n, d), y (n,) and X_star (m, d): observations of a smooth function, some of the new inputs among them."""
    X = 3 * torch.rand(n, d, dtype=torch.float64) - 1.5
    X_star = 4 * torch.rand(m, d, dtype=torch.float64) - 2
    y = torch.sin(2 * X).sum(dim=1) + 0.5 + noise**0.5 * torch.randn(n, dtype=torch.float64)
    return [value.to(device) for value in (X, y, X_star)]


def posterior(kernel, X, y, X_star, noise):
    """Mean and covariance of f by scikit-learn, with and without the jitter."""
    X, y, X_star = (value.cpu().numpy() for value in (X, y, X_star))
    for level in (noise, noise + JITTER):
        model = GaussianProcessRegressor(kernel, alpha=level, optimizer=None).fit(X, y)
        yield model.predict(X_star, return_cov=True)


def formula(K, K_star, K_star_star, y, noise):
    """Mean and covariance of f by the eigenvalues of K, with and without the jitter."""
    values, vectors = np.linalg.eigh(K)
    projected = vectors.T @ K_star
    for level in (noise, noise + JITTER):
        weighted = projected.T / (values.clip(0) + level)
        yield weighted @ (vectors.T @ y), K_star_star - weighted @ projected


@pytest.fixture
def ask(without_gpytorch):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""

    def call(student, *args):
        return without_gpytorch(student).gp_posterior.may_mutate(*args)

    return call


@pytest.fixture
def judged(reference, with_either):
    """Run a check of y, with y (n,) or (n, 1), and with the student's condition_gaussian or a sound one."""

    def judged(student, check, y):
        def attempt(form):
            given, sound = form
            student.define(STAND_IN if sound else OWN)
            if sound:
                student._ask_the_judge(reference.condition_gaussian)
            check(given)

        with_either(attempt, *((given, sound) for sound in (False, True) for given in (y, y[:, None])))

    return judged


@pytest.mark.exercise("gp_posterior", weight=3)
@pytest.mark.parametrize("d", [1, 3])
def test_mean(student, ask, judged, assert_close, covariance, device, d):
    """The posterior mean is K*ᵀ (K + noise·I)⁻¹ y, (m,)."""
    X, y, X_star = example(device, d)
    (exact, _), (jittered, _) = posterior(kernel_of(d), X, y, X_star, 0.1)

    def check(y):
        mean, _ = ask(student, X, y, X_star, covariance(kernel_of(d)), 0.1)
        assert_close(mean, exact, jittered, what="mean", device=device)

    judged(student, check, y)


@pytest.mark.exercise("gp_posterior", weight=3)
@pytest.mark.parametrize("d", [1, 3])
def test_covariance(student, ask, judged, assert_close, covariance, device, d):
    """The posterior covariance is K** − K*ᵀ (K + noise·I)⁻¹ K*, (m, m): of the function, not of new observations."""
    X, y, X_star = example(device, d)
    (_, exact), (_, jittered) = posterior(kernel_of(d), X, y, X_star, 0.1)

    def check(y):
        _, cov = ask(student, X, y, X_star, covariance(kernel_of(d)), 0.1)
        assert_close(cov, exact, jittered, what="cov", device=device, jitter=JITTER)

    judged(student, check, y)


@pytest.mark.exercise("gp_posterior", weight=1)
@pytest.mark.parametrize("noise", [0.01, 0.6], ids=["little noise", "much noise"])
def test_noise_is_a_variance(student, ask, judged, assert_close, covariance, device, noise):
    """noise is the variance of the observations' errors, whether it is small or large."""
    X, y, X_star = example(device, noise=noise)
    (exact, exact_cov), (jittered, jittered_cov) = posterior(kernel_of(1), X, y, X_star, noise)

    def check(y):
        mean, cov = ask(student, X, y, X_star, covariance(kernel_of(1)), noise)
        assert_close(mean, exact, jittered, what="mean", device=device)
        assert_close(cov, exact_cov, jittered_cov, what="cov", device=device, jitter=JITTER)

    judged(student, check, y)


@pytest.mark.exercise("gp_posterior", weight=2)
def test_at_the_observed_inputs(student, ask, judged, assert_close, covariance, device):
    """At the observed inputs themselves the mean is drawn from y towards the prior, and the variance is that of the
    function: K(X, X) is not noisy where it stands for the covariance with f."""
    X, y, _ = example(device, n=7)
    likelihood = gpytorch.likelihoods.GaussianLikelihood().double().initialize(noise=0.2)
    model = _ZeroMeanRBF(X.cpu(), y.cpu(), likelihood).double()
    model.covar_module.initialize(outputscale=1.6)
    model.covar_module.base_kernel.initialize(lengthscale=0.8)
    model.eval()
    with torch.no_grad(), gpytorch.settings.debug(False):  # or it warns of training inputs in eval mode
        right = model(X.cpu())
    kernel = covariance(1.6 * sk.RBF(0.8))
    _, (jittered, jittered_cov) = posterior(kernel.kernel, X, y, X, 0.2)

    def check(y):
        mean, cov = ask(student, X, y, X, kernel, 0.2)
        assert_close(mean, right.mean.numpy(), jittered, what="mean", device=device)
        exact_cov = right.covariance_matrix.numpy()
        assert_close(cov, exact_cov, jittered_cov, what="cov", device=device, jitter=JITTER)

    judged(student, check, y)


class _ZeroMeanRBF(gpytorch.models.ExactGP):
    def __init__(self, X, y, likelihood):
        super().__init__(X, y, likelihood)
        self.mean_module = gpytorch.means.ZeroMean()
        self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

    def forward(self, X):
        return gpytorch.distributions.MultivariateNormal(self.mean_module(X), self.covar_module(X))


def test_far_from_the_data(student, ask, judged, numbers, covariance, device):
    """Far from all data the posterior is the prior: mean 0 and covariance K**, without noise."""
    X, y, _ = example(device)
    X_star = torch.linspace(40.0, 43.0, 5, dtype=torch.float64, device=device)[:, None]
    kernel = covariance(1.7 * sk.RBF(0.9))
    prior = kernel(X_star, X_star).cpu().numpy()

    def check(y):
        mean, cov = ask(student, X, y + 4, X_star, kernel, 0.3)
        mean = numbers(mean, what="mean", shape=(5,), device=device)
        assert_matches(mean, np.zeros(5), what="mean", atol=JITTER)  # 0 but for the jitter; a mean of y is near 4
        cov = numbers(cov, what="cov", shape=(5, 5), device=device)
        assert_matches(cov, prior, what="cov", rtol=0.0, atol=2 * JITTER)  # noise of 0.3 is 150,000 times that

    judged(student, check, y)


def test_mean_of_the_prior_is_zero(student, ask, judged, assert_close, covariance, device):
    """The prior mean is 0 also where the observations are not centered: y is used as it is."""
    X, y, X_star = example(device, d=2)
    y = y - 6
    (exact, _), (jittered, _) = posterior(kernel_of(2), X, y, X_star, 0.3)

    def check(y):
        mean, _ = ask(student, X, y, X_star, covariance(kernel_of(2)), 0.3)
        assert_close(mean, exact, jittered, what="mean", device=device)

    judged(student, check, y)


def test_any_kernel(student, ask, judged, assert_close, device):
    """The kernel is the one that is handed in, whatever it is."""
    X, y, X_star = example(device, d=2, n=8, m=5)
    student.define(RATIONAL_QUADRATIC)
    kernel = student._kernel_of_the_check()
    right = 1.5 * sk.RationalQuadratic(length_scale=0.5, alpha=1.0)  # (1 + |x - x'|^2 / (2 alpha l^2))^-alpha
    (exact, exact_cov), (jittered, jittered_cov) = posterior(right, X, y, X_star, 0.15)

    def check(y):
        mean, cov = ask(student, X, y, X_star, kernel, 0.15)
        assert_close(mean, exact, jittered, what="mean", device=device)
        assert_close(cov, exact_cov, jittered_cov, what="cov", device=device, jitter=JITTER)

    judged(student, check, y)


@pytest.mark.parametrize(("n", "m"), [(1, 4), (6, 1)], ids=["one observation", "one new input"])
def test_single_inputs(student, ask, judged, assert_close, covariance, device, n, m):
    """One observation is enough, and so is one new input; the shapes stay (m,) and (m, m)."""
    X, y, X_star = example(device, n=n, m=m)
    kernel = kernel_of(1)
    (exact, exact_cov), (jittered, jittered_cov) = posterior(kernel, X, y, X_star, 0.1)

    def check(y):
        mean, cov = ask(student, X, y, X_star, covariance(kernel), 0.1)
        assert_close(mean, exact, jittered, what="mean", device=device)
        assert_close(cov, exact_cov, jittered_cov, what="cov", device=device, jitter=JITTER)

    judged(student, check, y)


def near_duplicates(device):
    """Twelve inputs, each of them twice, 1e-9 apart; K is singular to rounding. New inputs beside and between them."""
    x = torch.linspace(-2.0, 2.0, 12, dtype=torch.float64)
    X = torch.cat([x, x + 1e-9])[:, None]
    y = torch.sin(2 * X[:, 0]) + 1e-3 * torch.randn(24, dtype=torch.float64)
    X_star = torch.cat([x[:4], torch.linspace(-3.0, 3.0, 8, dtype=torch.float64)])[:, None]
    return [value.to(device) for value in (X, y, X_star)]


def test_near_duplicate_inputs(student, ask, judged, assert_close, covariance, device):
    """Inputs that nearly coincide are no problem, down to a noise of 1e-6: mean and standard deviation stay right."""
    X, y, X_star = near_duplicates(device)
    kernel = covariance(1.2 * sk.RBF(0.6))
    matrices = [kernel(a, b).cpu().numpy() for a, b in ((X, X), (X, X_star), (X_star, X_star))]
    (exact, exact_cov), (jittered, jittered_cov) = formula(*matrices, y.cpu().numpy(), 1e-6)

    def check(y):
        mean, cov = ask(student, X, y, X_star, kernel, 1e-6)
        assert_close(mean, exact, jittered, what="mean", device=device)
        assert_close(cov, exact_cov, jittered_cov, what="cov", device=device, jitter=JITTER)

    judged(student, check, y)


@pytest.mark.exercise("gp_posterior", supporting=True)
def test_covariance_is_one(student, ask, judged, numbers, covariance, device):
    """The covariance is symmetric, and no variance is negative, also where next to nothing is left of it."""
    X, y, _ = near_duplicates(device)
    X_star = torch.cat([X[:6], X[:6] + 0.01])

    def check(y):
        _, cov = ask(student, X, y, X_star, covariance(1.2 * sk.RBF(0.6)), 1e-6)
        cov = numbers(cov, what="cov", shape=(12, 12), device=device)
        # The true variances are near 5e-7. An inverse at condition 3e7 leaves an asymmetry of at most 1e-8.
        assert_matches(cov, cov.T.copy(), what="cov", rtol=0.0, atol=1e-7)
        assert_all(bool((cov.diagonal() >= -1e-7).all()), "must not be negative", what="the posterior variance")
        assert_all(bool((cov.diagonal() < 1e-2).all()), "must be small at the observations", what="the variance")

    judged(student, check, y)


@pytest.mark.exercise("gp_posterior", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, without_gpytorch, judged, covariance, device):
    """X, y and X_star are not changed in place."""
    X, y, X_star = example(device)
    kernel = covariance(kernel_of(1))
    judged(student, lambda y: without_gpytorch(student).gp_posterior(X, y, X_star, kernel, 0.1), y)
