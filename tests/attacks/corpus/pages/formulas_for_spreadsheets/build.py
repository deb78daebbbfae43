"""A file with such a name, and ids."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

FORMULA = "=HYPERLINK(1,1)+cmd|' C calc'!A0"


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """In the metadata as well."""
    (directory / FORMULA).write_text("x")
    notebook["metadata"]["title"] = FORMULA
    for cell in notebook["cells"]:
        cell["metadata"]["name"] = FORMULA
