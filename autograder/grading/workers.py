"""How worker processes start and how they end; imports nothing, so that starting them can come before all else."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext


def workers_context() -> ForkServerContext:
    """Workers are forked from a process that has imported what judging needs, once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["autograder.grading.preload"])
    return context


def start_ahead() -> None:
    """Start that process now: its imports take seconds, in which this process has its own to do."""
    workers_context()
    forkserver.ensure_running()


def end_with_the_grader() -> None:
    """Runs first in a worker process: end it when the process that wanted it is killed.

    Workers hold both ends of their queue, and would wait for ever.
    """
    grader = multiprocessing.parent_process()
    assert grader is not None, "this runs in a worker"

    def watch() -> None:
        grader.join()
        os._exit(1)

    threading.Thread(target=watch, name="end with the grader", daemon=True).start()
