"""A link."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """To the one who has everything right."""
    (directory / "dropout.ipynb").symlink_to("../../aa-victim/dropout/dropout.ipynb")
