"""Links."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """One to each secret."""
    course = Path(place["COURSE"])
    targets = {
        "gradebook.txt": course / "gradebook.db",
        "solutions.txt": course / "solutions" / "dropout.py",
        "suite": course / "tests" / "hidden" / "dropout",
        "neighbor": Path("../../aa-victim/dropout"),
        "notes.txt": Path("../../mm-victim/dropout/notes.txt"),
        "twice.txt": Path("gradebook.txt"),
        "loop": Path("loop"),
        "here": Path("."),
        "dangling.txt": Path("nowhere"),
        "memory.txt": Path("/proc/self/environ"),
        ".ipynb_checkpoints": course,
        "timestamp.txt": course / "gradebook.db",
    }
    for name, target in targets.items():
        (directory / name).symlink_to(target)
