"""A chain of attributes in an exercise."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import cell_of


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Deep enough for Python code, not for the parser."""
    source = "def dropout_forward(x, p):\n    return x" + ".a" * 1500 + "()"
    cell_of(notebook, "dropout_forward")["source"] = source
