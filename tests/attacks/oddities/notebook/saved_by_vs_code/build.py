"""VS Code's metadata."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """As VS Code writes them."""
    notebook["metadata"]["vscode"] = {"interpreter": {"hash": "0" * 64}}
    notebook["metadata"]["language_info"] = {"name": "python", "codemirror_mode": {"name": "ipython"}}
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell["metadata"]["vscode"] = {"languageId": "python"}
            cell["outputs"] = [{"ename": "Error", "evalue": "Session cannot generate requests", "output_type": "error",
                                "traceback": ["x"]}]  # fmt: skip
