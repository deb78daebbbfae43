"""The tolerance table: what it says, what it refuses, and the spread and the mistakes that it lies between."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autograder.compare import assert_matches, tolerance
from autograder.compare.tolerances import TOLERANCES
from autograder.errors import Mismatch, SuiteFault


def test_table() -> None:
    assert tolerance(torch.float64) == (1e-9, 1e-12)
    assert tolerance(np.dtype("float32")) == tolerance("float32") == tolerance(torch.float32) == (4e-3, 1e-6)
    assert all(row.measured for row in TOLERANCES.values())


def test_grows() -> None:
    for name in ("float64", "float32"):
        rtol, atol = tolerance(name)
        assert tolerance(name, "cuda")[0] == 2 * rtol
        assert tolerance(name, condition=100.0) > (rtol, atol)
    assert tolerance("float64", condition=1e6)[0] == pytest.approx(1.2e-8, rel=0.1)


@pytest.mark.parametrize(
    ("dtype", "device", "condition"),
    [
        ("int64", "cpu", 1.0),
        ("float64", "meta", 1.0),
        ("float64", "cpu", 0.5),
        ("float64", "cpu", float("nan")),
        ("float64", "cpu", float("inf")),
        ("float32", "cpu", 1e6),
    ],
)
def test_refuses(dtype: str, device: str, condition: float) -> None:
    with pytest.raises(SuiteFault):
        tolerance(dtype, device, condition)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("mean", [0.0, 5.0, 30.0])
def test_one_pass_variance_is_far_from_the_limit(dtype: torch.dtype, mean: float) -> None:
    """The widest spread among correct batch norms, on data up to 15 standard deviations from zero."""
    generator = torch.Generator().manual_seed(0)
    x = (mean + 2 * torch.randn(64, 9, dtype=torch.float64, generator=generator)).to(dtype)
    var = (x * x).mean(0) - x.mean(0) ** 2
    y = (x - x.mean(0)) / (var + 1e-5).sqrt()
    right = F.batch_norm(x, None, None, training=True)
    assert_matches(y, right, rtol=tolerance(dtype)[0] / 10)


def test_eps_outside_the_root_is_found() -> None:
    x = torch.randn(64, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    wrong = (x - x.mean(0)) / (x.std(0, correction=0) + 1e-5)
    with pytest.raises(Mismatch):
        assert_matches(wrong, F.batch_norm(x, None, None, training=True))
