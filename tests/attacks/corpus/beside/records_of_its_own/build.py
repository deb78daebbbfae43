"""Forged results."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = (
    "records/dropout/beside-records-of-its-own/0.json", "0.json", "in-gradebook", "gradebook.db",
    "feedback/0/dropout.html", "dropout.html",
)  # fmt: skip
SCORE = {"outcome": "graded", "score": 18.0, "points": 18.0, "confined": True, "format": 1, "exercises": []}


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Under all names that results have."""
    for name in NAMES:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(SCORE) + "<script>alert(1)</script>")
    (directory / "timestamp.txt").write_text("1970-01-01 00:00:00 UTC")
    (directory / "submission_secret.txt").write_text("../../aa-victim")
    (directory / "other.ipynb").write_text(json.dumps(notebook))
