"""Attachments of all kinds."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import cell_of, own_cell

SCRIPT = "<script>alert(1)</script>"
PNG = b"\x89PNG\r\n\x1a\n"


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Some in the written answer, some in a cell of its own."""

    def encoded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    bundles: dict[str, Any] = {
        "a.svg": {"image/svg+xml": f"<svg onload='alert(1)'>{SCRIPT}</svg>"},
        "b.png": {"image/png": encoded(SCRIPT.encode())},
        "c.png": {"image/png": encoded(PNG + bytes(5 * 2**20))},
        "../../d.png": {"image/png": encoded(PNG) + "\" onerror='alert(1)"},
        f"{SCRIPT}.png": {"image/png": encoded(PNG + SCRIPT.encode())},
        "e": {},
        "f.html": {"text/html": SCRIPT, "image/png": [encoded(PNG), "\n"]},
    }
    text = "\n".join(f"![x](attachment:{name})" for name in bundles)
    cell_of(notebook, "explain_dropout").update(source=text, attachments=bundles)
    notebook["cells"].append(own_cell(text, 1, "markdown") | {"attachments": {"a": 1, "b": [2]}})
