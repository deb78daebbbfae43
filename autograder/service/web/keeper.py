"""Keeps the engine running beside the pages: a child process, started again when it ends, ended with this one."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import time
from collections.abc import Sequence

from autograder.service.web import logs

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before it is started again
SOUND = 60.0  # seconds after which an engine has run well: the next pause is the first again
LAST_WORK = 30.0  # seconds that the engine has to end in; what it leaves is done by the next
# The engine needs nothing of the hub, and starts processes for students' code: it gets no token.
SECRETS = ("JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN", "JUPYTERHUB_CLIENT_ID", "CONFIGPROXY_AUTH_TOKEN")
_PR_SET_PDEATHSIG = 1


async def keep_running(command: Sequence[str], stop: asyncio.Event) -> None:
    """Run ``command`` again and again until ``stop`` is set, then end it. Raises OSError if it cannot be started."""
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    pause = FIRST_PAUSE
    while not stop.is_set():
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(*command, env=environment, preexec_fn=_end_with_parent)
        logs.event("engine started", pid=process.pid)
        code = await _until_ended(process, stop)
        if stop.is_set():
            logs.event("engine stopped", code=code)
            return
        pause = FIRST_PAUSE if time.monotonic() - began > SOUND else min(LONGEST_PAUSE, pause * 2)
        logs.event("engine ended by itself: started again", level=logs.ERROR, code=code, pause=pause)
        await _wait(stop, pause)


async def _until_ended(process: asyncio.subprocess.Process, stop: asyncio.Event) -> int:
    """The exit code of ``process``, which is ended when ``stop`` is set."""
    ended, stopped = asyncio.ensure_future(process.wait()), asyncio.ensure_future(stop.wait())
    await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not ended.done():
        process.send_signal(signal.SIGTERM)
        await asyncio.wait((ended,), timeout=LAST_WORK)
    if not ended.done():
        process.kill()
    return await ended


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


_libc = ctypes.CDLL(None, use_errno=True)


def _end_with_parent() -> None:
    """In the child: SIGTERM when the pages' process is gone, however it went."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
