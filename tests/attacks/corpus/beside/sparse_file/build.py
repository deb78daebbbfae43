"""Holes."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """One large hole."""
    (directory / "data.bin").touch()
    os.truncate(directory / "data.bin", 250 * 2**20)
