"""Metadata that name programs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """A kernel specification with a command, and more."""
    mark = f"touch {place['SCRATCH']}/{place['MARK']}"
    spec = {"name": "../../../tmp/kernel", "display_name": "<script>alert(1)</script>", "language": "python"}
    notebook["metadata"] = {
        "kernelspec": spec | {"argv": ["sh", "-c", mark], "env": {"PATH": "/tmp"}},
        "language_info": {"name": "python", "pygments_lexer": "'><script>", "mimetype": "text/html", "version": mark},
        "jupytext": {"text_representation": {"extension": ".sh"}, "formats": "ipynb,sh:../../../tmp"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"x": "</script><script>alert(1)"}}},
        "papermill": {"parameters": {"points": 18}}, "title": "</title><script>alert(1)</script>", "authors": [1],
    }  # fmt: skip
