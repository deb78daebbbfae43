"""The configuration for real use: it loads with every choice, and a hub that is started with it lets the right ones in.

Started here with another authenticator and spawner, since those of real use need users of the system; all else is as
it stands: roles, groups from the class lists, services.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import secrets
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from tests.hub import hubs
from tests.hub.browser import Browser

pytestmark = pytest.mark.slow

DEPLOY = hubs.REPOSITORY / "deploy" / "jupyterhub"
PRODUCTION = DEPLOY / "production" / "jupyterhub_config.py"
PROXY = hubs.REPOSITORY / "build" / "hub" / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy"
COURSE = "ridge-to-bayes"
LOGIN = {
    "pam": {},
    "oauth": {
        f"OAUTH_{name}": "https://login.example.edu"
        for name in ("CLIENT_ID", "CLIENT_SECRET", "CALLBACK_URL", "AUTHORIZE_URL", "TOKEN_URL", "USERDATA_URL")
    },
    "lti": {f"LTI_{name}": "https://lms.example.edu" for name in ("CLIENT_ID", "ISSUER", "AUTHORIZE_URL", "JWKS_URL")},
}
OVERRIDES = """
load_subconfig({production!r})
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "password"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.services[0]["command"].append("--allow-root")
if "command" in c.JupyterHub.services[1]:
    c.JupyterHub.services[1]["command"] = {grading!r}
"""


def loaded(patch: pytest.MonkeyPatch, **environment: str) -> Config:
    """The configuration as JupyterHub reads it, with these settings of the site and no others."""
    for name in os.environ:
        if name.startswith(("HUB_", "OAUTH_", "LTI_")):
            patch.delenv(name)
    for name, value in environment.items():
        patch.setenv(name, value)
    patch.setattr(sys, "path", [*sys.path])
    return PyFileConfigLoader(PRODUCTION.name, path=str(PRODUCTION.parent)).load_config()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for the packages that some choices need."""
    for name in ("oauthenticator", "ltiauthenticator", "systemdspawner"):
        (tmp_path / f"{name}.py").touch()
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("spawner", ["local", "systemd"])
@pytest.mark.parametrize("authenticator", LOGIN)
def test_it_loads_with_every_choice(monkeypatch: pytest.MonkeyPatch, authenticator: str, spawner: str):
    settings = loaded(monkeypatch, HUB_AUTHENTICATOR=authenticator, HUB_SPAWNER=spawner, **LOGIN[authenticator])

    assert spawner in settings.JupyterHub.spawner_class
    assert authenticator in settings.JupyterHub.authenticator_class
    assert [service["user"] for service in settings.JupyterHub.services] == ["grader", "grader"]
    assert settings.Authenticator.manage_groups is True


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"HUB_AUTHENTICATOR": "ldap"}, "HUB_AUTHENTICATOR is 'ldap'; expected pam, oauth or lti"),
        ({"HUB_SPAWNER": "docker"}, "HUB_SPAWNER is 'docker'; expected local or systemd"),
    ],
)
def test_a_wrong_choice_is_refused(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], told: str):
    with pytest.raises(ValueError, match=re.escape(told)):
        loaded(monkeypatch, **environment)


@pytest.mark.parametrize(
    ("environment", "package"),
    [
        ({"HUB_AUTHENTICATOR": "oauth", **LOGIN["oauth"]}, "oauthenticator"),
        ({"HUB_AUTHENTICATOR": "lti", **LOGIN["lti"]}, "jupyterhub-ltiauthenticator"),
        ({"HUB_SPAWNER": "systemd"}, "jupyterhub-systemdspawner"),
    ],
)
def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], package: str):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ImportError, match=f"pip install {package}"):
        loaded(monkeypatch, **environment)


@pytest.mark.usefixtures("packages")
def test_a_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(KeyError, match="OAUTH_CLIENT_ID"):
        loaded(monkeypatch, HUB_AUTHENTICATOR="oauth")


def test_jupyterhub_knows_what_it_names(monkeypatch: pytest.MonkeyPatch):
    """That each setting names a trait, and each class exists: where nothing but JupyterHub is installed."""
    from jupyterhub.app import JupyterHub
    from jupyterhub.auth import PAMAuthenticator
    from jupyterhub.spawner import LocalProcessSpawner

    settings = loaded(monkeypatch)
    app = JupyterHub(config=settings)

    assert (app.authenticator_class, app.spawner_class) == (PAMAuthenticator, LocalProcessSpawner)
    known = {kind.__name__: kind for kind in app.classes}
    unknown = [
        f"{section}.{name}"
        for section in settings
        for name in settings[section]
        if name not in known[section].class_trait_names(config=True)
    ]
    assert not unknown


