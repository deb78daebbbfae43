"""Long cells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import own_cell


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """One of each kind."""
    code = own_cell("x = '''" + ("a" * 99 + "\n") * 100_000 + "'''", 1)
    notebook["cells"] += [code, own_cell("*a **b " * 300_000, 2, "markdown")]
