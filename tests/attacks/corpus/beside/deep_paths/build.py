"""Directories within directories."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """A hundred, with a file at the end."""
    deep = directory.joinpath(*["deep"] * 100)
    deep.mkdir(parents=True)
    (deep / "end.txt").write_text("end")
