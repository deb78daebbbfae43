"""Another encoding."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """UTF-16 with its mark."""
    (directory / "dropout.ipynb").write_bytes(json.dumps(notebook, ensure_ascii=False).encode("utf-16"))
