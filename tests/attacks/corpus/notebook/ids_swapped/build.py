"""Ids that belong to other cells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import cell_of, own_cell

IDS = ("test_ridge_fit", "../../gradebook", "__class__", "x" * 5000, "test_", "autograder-notes", "\u202etest", "")


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Exchange two exercises with their tests, and add cells with ids of all kinds."""
    for one, other in (("dropout_forward", "test_dropout_forward"), ("dropconnect", "mc_dropout")):
        first, second = cell_of(notebook, one), cell_of(notebook, other)
        first["metadata"], second["metadata"] = second["metadata"], first["metadata"]
    for number, grade_id in enumerate(IDS):
        cell = own_cell("18", number)
        cell["id"] = ("autograder-notes", "added-1", "test_dropout_forward", grade_id)[number % 4]
        settings = {"grade": True, "grade_id": grade_id, "points": 18, "locked": True, "solution": False}
        cell["metadata"] = {"nbgrader": settings | {"schema_version": 3, "task": False}}
        notebook["cells"].insert(number, cell)
