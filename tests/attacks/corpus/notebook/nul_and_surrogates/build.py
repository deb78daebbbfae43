"""Characters that hardly any program expects."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import cell_of, own_cell

ODD = "\x00\ud800\udfff\u202e\u2028\ufeff\x1b]0;title\x07\x1b[2J\x7f\x85"


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Everywhere."""
    notebook["metadata"][ODD] = ODD
    cell_of(notebook, "dropout_forward")["source"] += f"\n# {ODD}"
    cell_of(notebook, "explain_dropout")["source"] = ODD * 20
    cell = own_cell(f"print('''{ODD}''')", 1)
    cell["metadata"] = {"nbgrader": {"grade_id": ODD, ODD: ODD}, "tags": [ODD]}
    notebook["cells"] = [own_cell("print(ascii(chr(0xd800)), chr(0xd800), chr(0))", 2), cell, *notebook["cells"]]
    (directory / "dropout.ipynb").write_text(json.dumps(notebook))
