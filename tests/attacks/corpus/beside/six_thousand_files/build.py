"""Many files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """All of them empty."""
    for number in range(6000):
        (directory / f"{number}.txt").touch()
