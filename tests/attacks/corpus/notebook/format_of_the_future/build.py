"""A format that does not exist."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Unknown keys everywhere."""
    notebook |= {"nbformat_minor": 99, "score": 18, "__class__": "x", "cells_graded": []}
    for cell in notebook["cells"]:
        cell |= {"score": 4, "prompt_number": 1, "input": "4.0", "language": "bash", "collapsed": True, "level": 1}
        cell["id"] = cell["id"] * 20
