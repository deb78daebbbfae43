"""A thread that swaps."""

import json
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

SECONDS = 120


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """It swaps the data: with another notebook the verdict would depend on chance."""
    (directory / "dropout.ipynb").write_text(json.dumps(notebook))
    neighbor = Path("../../aa-victim/dropout")
    (directory / "notes-1.txt").symlink_to(neighbor / "notes.txt")
    (directory / "data-1").symlink_to(neighbor)

    def swap() -> None:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and directory.exists():
            with suppress(OSError):
                (directory / "notes.txt").unlink(missing_ok=True)
                (directory / "notes.txt").write_text("mine")
                os.replace(directory / "notes.txt", directory / "notes-2.txt")
                os.rename(directory / "notes-1.txt", directory / "notes.txt")
                os.rename(directory / "notes.txt", directory / "notes-1.txt")
                (directory / "data").mkdir(exist_ok=True)
                (directory / "data").rmdir()
                os.rename(directory / "data-1", directory / "data")
                os.rename(directory / "data", directory / "data-1")
            time.sleep(0.002)

    threading.Thread(target=swap, daemon=True).start()
