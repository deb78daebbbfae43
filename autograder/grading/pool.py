"""The worker processes of one grader."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from autograder.errors import JudgeFault
from autograder.grading.stopping import deaf_to_the_keyboard, whole
from autograder.grading.workers import end_with_the_grader, start_ahead, workers_context


class Workers(ProcessPoolExecutor):
    """Worker processes that end at once when they are to, whatever they do, and with the process that wanted them.

    Raises JudgeFault where none can be started.
    """

    def __init__(self, number: int) -> None:
        start_ahead()
        context = workers_context()
        try:
            self._held, self._leash = context.Pipe(duplex=False)
            super().__init__(number, context, initializer=end_with_the_grader, initargs=(self._held,))
        except OSError as error:  # no descriptors, no semaphores in /dev/shm
            raise JudgeFault(f"worker processes cannot be started: {error}") from error

    def order(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """``submit``, which may start a process. Raises BrokenProcessPool where that is lost on the way.

        A process that is half started would be nobody's to end.
        """
        try:
            with whole():
                start_ahead()  # it may have been killed meanwhile
                with deaf_to_the_keyboard():
                    return self.submit(function, *arguments)
        except (ConnectionError, EOFError) as error:
            raise BrokenProcessPool(f"what workers are forked from was lost ({error})") from error
        except OSError as error:
            raise JudgeFault(f"a worker process cannot be started: {error}") from error

    def end(self) -> None:
        """End all of them now."""
        self._leash.close()
        self.shutdown()  # cancelling would leave those who wait for an order without an answer
        self._held.close()


def warmed_up(number: int) -> Workers:
    """Workers that begin to import what they need. Raises JudgeFault or BrokenProcessPool."""
    workers = Workers(number)
    try:
        workers.order(os.getpid)
    except BaseException:
        workers.end()
        raise
    return workers
