"""Names of all kinds."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = (
    b"-rf", b"--force", b"a\nb", b"\xff\xfe", b"a\x1b[2Jb", b"x" * 255, "\u202etxt.exe".encode(), b" ", b"...", b"~",
    b"$(touch x)", b"`id`", b"; id #", b"|id", b"=cmd|' C calc'!A0", b"@SUM(1+1)", b"%00", b"\\..\\..\\x",
    b"<img src=x onerror=alert(1)>", b"x", b"CON", b"autograded", b"\xe2\x80\xa8line", b"a\tb",
)  # fmt: skip


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """A file, or a folder with one, of each name."""
    for number, name in enumerate(NAMES):
        path = os.path.join(os.fsencode(directory), name)
        if number % 3 == 2:
            os.mkdir(path)
            path = os.path.join(path, b"inner")
        with open(path, "wb") as stream:
            stream.write(b"x")
