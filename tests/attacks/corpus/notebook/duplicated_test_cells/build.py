"""Copies of the test cells."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Ten copies of each, some of them with another text or id."""
    for cell in list(notebook["cells"]):
        if not cell["metadata"]["nbgrader"]["grade"]:
            continue
        for number in range(10):
            twin = copy.deepcopy(cell)
            if cell["cell_type"] == "code":
                twin["outputs"] = [{"output_type": "execute_result", "execution_count": 1, "metadata": {},
                                    "data": {"text/plain": "4.0"}}]  # fmt: skip
            twin["metadata"]["nbgrader"]["points"] = 4 * number
            if number % 3 == 0:
                twin["source"] = "4.0"
            notebook["cells"].insert(number, twin)
