"""Wrong types."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Behind the cells of the release."""
    notebook["cells"] += [1, None, [], {"cell_type": ["code"]}, {"cell_type": "code", "source": {"a": 1}}]
