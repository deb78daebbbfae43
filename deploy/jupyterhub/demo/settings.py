"""What the demonstration's hub is made of: its users, paths and addresses. ``run.py`` writes it, the hub reads it."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

VARIABLE = "AUTOGRADER_HUB_SETTINGS"  # holds the path of the file, for the hub's configuration
PASSWORD = "ridge-to-bayes"  # of everyone: this hub listens on this machine only
INSTRUCTOR = "instructor"
STUDENTS = ("ada", "bruno", "chen")


@dataclasses.dataclass(frozen=True)
class Settings:
    """One demonstration. ``state`` holds all that it writes; the ports are all on 127.0.0.1."""

    state: Path
    course_id: str
    proxy: Path  # the program configurable-http-proxy
    port: int
    hub_port: int
    proxy_port: int  # of the proxy's own interface, which the hub uses
    formgrader_port: int
    grading_port: int
    grading: tuple[str, ...]  # the command of the grading service; empty: there is none

    @property
    def course(self) -> Path:
        """The course's directory."""
        return self.state / "course"

    @property
    def exchange(self) -> Path:
        """nbgrader's exchange."""
        return self.state / "exchange"

    @property
    def homes(self) -> Path:
        """The directory of the users' homes."""
        return self.state / "homes"

    @property
    def url(self) -> str:
        """The hub's address for browsers, with a slash at its end."""
        return f"http://127.0.0.1:{self.port}/"

    def write(self) -> Path:
        """Write the settings into ``state``; returns the file's path."""
        path = self.state / "settings.json"
        texts = {"state": str(self.state), "proxy": str(self.proxy)}
        path.write_text(json.dumps(dataclasses.asdict(self) | texts, indent=2) + "\n")
        return path

    @classmethod
    def read(cls, path: Path | None = None) -> Settings:
        """The settings in this file; by default in the one that the environment names."""
        values = json.loads((path or Path(os.environ[VARIABLE])).read_text())
        paths = {name: Path(values[name]) for name in ("state", "proxy")}
        return cls(**(values | paths | {"grading": tuple(values["grading"])}))
