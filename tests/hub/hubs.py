"""Starts the demonstration's hub as ``make hub`` does, on free ports, and looks for what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
STARTER = REPOSITORY / "deploy" / "jupyterhub" / "run.py"
DOUBLE = Path(__file__).parent / "grading_double.py"
ASSIGNMENTS = ("normalization", "ridge")
START_SECONDS = 240.0  # npm and pip may have to bring something first
STOP_SECONDS = 60.0


class Hub:
    """A hub that has been started: its address, its directory, and the starter's process."""

    def __init__(self, state: Path, options: Sequence[str], environment: dict[str, str] | None = None) -> None:
        self.state = state
        self.told = state.parent / f"{state.name}.out"
        with self.told.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, STARTER, "--state", state, "--port", "0", *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    def ready(self) -> Hub:
        """Wait until it says so."""
        wait_for(lambda: "ready" in self.text or self.process.poll() is not None, START_SECONDS)
        assert self.process.poll() is None, self.text
        return self

    @property
    def text(self) -> str:
        """What the starter has printed."""
        return self.told.read_text()

    @property
    def url(self) -> str:
        match = re.search(r"^ +hub +(http://127\.0\.0\.1:\d+)/$", self.text, re.MULTILINE)
        assert match, self.text
        return match[1]

    @property
    def jupyterhub(self) -> int:
        """The process id of JupyterHub itself."""
        (pid,) = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(pid)

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def running(state: Path, *options: str) -> Iterator[Hub]:
    """A hub with the double of the grading service, for the time of a ``with``."""
    hub = Hub(state, ["--assignments", *ASSIGNMENTS, *options, "--grading-command", sys.executable, str(DOUBLE)])
    try:
        yield hub.ready()
    finally:
        if hub.process.poll() is None:
            hub.stop()


def left_behind(state: Path) -> list[str]:
    """The command lines of processes that this hub has started: its directory is in what they were started with."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            told = [(process / name).read_bytes() for name in ("cmdline", "environ")]
            if os.fsencode(state) in b"".join(told):
                found.append(f"{process.name}: {told[0].replace(bytes(1), b' ').decode(errors='replace')}")
    return found


def wait_for(condition, seconds: float) -> None:
    """Wait until the condition holds; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain"
        time.sleep(0.1)
