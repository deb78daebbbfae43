"""Special files."""

import os
import socket
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """A device as well, where this user may make one."""
    os.mkfifo(directory / "data.csv")
    before = os.getcwd()
    os.chdir(directory)  # a socket's whole path must be short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("server.txt")
    finally:
        os.chdir(before)
    with suppress(OSError):
        os.mknod(directory / "zero.bin", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
