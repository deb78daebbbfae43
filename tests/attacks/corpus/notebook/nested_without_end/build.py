"""Deep JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """In the metadata, which nobody needs."""
    text = json.dumps(notebook | {"metadata": {"deep": 0}})
    deep = "[" * 100_000 + "]" * 100_000
    (directory / "dropout.ipynb").write_text(text.replace('"deep": 0', f'"deep": {deep}'))
