"""The limits of one submission: defaults, meaning and bounds. ``assignment.toml`` may set each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from autograder.errors import SuiteFault

FEWEST_PROCESSES = 8  # supervisor, notebook, exercises, and what a shell command starts


@dataclass(frozen=True)
class Limits:
    """Seconds of wall time unless the name says otherwise; MiB are 2**20 bytes."""

    cell_seconds: float = 30.0  # one notebook cell; then it is interrupted, and the next cell runs
    notebook_seconds: float = 120.0  # all cells of one notebook together
    call_seconds: float = 10.0  # one call of a student's function by a check, the judge's callbacks not counted
    exercise_seconds: float = 60.0  # all calls of one exercise's checks together
    hangs: int = 3  # calls of one exercise without an answer; after the first, calls get a quarter of their time
    cpu_seconds: int = 120  # of one process
    memory_mb: int = 2048  # beyond the libraries that every submission shares
    processes: int = 64  # processes and threads together
    file_mb: int = 64  # each of the home, /tmp and /dev/shm; they are memory
    output_kb: int = 256  # what one cell may print and show
    callbacks: int = 100_000  # calls of the judge's functions within one call
    restarts: int = 3  # of the notebook, each without the cell that ended it

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], where: str) -> Limits:
        """Read the ``[limits]`` table of an assignment. Raises SuiteFault for unknown names and bad values."""
        known = {field.name: field.default for field in fields(cls)}
        for name, value in settings.items():
            if name not in known:
                raise SuiteFault(f"{where}: unknown limit {name!r}; known are {', '.join(known)}")
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
                raise SuiteFault(f"{where}: limit {name} is {value!r}; expected a finite number above zero")
            if isinstance(known[name], int) and not isinstance(value, int):
                raise SuiteFault(f"{where}: limit {name} is {value!r}; expected a whole number")
        limits = cls(**settings)
        if limits.processes < FEWEST_PROCESSES:
            raise SuiteFault(f"{where}: limit processes is {limits.processes}; ours alone need {FEWEST_PROCESSES}")
        return limits

    def for_student_side(self) -> dict[str, Any]:
        """The limits as a plain dict, for the processes that enforce them."""
        return asdict(self)
