"""Ambiguous JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Two lists of cells: the first without the tests."""
    whole = json.dumps(notebook)
    some = json.dumps([c for c in notebook["cells"] if not c["metadata"]["nbgrader"]["grade"]])
    whole = whole.replace('"points": 4', '"points": 4, "points": NaN, "points": Infinity, "points": -Infinity')
    (directory / "dropout.ipynb").write_text('{"cells": ' + some + ', "nbformat": 3, ' + whole[1:])
