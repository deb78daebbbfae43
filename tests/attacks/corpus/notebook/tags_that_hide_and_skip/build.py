"""Tags in every cell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import own_cell

TAGS = ["skip-execution", "raises-exception", "remove-cell", "remove_cell", "remove_input", "hide-input", "parameters"]


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """The same tags for all, and settings that hide cells."""
    notebook["cells"].append(own_cell("print('unseen')", 1))
    for cell in notebook["cells"]:
        cell["metadata"] |= {"tags": TAGS, "jupyter": {"source_hidden": True, "outputs_hidden": True}}
        cell["metadata"] |= {"hide_input": True, "collapsed": True, "slideshow": {"slide_type": "skip"}}
