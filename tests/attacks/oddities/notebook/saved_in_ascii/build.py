"""Another form of the same JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """ASCII only, on one line."""
    text = json.dumps(notebook, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    (directory / "dropout.ipynb").write_text(text)
