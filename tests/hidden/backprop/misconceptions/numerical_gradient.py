"""Wrong numerical gradients, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "numerical_gradient",
    "Your differences are one-sided, f(x + eps) - f(x): their error falls with eps, that of central ones with its "
    "square.",
)
def one_sided():
    def numerical_gradient(f, x, eps=1e-5):
        grad = np.zeros_like(x)
        here = f(x)
        for index in np.ndindex(x.shape):
            point = x.copy()
            point[index] += eps
            grad[index] = (f(point) - here) / eps
        return grad


@misconception(
    "numerical_gradient",
    "Your differences are one-sided, and f(x) is computed anew for each entry. Spend the second call on the other "
    "side.",
)
def one_sided_with_two_calls():
    def numerical_gradient(f, x, eps=1e-5):
        grad = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            point = x.copy()
            point[index] += eps
            grad[index] = (f(point) - f(x)) / eps
        return grad


@misconception(
    "numerical_gradient",
    "Your gradient is twice too large: the two points are not eps apart.",
)
def divided_by_eps():
    def numerical_gradient(f, x, eps=1e-5):
        grad = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[index] += eps
            below[index] -= eps
            grad[index] = (f(above) - f(below)) / eps
        return grad


@misconception(
    "numerical_gradient",
    "/ 2 * eps divides by 2 and then multiplies by eps. Parentheses are missing.",
)
def parentheses_missing():
    def numerical_gradient(f, x, eps=1e-5):
        grad = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[index] += eps
            below[index] -= eps
            grad[index] = (f(above) - f(below)) / 2 * eps
        return grad


@misconception(
    "numerical_gradient",
    "You move all entries of x at once. That gives one number, the derivative along the diagonal; each entry needs "
    "differences of its own.",
)
def all_entries_at_once():
    def numerical_gradient(f, x, eps=1e-5):
        return np.full_like(x, (f(x + eps) - f(x - eps)) / (2 * eps))


@misconception(
    "numerical_gradient",
    "You do not put an entry of x back before you go on to the next: the later differences are taken at another point, "
    "and the caller's x is changed.",
)
def entries_not_put_back():
    def numerical_gradient(f, x, eps=1e-5):
        grad = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            x[index] += eps
            above = f(x)
            x[index] -= 2 * eps
            grad[index] = (above - f(x)) / (2 * eps)
        return grad


@misconception(
    "numerical_gradient",
    "x + eps - 2 eps + eps is not always x: it is off by a rounding error. Remember the old value and put that back.",
)
def put_back_by_arithmetic():
    def numerical_gradient(f, x, eps=1e-5):
        grad = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            x[index] += eps
            above = f(x)
            x[index] -= 2 * eps
            below = f(x)
            x[index] += eps
            grad[index] = (above - below) / (2 * eps)
        return grad


@misconception(
    "numerical_gradient",
    "Your loop runs over the first axis: for a matrix it moves whole rows at once.",
)
def whole_rows():
    def numerical_gradient(f, x, eps=1e-5):
        grad = np.zeros_like(x)
        for i in range(len(x)):
            above, below = x.copy(), x.copy()
            above[i] += eps
            below[i] -= eps
            grad[i] = (f(above) - f(below)) / (2 * eps)
        return grad


@misconception(
    "numerical_gradient",
    "f gets a flat array in place of x: it has to have the shape of x.",
)
def flat_argument():
    def numerical_gradient(f, x, eps=1e-5):
        flat = x.ravel()
        grad = np.zeros(flat.shape)
        for i in range(flat.size):
            above, below = flat.copy(), flat.copy()
            above[i] += eps
            below[i] -= eps
            grad[i] = (f(above) - f(below)) / (2 * eps)
        return grad.reshape(x.shape)


@misconception("numerical_gradient", "Your gradient is flat: it should have the shape of x.")
def flat_gradient():
    def numerical_gradient(f, x, eps=1e-5):
        grad = []
        for index in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[index] += eps
            below[index] -= eps
            grad.append((f(above) - f(below)) / (2 * eps))
        return np.array(grad)


@misconception(
    "numerical_gradient",
    "You call f at x itself as well, though no difference needs it: f is called once more than necessary.",
)
def one_call_too_many():
    def numerical_gradient(f, x, eps=1e-5):
        f(x)
        grad = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[index] += eps
            below[index] -= eps
            grad[index] = (f(above) - f(below)) / (2 * eps)
        return grad


@misconception("numerical_gradient", "The argument eps is not used: your step is a fixed number.")
def eps_not_used():
    def numerical_gradient(f, x, eps=1e-5):
        eps = 1e-5
        grad = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[index] += eps
            below[index] -= eps
            grad[index] = (f(above) - f(below)) / (2 * eps)
        return grad


@misconception(
    "numerical_gradient",
    "above = x gives x another name and makes no copy: both points are the same array.",
)
def two_names_of_one_array():
    def numerical_gradient(f, x, eps=1e-5):
        grad = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            above = x
            below = x
            above[index] += eps
            below[index] -= eps
            grad[index] = (f(above) - f(below)) / (2 * eps)
        return grad
