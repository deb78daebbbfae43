"""``autograder serve``: the engine that grades on submission."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from autograder.course.layout import Course
from autograder.service import logs
from autograder.service.engine import Engine


def serve_engine(start: Path, *, workers: int, check_owner: bool) -> None:
    """Grade until this process gets SIGTERM or SIGINT. Raises CourseFault where another engine does so already."""
    logs.start()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Engine(Course.find(start), workers=workers, check_owner=check_owner).run(stop)
