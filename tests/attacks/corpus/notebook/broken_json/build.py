"""Half a notebook."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """The first half."""
    text = json.dumps(notebook)
    (directory / "dropout.ipynb").write_text(text[: len(text) // 2])
