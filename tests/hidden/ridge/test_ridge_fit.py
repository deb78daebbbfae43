"""Hidden checks of ``ridge_fit``, against scikit-learn's ``Ridge`` and least squares on augmented rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from autograder.compare import as_array, as_number, assert_all, assert_matches
from autograder.errors import SuiteFault
from autograder.suite import raises

pytestmark = pytest.mark.exercise("ridge_fit")

# Direct methods agree to 4e-14. Gradient descent, a right method too, is where its stopping rule leaves it: 1e-5 with a
# careless one. The nearest known mistake, a penalty that is off by the factor 2, changes a coefficient by 2e-2.
RTOL = 1e-4
ABOVE_OPTIMUM = 1e-6  # the contract's own number


def example(n=12, d=3, seed=5):
    """X (n, d) with columns of unequal spread and mean, y (n,) with an intercept: sizes at which a step of 0.005 is
    small enough for gradient descent, and a few thousand steps are enough."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * np.linspace(0.6, 1.2, d) + np.linspace(-0.5, 0.8, d)
    y = X @ np.linspace(2.0, -1.5, d) + 3.0 + 0.5 * rng.standard_normal(n)
    return X, y


def augmented(X, y, alpha):
    """The shortest minimizer by least squares: the penalty as d rows more, the intercept as a column that has none."""
    n, d = X.shape
    rows = np.block([[X, np.ones((n, 1))], [np.sqrt(alpha) * np.eye(d), np.zeros((d, 1))]])
    solution = np.linalg.lstsq(rows, np.concatenate([y, np.zeros(d)]), rcond=None)[0]
    return solution[:d], solution[d]


def right(X, y, alpha):
    """(coef, intercept) by two methods, which must agree."""
    model = Ridge(alpha=alpha, solver="svd").fit(X, y)
    coef, intercept = augmented(X, y, alpha)
    if not np.allclose([*coef, intercept], [*model.coef_, model.intercept_], rtol=1e-9):
        raise SuiteFault("the two oracles disagree")
    return model.coef_, float(model.intercept_)


def fit(student, X, y, alpha):
    """Call without looking for changed arguments: that has a check of its own, and costs no more than that one."""
    return student.ridge_fit.may_mutate(X, y, alpha)


def excess(found, X, y, alpha):
    """How far the objective that was reached lies above the optimum, relative to it."""

    def objective(coef, intercept):
        return np.sum((y - X @ coef - intercept) ** 2) + alpha * np.sum(coef**2)

    coef = as_array(found[0], what="coef", shape=(X.shape[1],), finite=True)
    intercept = as_number(found[1], what="intercept")
    optimum = objective(*augmented(X, y, alpha))
    with np.errstate(all="ignore"):
        return float(objective(coef, intercept) / optimum - 1)


@pytest.mark.exercise("ridge_fit", weight=2)
@pytest.mark.parametrize("alpha", [0.5, 4.0, 12.0])
def test_coefficients(student, on_its_own, alpha):
    """The coefficients minimize the squared error plus alpha times their squared norm, with an intercept that is free,
    also where the columns of X have unequal spreads and means."""
    X, y = example()

    def check():
        coef, _ = fit(student, X, y, alpha)
        assert_matches(coef, right(X, y, alpha)[0], what="coef", rtol=RTOL)

    on_its_own(student, check)


@pytest.mark.exercise("ridge_fit", weight=1.5)
def test_intercept(student, on_its_own):
    """The intercept fits the coefficients: with it the residuals have mean zero."""
    X, y = example(n=15, d=4, seed=2)

    def check():
        _, intercept = fit(student, X, y, 3.0)
        assert_matches(intercept, right(X, y, 3.0)[1], what="intercept", rtol=RTOL)

    on_its_own(student, check)


@pytest.mark.exercise("ridge_fit", weight=1.5)
def test_the_intercept_is_not_penalized(student, on_its_own):
    """A constant added to y goes into the intercept, all of it, and leaves the coefficients alone."""
    X, y = example()

    def check():
        coef, intercept = fit(student, X, y + 20.0, 2.0)
        right_coef, right_intercept = right(X, y + 20.0, 2.0)
        assert_matches(coef, right_coef, what="coef", rtol=RTOL)
        assert_matches(intercept, right_intercept, what="intercept", rtol=RTOL)

    on_its_own(student, check)


