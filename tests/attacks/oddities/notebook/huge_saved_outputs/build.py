"""Large outputs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Most of it in one cell."""
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 10 * 2**20}}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    cells[0]["outputs"] = [picture]
    cells[1]["outputs"] = [{"output_type": "display_data"}, {"text": None}, None]
