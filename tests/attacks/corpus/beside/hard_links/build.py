"""Second names for others' files."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

NOBODY = 65534


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """As another user where this one may become it; the owner of these files needs no link."""
    course = Path(place["COURSE"])
    if os.geteuid() != 0:
        return
    child = os.fork()
    if child == 0:
        os.chmod(directory, 0o777)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        for name in ("gradebook.db", "solutions/dropout.py", "submitted/aa-victim/dropout/notes.txt"):
            with suppress(OSError):
                os.link(course / name, directory / f"second-{Path(name).name}.txt")
        os._exit(0)
    os.waitpid(child, 0)
