"""Bytes of an editor."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Carriage returns in the file and in its texts, and tabs for indentation."""
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["metadata"]["nbgrader"]["solution"] and cell["cell_type"] == "code":
            text = text.replace("    ", "\t").replace("\n", "\r\n")
        cell["source"] = text
    text = json.dumps(notebook, indent=1, ensure_ascii=False).replace("\n", "\r\n")
    (directory / "dropout.ipynb").write_bytes(b"\xef\xbb\xbf" + text.encode())
