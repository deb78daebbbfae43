"""Reference solutions of the assignment ``$assignment``. `autograder sync` fills them into its notebook."""

from __future__ import annotations

from typing import Any

import numpy as np


def standardize(X: np.ndarray) -> tuple[np.ndarray, Any]:
    """Return (Z, scaler): each column of X (n, d) with mean 0 and standard deviation 1 (divided by n).

    With the mean m_j and the standard deviation s_j of column j,

        z_ij = (x_ij - m_j) / s_j.

    A column of equal values has nothing to divide by, and becomes zeros. Its values tell that they are equal; its
    computed standard deviation does not: the mean of three times 0.1 is rounded to 0.10000000000000002, which leaves a
    deviation of 1e-17. With m_j = the value and s_j = 1 such a column is exactly zero, and comes back exactly.

    The scaler is (m (d,), s (d,)). Raises ValueError unless X has two axes.
    """
    if X.ndim != 2:
        raise ValueError(f"X has {X.ndim} axes; expected 2")
    constant = np.ptp(X, axis=0) == 0
    mean = np.where(constant, X.min(axis=0), X.mean(axis=0))
    std = np.where(constant, 1.0, X.std(axis=0))
    return (X - mean) / std, (mean, std)


def unstandardize(Z: np.ndarray, scaler: Any) -> np.ndarray:
    """Return X (m, d) from Z (m, d), the rows of any data in the units of the scaler: x_ij = s_j z_ij + m_j."""
    mean, std = scaler
    return Z * std + mean