def test_the_exchange_is_open_but_nobody_can_remove_what_is_anothers(tmp_path: Path):
    subprocess.run([PRODUCTION.parent / "exchange.sh", tmp_path / "exchange", COURSE], check=True)

    modes = {
        str(path.relative_to(tmp_path)): f"{stat.S_IMODE(path.stat().st_mode):o}"
        for path in (tmp_path / "exchange", *(tmp_path / "exchange").rglob("*"))
    }
    assert modes == {
        "exchange": "1777",
        f"exchange/{COURSE}": "755",
        f"exchange/{COURSE}/outbound": "755",
        f"exchange/{COURSE}/inbound": "3733",
        f"exchange/{COURSE}/feedback": "711",
    }


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    (tmp_path / "instructors.txt").write_text("# who teaches\nprof\n")
    (tmp_path / "students.txt").write_text("Ada  # as the register writes it\nbruno\n\n")
    return tmp_path


@contextlib.contextmanager
def grading_unit(urls: dict[str, str], log: Path, token: str) -> Iterator[None]:
    """The grading service as ``autograder.service`` starts it, but for the program and the ports."""
    unit = (PRODUCTION.parent / "autograder.service").read_text()
    lines = re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)
    settings = dict(line.strip("'").split("=", 1) for line in lines)
    addresses = {"JUPYTERHUB_API_URL": f"{urls['HUB_API']}/hub/api", "JUPYTERHUB_SERVICE_URL": urls["HUB_GRADING"]}
    assert set(addresses) <= set(settings)
    environment = os.environ | settings | addresses | {"JUPYTERHUB_API_TOKEN": token}
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, hubs.DOUBLE], env=environment, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        process.wait(hubs.STOP_SECONDS)


@pytest.fixture(params=["managed", "unit"])
def production(request: pytest.FixtureRequest, hub: hubs.Hub, lists: Path) -> Iterator[str]:
    """The address of a hub with the configuration for real use, on the course of the demonstration.

    The grading service is the hub's, or a unit of its own.
    """
    unit = request.param == "unit"
    state = lists / "state"
    state.mkdir()
    with socket.socket() as a, socket.socket() as b, socket.socket() as c, socket.socket() as d, socket.socket() as e:
        ports = [s.bind(("127.0.0.1", 0)) or s.getsockname()[1] for s in (a, b, c, d, e)]
    addresses = ("HUB_BIND", "HUB_API", "HUB_PROXY_API", "HUB_FORMGRADER", "HUB_GRADING")
    urls = {name: f"http://127.0.0.1:{port}" for name, port in zip(addresses, ports, strict=True)}
    config = lists / "jupyterhub_config.py"
    config.write_text(OVERRIDES.format(production=str(PRODUCTION), grading=[sys.executable, str(hubs.DOUBLE)]))
    paths = {"LISTS": lists, "STATE": state, "PROXY": PROXY, "COURSE_ROOT": hub.state / "course", "GRADER": ""}
    settings = {f"HUB_{name}": str(value) for name, value in paths.items()} | urls
    token = secrets.token_hex(32) if unit else ""
    settings["HUB_GRADING_TOKEN"] = token
    with (lists / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "--config", str(config)],
            env=os.environ | settings,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=state,
        )
    told = lists / "hub.log"
    stack = contextlib.ExitStack()
    if unit:
        stack.enter_context(grading_unit(urls, lists / "grading.log", token))
    try:
        hubs.wait_for(lambda: "JupyterHub is now running" in told.read_text() or process.poll() is not None, 120)
        assert process.poll() is None, told.read_text()[-5000:]
        yield urls["HUB_BIND"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(hubs.STOP_SECONDS)
        stack.close()
    hubs.wait_for(lambda: hubs.left_behind(lists) == [], hubs.STOP_SECONDS)


def visits(url: str, name: str) -> dict[str, int]:
    """What a user gets after logging in anew."""
    browser = Browser(url)
    entered = browser.log_in(name, "password").status_code
    pages = {"formgrader": f"/services/{COURSE}/formgrader/manage_assignments", "grading": "/services/autograder/"}
    return {"hub": entered} | {page: browser.get(path).status_code for page, path in pages.items()}


@pytest.mark.long
def test_the_class_lists_decide_at_each_login(production: str, lists: Path):
    assert visits(production, "prof") == {"hub": 200, "formgrader": 200, "grading": 200}
    assert visits(production, "ada") == {"hub": 200, "formgrader": 403, "grading": 200}
    assert visits(production, "mallory")["hub"] == 403

    (lists / "students.txt").write_text("bruno\n")
    (lists / "instructors.txt").write_text("ada\n")

    assert visits(production, "ada") == {"hub": 200, "formgrader": 200, "grading": 200}
    assert visits(production, "prof")["hub"] == 403
    assert visits(production, "bruno") == {"hub": 200, "formgrader": 403, "grading": 200}
