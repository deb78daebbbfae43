"""An old notebook."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """As Jupyter wrote them in 2017."""
    notebook["nbformat_minor"] = 2
    notebook["metadata"] |= {"celltoolbar": "Create Assignment", "anaconda-cloud": {}}
    for number, cell in enumerate(notebook["cells"]):
        del cell["id"]
        cell["metadata"] |= {"collapsed": True}
        if cell["cell_type"] == "code":
            cell["execution_count"] = number
