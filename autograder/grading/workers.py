"""How worker processes start and how they end; imports little, so that starting them can come before all else."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext

from autograder.errors import JudgeFault
from autograder.grading.stopping import deaf_to_the_keyboard


def workers_context() -> ForkServerContext:
    """Workers are forked from a process that has imported what judging needs, once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["autograder.grading.preload"])
    return context


def start_ahead() -> None:
    """Start that process now: its imports take seconds, in which this process has its own to do. Raises JudgeFault."""
    workers_context()
    resource_tracker.ensure_running()  # by itself, as Python 3.11 forgets then which signals were blocked
    try:
        with deaf_to_the_keyboard():
            forkserver.ensure_running()
    except OSError as error:  # it has a socket in the temporary directory
        raise JudgeFault(f"worker processes cannot be started: {error}") from error


def end_with_the_grader(leash: Connection | None = None) -> None:
    """Runs first in a worker process: end it when the process that wanted it is killed.

    Workers hold both ends of their queue, and would wait for ever. It ends too when the other end of ``leash`` is
    closed: by itself it would finish its batch first.
    """
    grader = multiprocessing.parent_process()
    assert grader is not None, "this runs in a worker"
    ends: list[int | Connection] = [grader.sentinel]
    if leash is not None:
        ends.append(leash)

    def watch() -> None:
        wait(ends)
        os._exit(1)

    threading.Thread(target=watch, name="end with the grader", daemon=True).start()
