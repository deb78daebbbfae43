"""A notebook without the release's cells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import own_cell


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """One cell is left."""
    notebook["cells"] = [own_cell("print('all tests passed')", 1)]
