"""Cells moved."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import cell_of


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """The last exercise stands before the second one."""
    cell = cell_of(notebook, "dropconnect")
    notebook["cells"].remove(cell)
    notebook["cells"].insert(notebook["cells"].index(cell_of(notebook, "dropout_backward")), cell)
