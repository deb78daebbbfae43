"""The notebook of the worked exercise that ``autograder new`` makes: its cells, as an instructor would write them.

Its solution cells hold empty regions: ``autograder sync`` fills them. The other files of the exercise lie in
``template/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

from autograder.course.canonical import SKIP_TAG
from autograder.course.notebooks import to_node

_INTRODUCTION = r"""# $title

The columns of a table come in all units: heights in metres, weights in grams, prices in millions. To us a
difference of 0.2 m and one of 200 g are plainly two things. To an algorithm both are numbers, and 200 is a thousand
times 0.2. Whatever adds up the columns (a distance between rows, a penalty on coefficients, a step of gradient
descent) listens to the column with the large numbers and hardly hears the others. **Standardizing** gives all
columns the same voice.

What you will learn:

* how to give each column mean 0 and standard deviation 1, and how to get the data back;
* why gradient descent needs it;
* what to do with a column in which nothing varies, where a formula alone is not enough.

| exercise | what you write | points |
|---|---|---|
| 1 | `standardize`, `unstandardize` | 3 |
| 2 | a question, answered in words | 1 |

Below the exercise is a cell of checks, yours to run as often as you like. The points come from hidden checks that
look at the same contract more closely."""

_SETUP = r'''from collections.abc import Callable, Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

plt.rcParams.update({"figure.dpi": 100, "axes.spines.top": False, "axes.spines.right": False, "font.size": 9})


def show_checks(checks: Iterator[tuple[str, bool, str]]) -> None:
    """Run an exercise's checks in turn and print a line for each: the verdict, what was checked, what was found."""
    try:
        for what, ok, found in checks:
            print(f"{'ok' if ok else 'NOT OK':<8}{what:<56}{found}")
    except NotImplementedError:
        print("Not implemented yet: run this cell again when you have written your solution.")


def compare(actual: Any, expected: Any, atol: float = 1e-9) -> tuple[bool, str]:
    """Whether ``actual`` holds the expected numbers, and what was found."""
    try:
        found, wanted = np.asarray(actual, dtype=float), np.asarray(expected, dtype=float)
    except (TypeError, ValueError):
        return False, f"a {type(actual).__name__} that is not numbers"
    if found.shape != wanted.shape:
        return False, f"shape {found.shape}; expected {wanted.shape}"
    difference = np.abs(found - wanted).max(initial=0.0)
    return bool(difference <= atol), f"largest difference {difference:.1e}"


def raises_value_error(call: Callable[[], Any]) -> tuple[bool, str]:
    """Whether ``call`` raises ValueError, and what it did."""
    try:
        call()
    except ValueError as error:
        return True, f"ValueError: {error}"
    return False, "no ValueError was raised"


def draw(plot: Callable[[], None], needs: str) -> None:
    """Draw a figure that is made with your code, or say which exercise it waits for."""
    try:
        plot()
        plt.show()
    except NotImplementedError:
        plt.close("all")
        print(f"This figure is drawn with your {needs}: implement that first.")'''

_EXERCISE = r"""## Exercise 1: each column on the same scale

Take column $j$ of a table $X$ of shape $(n, d)$, and its mean and variance

$$
m_j = \frac{1}{n} \sum_i x_{ij}, \qquad s_j^2 = \frac{1}{n} \sum_i (x_{ij} - m_j)^2 .
$$

Subtract the one, and divide by the root of the other:

$$
z_{ij} = \frac{x_{ij} - m_j}{s_j} .
$$

The new column has mean 0 and variance 1, whatever its unit was:

$$
\frac{1}{n} \sum_i z_{ij} = \frac{1}{s_j} \Big( \frac{1}{n} \sum_i x_{ij} - m_j \Big) = 0, \qquad
\frac{1}{n} \sum_i z_{ij}^2 = \frac{1}{s_j^2} \cdot \frac{1}{n} \sum_i (x_{ij} - m_j)^2 = 1 .
$$

(With $n - 1$ in place of $n$ in the variance, the second line would not be 1.) Nothing is lost: who keeps $m_j$ and
$s_j$ gets the data back by $x_{ij} = s_j z_{ij} + m_j$.

**A column in which nothing varies** has $s_j = 0$, and the formula says $0 / 0$. Such a column tells no row from
another, and zeros say just that. To *find* it is less easy than it looks: three times 0.1 adds up to
0.30000000000000004, so the computed mean is a little off 0.1, the computed $s_j$ is not 0 but about $10^{-17}$, and
dividing by it blows the rounding up to numbers of size 1. Think of a test that rounding cannot fool.

### Contract

`standardize(X)` takes a float64 array of shape $(n, d)$ with $n \ge 1$ and returns `(Z, scaler)`.

* Each column of `Z` $(n, d)$ has mean 0 and standard deviation 1 (divided by $n$), up to rounding: add nothing to
  $s_j$.
* A column of equal values becomes zeros, also where rounding leaves it a computed $s_j$ above 0.
* The `scaler` is yours, in any form: nobody looks inside. Several may be in use at a time.
* `ValueError` if `X` has not two axes. `X` itself stays as it was.

`unstandardize(Z, scaler)` takes *any* rows $(m, d)$ in the units of that scaler, and returns them in the units of
`X`.

Write it in NumPy: scikit-learn is not there where your work is graded, and `scipy.stats.zscore` may not be called."""

_STUB = '''def standardize(X: np.ndarray) -> tuple[np.ndarray, Any]:
    """Return (Z, scaler): each column of X (n, d) with mean 0 and standard deviation 1 (divided by n).

    A column of equal values becomes zeros. Raises ValueError unless X has two axes.
    """
    ### BEGIN SOLUTION
    ### END SOLUTION