def test_least_squares(student, on_its_own):
    """For alpha = 0 it is ordinary least squares with an intercept."""
    X, y = example(seed=7)

    def check():
        coef, intercept = fit(student, X, y, 0.0)
        right_coef, right_intercept = right(X, y, 0.0)
        assert_matches(coef, right_coef, what="coef", rtol=RTOL)
        assert_matches(intercept, right_intercept, what="intercept", rtol=RTOL)

    on_its_own(student, check)


@pytest.mark.exercise("ridge_fit", weight=1.5)
def test_more_features_than_samples(student, on_its_own):
    """With a penalty there is one solution even where X has more columns than rows."""
    # The columns together can imitate an intercept here. That they are small makes it expensive: then gradient descent
    # on w and b finds the difference as fast as in the other checks (the Hessian's eigenvalues are 4 to 21).
    X, y = example(n=6, d=8, seed=3)
    X = 0.6 * X

    def check():
        coef, intercept = fit(student, X, y, 3.0)
        right_coef, right_intercept = right(X, y, 3.0)
        assert_matches(coef, right_coef, what="coef", rtol=RTOL)
        assert_matches(intercept, right_intercept, what="intercept", rtol=RTOL)

    on_its_own(student, check)


@pytest.mark.exercise("ridge_fit", weight=0.75)
@pytest.mark.parametrize("alpha", [0.0, 1e-6])
def test_ill_conditioned(student, on_its_own, alpha):
    """Where the columns of X are nearly dependent (condition number 1e6), the objective reached is the smallest
    possible, whatever the coefficients are."""
    # The direction of the small singular value, 3e-6, explains next to nothing of y: gradient descent, which never gets
    # far along it, reaches the objective as well as any other method. All that were tried stay below 3e-8.
    rng = np.random.default_rng(1)
    n, d = 20, 4
    basis = rng.standard_normal((n, d + 1))
    basis = np.linalg.qr(basis - basis.mean(axis=0))[0]
    turned = np.linalg.qr(rng.standard_normal((d, d)))[0]
    X = basis[:, :d] * np.array([3.0, 2.0, 1.5, 3e-6]) @ turned + 0.2
    y = X @ np.array([1.0, -1.0, 0.5, 1.5]) + 4.0 * basis[:, d] + 2.0

    def check():
        reached = excess(fit(student, X, y, alpha), X, y, alpha) <= ABOVE_OPTIMUM
        assert_all(reached, f"should lie at most {ABOVE_OPTIMUM:g} relative above its minimum", what="the objective")

    on_its_own(student, check)


@pytest.mark.exercise("ridge_fit", weight=0.75)
@pytest.mark.parametrize("kind", ["duplicate", "constant"])
def test_singular_least_squares(student, on_its_own, kind):
    """For alpha = 0 and linearly dependent columns (two equal ones, or a constant one, which the intercept explains
    already) any least-squares solution is right, but there has to be one."""
    X, y = example(n=12, d=3, seed=9)
    extra = X[:, 1] if kind == "duplicate" else np.full(12, 2.0)
    X = np.column_stack([X, extra])

    def check():
        reached = excess(fit(student, X, y, 0.0), X, y, 0.0) <= ABOVE_OPTIMUM
        assert_all(
            reached, f"should lie at most {ABOVE_OPTIMUM:g} relative above its minimum", what="the squared error"
        )

    on_its_own(student, check)


@pytest.mark.exercise("ridge_fit", weight=0.5, supporting=True)
def test_negative_alpha(student):
    """A negative alpha is a ValueError."""
    X, y = example()
    with raises("ValueError"):
        fit(student, X, y, -0.5)


@pytest.mark.exercise("ridge_fit", weight=0.5, supporting=True)
def test_arguments_are_left_alone(student, on_its_own):
    """Neither X nor y is changed in place: centering is done on copies."""
    X, y = example()

    def check():
        coef, intercept = student.ridge_fit(X, y, 1.0)
        as_array(coef, what="coef", shape=(X.shape[1],), finite=True)
        as_number(intercept, what="intercept")

    on_its_own(student, check)
