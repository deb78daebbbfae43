"""Six cells of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import own_cell


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Beginnings of formulas of each kind."""
    for number, opener in enumerate(("\\\\[", "\\\\(", "\\begin{a}") * 2):
        notebook["cells"].append(own_cell(opener * (19_000 // len(opener)), number, "markdown"))
