"""Right numerical gradients: each must earn every point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("numerical_gradient")
def in_place_with_nditer():
    def numerical_gradient(f, x, eps=1e-5):
        grad = np.zeros_like(x)
        it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
        while not it.finished:
            ix = it.multi_index
            old = x[ix]
            x[ix] = old + eps
            fxph = f(x)
            x[ix] = old - eps
            fxmh = f(x)
            x[ix] = old
            grad[ix] = (fxph - fxmh) / (2 * eps)
            it.iternext()
        return grad


@equivalent("numerical_gradient")
def flat_copies():
    def numerical_gradient(f, x, eps=1e-5):
        out = []
        for i in range(x.size):
            values = []
            for sign in (1, -1):
                point = np.array(x)
                point.flat[i] += sign * eps
                values.append(f(point))
            out.append((values[0] - values[1]) / eps / 2)
        return np.array(out).reshape(x.shape)


@equivalent("numerical_gradient")
def unit_vectors():
    def numerical_gradient(f, x, eps=1e-5):
        base = x.flatten()
        units = eps * np.eye(base.size)
        return np.array(
            [(f((base + e).reshape(x.shape)) - f((base - e).reshape(x.shape))) / (2.0 * eps) for e in units]
        ).reshape(x.shape)


@equivalent("numerical_gradient")
def view_of_x_in_place():
    def numerical_gradient(f, x, eps=1e-5):
        flat = x.reshape(-1)
        grad = np.empty(flat.shape)
        for i, value in enumerate(flat.copy()):
            flat[i] = value - eps
            lower = f(x)
            flat[i] = value + eps
            upper = f(x)
            flat[i] = value
            grad[i] = (upper - lower) / (2 * eps)
        return grad.reshape(x.shape)


@equivalent("numerical_gradient")
def all_points_first():
    def numerical_gradient(f, x, eps=1e-5):
        indices = list(np.ndindex(*x.shape))
        points = np.repeat(x[None], 2 * len(indices), axis=0)
        for k, index in enumerate(indices):
            points[(2 * k, *index)] += eps
            points[(2 * k + 1, *index)] -= eps
        values = np.array([float(f(point)) for point in points])
        return ((values[0::2] - values[1::2]) / (2 * eps)).reshape(x.shape)


@equivalent("numerical_gradient")
def divided_by_the_step_that_was_made():
    def numerical_gradient(f, x, eps=1e-5):
        grad = np.zeros(x.shape, dtype=float)
        for index, value in np.ndenumerate(x):
            plus, minus = np.copy(x), np.copy(x)
            plus[index], minus[index] = value + eps, value - eps
            grad[index] = (f(plus) - f(minus)) / (plus[index] - minus[index])
        return grad.tolist()


@equivalent("numerical_gradient")
def half_steps():
    def numerical_gradient(f, x, eps=1e-5):
        def difference(index):
            step = np.zeros_like(x)
            step[index] = eps / 2
            return f(x + step) - f(x - step)

        grad = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            grad[index] = difference(index) / eps
        return grad


@equivalent("numerical_gradient")
def one_working_copy():
    def numerical_gradient(f, x, eps=1e-5):
        work = x.copy()
        grad = np.zeros_like(work)
        flat, out = work.ravel(), grad.ravel()
        for i in range(flat.size):
            old = flat[i]
            values = []
            for step in (+eps, -eps):
                flat[i] = old + step
                values.append(f(work))
            flat[i] = old
            out[i] = (values[0] - values[1]) * 0.5 / eps
        return grad
