"""Nested definitions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import own_cell


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """As deep as Python's indentation goes."""
    nested = "".join(" " * level + f"class A{level}:\n" for level in range(90))
    notebook["cells"].append(own_cell(nested + " " * 90 + "a=1" + ";a" * 20_000, 1))
