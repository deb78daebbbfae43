"""A text that is no time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Not even UTF-8."""
    (directory / "timestamp.txt").write_bytes(b"9999-99-99 25:61:61 \xff" * 100)
