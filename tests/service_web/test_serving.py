"""The process: started with the hub's environment, with an engine beside it, ended together."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from autograder.course.layout import Course
from autograder.errors import CourseFault
from autograder.service.web import keeper
from autograder.service.web.settings import Settings
from tests.service_web.fake_hub import SERVICE_TOKEN

ROOT = Path(__file__).parents[2]
HUB = {
    "JUPYTERHUB_API_TOKEN": SERVICE_TOKEN,
    "JUPYTERHUB_API_URL": "http://127.0.0.1:9/hub/api",
    "JUPYTERHUB_CLIENT_ID": "service-autograder",
    "JUPYTERHUB_SERVICE_NAME": "autograder",
    "JUPYTERHUB_SERVICE_PREFIX": "/base/services/autograder/",
    "JUPYTERHUB_BASE_URL": "/base/",
}
# An engine that writes its number and environment, and ends twice before it stays.
ENGINE = """
import os, sys, time
from pathlib import Path
told = Path(sys.argv[1])
number = len(list(told.iterdir()))
(told / f"{number}.new").write_text(f"{os.getpid()} {'JUPYTERHUB_API_TOKEN' in os.environ}")
(told / f"{number}.new").rename(told / str(number))
if number < 2:
    sys.exit(3)
time.sleep(600)
"""
PAGES = """
import asyncio, sys
from pathlib import Path
from autograder.cli import serve_web
real = serve_web.keep_running
def keep_running(command, stop):
    assert command[1:6] == ["-m", "autograder.cli.main", "serve", "--engine-only", "--check-owner"], command
    return real([command[0], sys.argv[2], sys.argv[3]], stop)
serve_web.keep_running = keep_running
serve_web.serve_all(Path(sys.argv[1]), workers=1, check_owner=True)
"""


def test_the_settings_come_from_the_hubs_environment(course: Course) -> None:
    settings = Settings.from_environment(course, HUB)
    assert (settings.prefix, settings.hub_prefix) == ("/base/services/autograder/", "/base/hub/")
    assert settings.formgrader == "/base/services/ridge-to-bayes/formgrader"
    assert (settings.students, settings.instructors) == ("nbgrader-ridge-to-bayes", "formgrade-ridge-to-bayes")
    auth = settings.hub_auth()
    assert auth.access_scopes == {"access:services!service=autograder"}
    assert not auth.allow_token_in_url
    assert SERVICE_TOKEN not in str(settings.cookie_secret())


@pytest.mark.parametrize("name", ["JUPYTERHUB_API_TOKEN", "JUPYTERHUB_API_URL", "JUPYTERHUB_SERVICE_PREFIX"])
def test_without_the_hub_it_says_what_is_missing(course: Course, name: str) -> None:
    with pytest.raises(CourseFault, match=f"^{name} not set: .*--engine-only"):
        Settings.from_environment(course, {**HUB, name: ""})


def test_a_formgrader_whose_address_is_a_script_is_refused(course: Course) -> None:
    with pytest.raises(CourseFault, match="AUTOGRADER_FORMGRADER_URL is 'javascript:"):
        Settings.from_environment(course, {**HUB, "AUTOGRADER_FORMGRADER_URL": "javascript:alert(1)"})


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_pages_and_engine_start_and_end_together(course: Course, tmp_path: Path, ending: signal.Signals) -> None:
    told = tmp_path / "told"
    told.mkdir()
    (tmp_path / "engine.py").write_text(ENGINE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    arguments = [sys.executable, "-c", PAGES, str(course.root), str(tmp_path / "engine.py"), str(told)]
    environment = {**os.environ, **HUB, "JUPYTERHUB_SERVICE_URL": url}
    process = subprocess.Popen(arguments, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        _until(lambda: (told / "2").exists())
        _until(lambda: _answers(f"{url}{HUB['JUPYTERHUB_SERVICE_PREFIX']}health"))
        engine, has_token = (told / "2").read_text().split()
        assert has_token == "False"
        process.send_signal(ending)
        _, log = process.communicate(timeout=30)
        assert process.returncode == (0 if ending == signal.SIGTERM else -signal.SIGKILL)
        _until(lambda: not Path(f"/proc/{engine}").exists() or "Z" in _state(engine))
    finally:
        process.kill()
        process.wait()
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert events.count("engine started") == 3
    assert events.count("engine ended by itself: started again") == 2
    assert ("stopped" in events) == (ending == signal.SIGTERM)
    assert SERVICE_TOKEN not in log


def test_an_engine_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "LAST_WORK", 0.2)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"

    async def run() -> float:
        stop = asyncio.Event()
        task = asyncio.create_task(keeper.keep_running([sys.executable, "-c", code], stop))
        await asyncio.sleep(1)
        began = time.monotonic()
        stop.set()
        await task
        return time.monotonic() - began

    assert asyncio.run(run()) < 5


def test_a_wrong_address_is_said(course: Course) -> None:
    from autograder.service.web.server import serve

    with pytest.raises(CourseFault, match="JUPYTERHUB_SERVICE_URL is 'unix:/x'; expected http://"):
        asyncio.run(serve(Settings.from_environment(course, HUB), "unix:/x", asyncio.Event()))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).json()["web"] == "ok"
    except httpx.TransportError:
        return False


def _state(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except FileNotFoundError:
        return "Z"


def _until(done: object) -> None:
    end = time.monotonic() + 30
    while not done():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)
