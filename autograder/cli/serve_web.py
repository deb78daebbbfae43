"""``autograder serve``: the pages, and the engine as a child process, as a service of JupyterHub."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from autograder.course.layout import Course
from autograder.service.web import logs
from autograder.service.web.keeper import keep_running
from autograder.service.web.server import serve
from autograder.service.web.settings import Settings

ENGINE = ("-m", "autograder.cli.main", "serve", "--engine-only")


def serve_all(start: Path, *, workers: int, check_owner: bool) -> None:
    """Serve until SIGTERM or SIGINT. Raises CourseFault where the hub's environment or the address is wrong."""
    course = Course.find(start)
    settings = Settings.from_environment(course)
    url = os.environ.get("JUPYTERHUB_SERVICE_URL", "")
    owner = "--check-owner" if check_owner else "--no-check-owner"
    command = [sys.executable, *ENGINE, owner, "--workers", str(workers), "--course", str(course.root)]
    logs.configure()
    asyncio.run(_both(settings, url, command))


async def _both(settings: Settings, url: str, engine: list[str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as tasks:  # a fault of one ends the other
        tasks.create_task(serve(settings, url, stop))
        tasks.create_task(keep_running(engine, stop))
