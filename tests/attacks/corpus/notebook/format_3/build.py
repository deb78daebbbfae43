"""An old format."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Cells in both places."""
    notebook |= {"nbformat": 3, "nbformat_minor": 99, "worksheets": [{"cells": notebook["cells"], "metadata": {}}]}