def unstandardize(Z: np.ndarray, scaler: Any) -> np.ndarray:
    """Return X (m, d) from Z (m, d), the rows of any data in the units of the scaler."""
    ### BEGIN SOLUTION
    ### END SOLUTION'''

_CHECK = r"""def standardize_checks() -> Iterator[tuple[str, bool, str]]:
    people = np.array([[1.62, 58e3], [1.75, 80e3], [1.81, 73e3], [1.70, 69e3]])  # metres, grams
    X = people.copy()
    Z, scaler = standardize(X)
    yield "the means of the columns are 0", *compare(np.mean(Z, axis=0), [0.0, 0.0])
    yield "the standard deviations of the columns are 1", *compare(np.std(Z, axis=0), [1.0, 1.0])
    yield "X is as it was", *compare(X, people, 0.0)
    standardize(np.array([[10.0, 20.0], [30.0, 70.0]]))
    yield "unstandardize gives X back, after another call too", *compare(unstandardize(Z, scaler), people)
    yield "unstandardize takes any rows: zeros are the mean", *compare(
        unstandardize(np.zeros((1, 2)), scaler), people.mean(axis=0, keepdims=True)
    )
    twos, _ = standardize(np.array([[1.0, 2.0], [3.0, 2.0]]))
    yield "a column of equal values becomes zeros", *compare(twos, [[-1.0, 0.0], [1.0, 0.0]])
    yield "one axis is refused", *raises_value_error(lambda: standardize(np.ones(3)))


show_checks(standardize_checks())"""

_TEST = """# Hidden checks grade standardize and unstandardize here.
# Nothing to do in this cell."""

_DESCENT = r"""### What it does to gradient descent

Fit a linear model to centered data by gradient descent on $L(w) = \frac{1}{2n} \lVert X w - y \rVert^2$, with steps
$w \leftarrow w - \eta \nabla L$. The error of $w$ along an eigenvector of the Hessian $H = X^\top X / n$ with
eigenvalue $\lambda$ is multiplied by $1 - \eta \lambda$ in each step. So $\eta$ must stay below
$2 / \lambda_{\max}$, and then the direction of $\lambda_{\min}$ is slow: the number of steps grows with the
condition number $\kappa = \lambda_{\max} / \lambda_{\min}$.

The diagonal of $H$ holds the variances of the columns. Each of them lies between $\lambda_{\min}$ and
$\lambda_{\max}$ (it is $e_j^\top H e_j$), hence

$$
\kappa \ge \frac{\max_j s_j^2}{\min_j s_j^2} .
$$

A column in metres beside one in millimetres makes $\kappa$ a million before the data have said anything. For the
standardized columns $H$ is the matrix of their correlations, with ones on its diagonal, and what is left of
$\kappa$ is the data's own.

Below, the same data before and after your `standardize`: contours of the loss, and 20 steps of gradient descent,
each with the best step size that there is, $2 / (\lambda_{\max} + \lambda_{\min})$."""

