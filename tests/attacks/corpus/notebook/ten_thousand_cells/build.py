"""Many cells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import own_cell


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """All alike."""
    notebook["cells"] += [own_cell("pass", number) for number in range(10_000)]
