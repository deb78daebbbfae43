"""A pipe."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Nobody writes to it."""
    os.mkfifo(directory / "dropout.ipynb")
