"""Another student's name."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Wherever a name could be looked for."""
    notebook["metadata"] |= {"student_id": "aa-victim", "student": "aa-victim", "nbgrader": {"student": "aa-victim"}}
    inner = directory / "submitted" / "aa-victim" / "dropout"
    inner.mkdir(parents=True)
    (inner / "dropout.ipynb").write_text(json.dumps(notebook))
    (directory / "student.json").write_text(json.dumps({"id": "aa-victim"}))
