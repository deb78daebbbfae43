"""Other settings in every cell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

POINTS = (1000, -5, float("nan"), "18", None, [18], True, 1e308)


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Turn every flag round."""
    for number, cell in enumerate(notebook["cells"]):
        settings = cell["metadata"]["nbgrader"]
        settings["points"] = POINTS[number % len(POINTS)]
        for flag in ("grade", "locked", "solution", "task"):
            settings[flag] = not settings[flag]
        settings |= {"checksum": "0" * 32, "schema_version": 99, "score": 1000, "extra_credit": 5}
