"""Modules and data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

MASKS = """
import torch

def draw(x, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    return (torch.rand_like(x) >= p).to(x.dtype)
"""


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """A module, a package and a table."""
    (directory / "helpers").mkdir()
    (directory / "data").mkdir()
    (directory / "helpers" / "masks.py").write_text(MASKS)
    (directory / "tools.py").write_text("def scale(p):\n    return 1 / (1 - p) if p < 1 else 0.0\n")
    (directory / "data" / "values.csv").write_text("1.0\n2.0\n")
