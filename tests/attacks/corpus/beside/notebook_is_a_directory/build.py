"""A directory."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """With a notebook of that name in it."""
    (directory / "dropout.ipynb").mkdir()
    (directory / "dropout.ipynb" / "dropout.ipynb").write_text(json.dumps(notebook))
