"""One hub for most tests of this directory, started as ``make hub`` starts it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub import hubs
from tests.hub.browser import Browser

PASSWORD = "ridge-to-bayes"


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("npm"):
        pytest.skip("JupyterHub's proxy needs Node.js and npm: apt-get install nodejs npm")
    return tmp_path_factory.mktemp("hub") / "state"


@pytest.fixture(scope="session")
def hub(state: Path) -> Iterator[hubs.Hub]:
    with hubs.running(state) as started:
        yield started


@pytest.fixture(scope="session")
def users(hub: hubs.Hub) -> dict[str, Browser]:
    """Everyone of the demonstration, logged in."""
    browsers = {name: Browser(hub.url) for name in ("instructor", "ada", "bruno", "chen")}
    for name, browser in browsers.items():
        assert browser.log_in(name, PASSWORD).url == f"{hub.url}/hub/home"
    return browsers


@pytest.fixture(scope="session")
def ada(users: dict[str, Browser]) -> Browser:
    """A student whose server runs."""
    users["ada"].start_server("ada")
    return users["ada"]