_PLOT = r"""def descend(X: np.ndarray, y: np.ndarray, start: np.ndarray, steps: int = 20) -> np.ndarray:
    hessian, path = X.T @ X / len(X), [start]
    smallest, largest = np.linalg.eigvalsh(hessian)
    for _ in range(steps):
        path.append(path[-1] - 2 / (largest + smallest) * (hessian @ path[-1] - X.T @ y / len(X)))
    return np.array(path)


def plot_descent() -> None:
    generator = np.random.default_rng(0)
    X = generator.standard_normal((200, 2)) @ np.array([[1.0, 1.5], [0.0, 5.0]])
    X -= X.mean(axis=0)
    y = X @ np.array([1.0, 0.5]) + 0.3 * generator.standard_normal(200)
    Z, _ = standardize(X.copy())
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.6))
    for panel, columns, title in ((panels[0], X, "columns as they come"), (panels[1], Z, "columns standardized")):
        best = np.linalg.lstsq(columns, y, rcond=None)[0]
        path = descend(columns, y, best + np.array([2.0, 0.6]))
        across, up = np.meshgrid(*(np.linspace(b - 2.4, b + 2.4, 200) for b in best))
        errors = columns @ np.stack([across.ravel(), up.ravel()]) - y[:, None]
        loss = (errors**2).mean(axis=0).reshape(across.shape) / 2
        panel.contour(across, up, loss, levels=loss.min() + 0.05 * 3.0 ** np.arange(7), colors="0.75", linewidths=0.8)
        panel.plot(*path.T, "o-", color="tab:blue", markersize=3, linewidth=1)
        panel.plot(*best, "x", color="tab:red", markersize=8)
        left = np.linalg.norm(path[-1] - best) / np.linalg.norm(path[0] - best)
        condition = np.linalg.cond(columns.T @ columns)
        panel.set(xlabel="$w_1$", ylabel="$w_2$", aspect="equal")
        panel.set_title(f"{title}\ncondition number {condition:.1f}; 20 steps leave {left:.1g} of the error")
    figure.tight_layout()


draw(plot_descent, "standardize")"""

_QUESTION = r"""## Exercise 2: explain

Answer in a few sentences. You have standardized the training data, fitted a model to them, and now predict for new
rows. A colleague standardizes the new rows by calling `standardize` on *them*. What goes wrong, and what happens
where a single new row arrives? What should be done, and what has the scaler to do with it?"""

_ANSWER = r"""The new rows get a mean and a standard deviation of their own. So the same row becomes another $z$
depending on the rows that came with it, and the model is shown other units than it was fitted to. A single row is
all columns of equal values: it becomes zeros, and every prediction is the one for the average row. *(Half a point
for the different units, or for the single row.)* The new rows have to be put on the scale of the training data,
$(x_{ij} - m_j) / s_j$ with the means and deviations of the *training* data, which the scaler keeps. *(Half a
point.)*"""

_SETTINGS = {"grade": False, "locked": True, "schema_version": 3, "solution": False, "task": False}


def worked_example(assignment: str, title: str) -> NotebookNode:
    """The source notebook of an assignment with the exercise ``standardize`` and a written question."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    cells = list(_cells(assignment, title))
    return to_node({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})


def _cells(assignment: str, title: str) -> Iterator[dict[str, Any]]:
    yield _cell("markdown", "introduction", _INTRODUCTION.replace("$title", title))
    yield _cell("code", "setup", _SETUP)
    yield _cell("markdown", "columns", _EXERCISE)
    yield _cell("code", "standardize", _STUB, solution=True, locked=False)
    yield _cell("code", "check_standardize", _CHECK, tags=[SKIP_TAG])
    yield _cell("code", "test_standardize", _TEST, grade=True, points=3)
    yield _cell("markdown", "descent", _DESCENT)
    yield _cell("code", "plot_descent", _PLOT, tags=[SKIP_TAG])
    yield _cell("markdown", "question", _QUESTION)
    yield _cell("markdown", f"explain_{assignment}", _ANSWER, grade=True, solution=True, locked=False, points=1)


def _cell(kind: str, grade_id: str, source: str, *, tags: list[str] | None = None, **settings: Any) -> dict[str, Any]:
    """A cell with nbgrader's metadata; its id is its grade id."""
    nbgrader = {**_SETTINGS, "cell_type": kind, "grade_id": grade_id, **settings}
    metadata = {"nbgrader": nbgrader} | ({"tags": tags} if tags else {})
    made = {"id": grade_id, "cell_type": kind, "metadata": metadata, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})
