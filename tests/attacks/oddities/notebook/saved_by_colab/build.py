"""Colab's metadata."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """As Colab writes them."""
    notebook |= {"nbformat_minor": 0}
    notebook["metadata"] = {"colab": {"provenance": [], "toc_visible": True}, "accelerator": "GPU",
                            "kernelspec": {"name": "python3", "display_name": "Python 3"}}  # fmt: skip
    for number, cell in enumerate(notebook["cells"]):
        del cell["id"]
        cell["metadata"] |= {"id": f"aB{number}_", "outputId": "x", "colab": {"base_uri": "https://localhost:8080/"}}
