"""The demonstration's hub leaves no process behind, however it ends, and says why where it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.hub import hubs
from tests.hub.browser import Browser
from tests.hub.conftest import PASSWORD

pytestmark = pytest.mark.long


def busy(hub: hubs.Hub) -> None:
    """Have a student's server run, with a kernel that computes in it."""
    student = Browser(hub.url)
    student.log_in("chen", PASSWORD)
    student.start_server("chen")
    assert student.post("/user/chen/api/kernels", json={"name": "python3"}).status_code == 201
    assert len(hubs.left_behind(hub.state)) >= 6  # starter, hub, proxy, two services, server; then the kernel


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state that the tests of this module use one after the other, as one who starts the demonstration again does."""
    return tmp_path_factory.mktemp("ending") / "state"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_ends_everything(kept: Path, number: signal.Signals):
    with hubs.running(kept) as hub:
        busy(hub)

        hub.process.send_signal(number)

        assert hub.process.wait(hubs.STOP_SECONDS) == 0
        assert hub.text.endswith("hub: stopped\n")
        assert hubs.left_behind(kept) == []


def test_a_hub_that_is_killed_is_told_and_takes_everything_along(kept: Path):
    with hubs.running(kept) as hub:
        busy(hub)

        os.kill(hub.jupyterhub, signal.SIGKILL)

        assert hub.process.wait(hubs.STOP_SECONDS) == 1
        assert "JupyterHub ended by itself (exit code -9)" in hub.text
        assert hubs.left_behind(kept) == []


def test_a_starter_that_is_killed_takes_everything_along(kept: Path):
    with hubs.running(kept) as hub:
        busy(hub)

        hub.process.kill()

        hub.process.wait(hubs.STOP_SECONDS)
        hubs.wait_for(lambda: hubs.left_behind(kept) == [], hubs.STOP_SECONDS)


def test_what_users_did_is_there_after_a_new_start(kept: Path):
    (kept / "homes" / "chen").mkdir(parents=True, exist_ok=True)
    (kept / "homes" / "chen" / "mine.txt").write_text("kept")

    with hubs.running(kept) as hub:
        assert "making the course" not in hub.text
        assert (kept / "homes" / "chen" / "mine.txt").read_text() == "kept"


def failing(state: Path, *options: str, **environment: str) -> str:
    """What the starter says when it cannot start."""
    hub = hubs.Hub(state, options, {**os.environ, **environment})
    assert hub.process.wait(hubs.STOP_SECONDS) == 1
    return hub.text


def test_without_node_it_says_what_to_install(tmp_path: Path):
    text = failing(tmp_path / "state", PATH=str(tmp_path))

    assert text.startswith("hub: node and npm not found")
    assert "apt-get install nodejs npm" in text


def test_a_port_that_is_taken(hub: hubs.Hub, kept: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        text = failing(kept, "--assignments", *hubs.ASSIGNMENTS, "--port", str(port))

    assert f"port {port} cannot be used" in text
    assert "choose another with --port" in text


def test_two_at_a_time_need_two_directories(hub: hubs.Hub):
    told = hub.text
    second = failing_second(hub.state)

    assert "another hub runs in" in second
    assert hub.text == told


def failing_second(state: Path) -> str:
    """What a second starter on the same directory says."""
    link = state.parent / "second"
    link.symlink_to(state)
    return failing(link)


def test_a_service_that_does_not_start_is_told(kept: Path):
    command = [
        "--assignments",
        *hubs.ASSIGNMENTS,
        "--grading-command",
        sys.executable,
        "-c",
        "raise SystemExit('broken')",
    ]

    text = failing(kept, *command)

    assert "Service autograder exited with status 1" in text
    assert f"{kept}/hub.log" in text
    assert hubs.left_behind(kept) == []
