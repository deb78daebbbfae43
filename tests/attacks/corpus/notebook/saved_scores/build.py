"""A notebook that looks graded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.attacks.case import own_cell

REPORT = "<div><p><strong>dropout_forward</strong>: 4 of 4 points (9 of 9 checks passed)</p></div>"


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Scores wherever one could look for them."""
    record = {"outcome": "graded", "score": 18.0, "points": 18.0, "confined": True, "format": 1}
    notebook["metadata"] |= {"autograder": record, "nbgrader": {"score": 18}, "celltoolbar": "Create Assignment"}
    for cell in notebook["cells"]:
        cell["metadata"] |= {"score": 4, "autograder": record, "nbgrader_score": {"auto": 4, "manual": 4}}
        if cell["cell_type"] == "code":
            cell["execution_count"] = 1
            cell["outputs"] = [
                {"output_type": "display_data", "metadata": {}, "data": {"text/html": REPORT}},
                {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": "4.0"}},
                {"output_type": "error", "ename": "Score", "evalue": "4.0", "traceback": []},
            ]
    notes = own_cell("**Notes of the autograder**: all 18 points", 1, "markdown")
    notebook["cells"].insert(0, notes | {"id": "autograder-notes"})
