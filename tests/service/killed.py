"""Run the engine on a course until it kills itself at a point: ``python -m tests.service.killed ROOT POINT``.

With no point it is the command that is run on a hub.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.cli.serve import serve_engine
from autograder.grading import gradebook, store
from autograder.service import attempts, recording


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def dies_after(function: Callable[..., Any]) -> Callable[..., Any]:
    def done(*arguments: Any, **options: Any) -> Any:
        function(*arguments, **options)
        die()

    return done


POINTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "while it is taken in": (attempts, "write_json", die),
    "after it was taken in": (attempts, "create", dies_after(attempts.create)),
    "before the record is stored": (store, "write", die),
    "between the record and the result": (attempts, "write_result", die),
    "after the result": (attempts, "write_result", dies_after(attempts.write_result)),
    "before it is put into submitted": (recording, "write_tree", dies_after(recording.write_tree)),
    "after it was put into submitted": (recording, "sync_directory", die),
    "before the gradebook": (gradebook.Writer, "write", die),
    "after the gradebook": (gradebook.Writer, "write", dies_after(gradebook.Writer.write)),
    "after all of it": (attempts, "write_counted", dies_after(attempts.write_counted)),
}

if __name__ == "__main__":
    root, point = sys.argv[1:]
    if point:
        where, name, replacement = POINTS[point]
        setattr(where, name, replacement)
    serve_engine(Path(root), workers=1, check_owner=False)
