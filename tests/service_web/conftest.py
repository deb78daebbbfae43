from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from autograder.course.layout import Course
from autograder.service.web.server import Services, application, services
from autograder.service.web.settings import Settings
from tests.service_web import classroom
from tests.service_web.fake_hub import COURSE, SERVICE_TOKEN, hub, instructor, served, student, user

PREFIX = "/services/autograder/"
THEN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
USERS = {
    "token-ada": student("ada"),
    "token-ben": student("ben"),
    "token-ira": instructor("ira"),
    "token-out": user("out", "nbgrader-another-course"),
    "token-noscope": user("noscope", f"formgrade-{COURSE}", scopes=()),
    "token-robot": {"kind": "service", "name": "robot", "admin": False, "roles": [], "scopes": ["access:services"]},
}


@dataclass
class Site:
    """The pages of a course, served beside a hub."""

    url: str
    course: Course
    services: Services
    hub_asked: list[str]
    clients: list[httpx.Client] = field(default_factory=list)

    def as_user(self, name: str, **headers: str) -> httpx.Client:
        """A program with the token of this user; "" for nobody."""
        sent = {"Authorization": f"token token-{name}"} if name else {}
        return self._client(headers={**sent, **headers})

    def in_browser(self, name: str) -> httpx.Client:
        """A browser in which this user has logged in by the hub, with cookies and without a token in its headers."""
        client = self._client(headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"})
        sent = client.get("")
        assert sent.status_code == 302
        login = urlsplit(sent.headers["Location"])
        assert login.path == "/hub/api/oauth2/authorize"
        state = parse_qs(login.query)["state"][0]
        back = client.get("oauth_callback", params={"code": f"code-of-token-{name}", "state": state})
        assert (back.status_code, back.headers["Location"]) == (302, PREFIX)
        return client

    def _client(self, **options: Any) -> httpx.Client:
        client = httpx.Client(base_url=self.url, timeout=20, **options)
        self.clients.append(client)
        return client


def xsrf_of(page: httpx.Response) -> str:
    """The token that a page hands to its script and forms."""
    found = re.search(r'data-xsrf="([^"]+)"', page.text)
    assert found
    return found[1]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    made = classroom.make_course(tmp_path / "course", {"ridge": "Ridge & shrinkage", "dropout": "Dropout"})
    classroom.enroll(made, {"ada": ("Lovelace", "Ada"), "ben": ("Bitdiddle", "Ben"), "cy": ("D-Fect", "Cy")})
    classroom.engine(made)
    return made


@pytest.fixture
def serve(course: Course) -> Iterator[Callable[..., Site]]:
    """Call it to serve ``course``, with changes of its settings."""
    running: list[Any] = []
    sites: list[Site] = []

    def start(**changes: Any) -> Site:
        found: list[Any] = []

        def make(port: int) -> list[Any]:
            settings = Settings(
                course=course,
                prefix=PREFIX,
                hub_prefix="/hub/",
                api_url=f"http://127.0.0.1:{port}/hub/api",
                api_token=SERVICE_TOKEN,
                client_id="service-autograder",
                access_scopes=frozenset({"access:services!service=autograder"}),
                formgrader="/services/ridge-to-bayes/formgrader",
                read_rate=(1000.0, 1000),
                write_rate=(1000.0, 1000),
            )
            shared = services(replace(settings, **changes))
            fake = hub(dict(USERS))
            found.extend([shared, fake])
            return [fake, application(shared)]

        context = served(make)
        ports = context.__enter__()
        running.append(context)
        shared, fake = found
        sites.append(Site(f"http://127.0.0.1:{ports[1]}{PREFIX}", course, shared, fake.settings["asked"]))
        return sites[-1]

    yield start
    for site in sites:
        for client in site.clients:
            client.close()
        site.services.executor.shutdown()
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture
def site(serve: Callable[..., Site]) -> Site:
    return serve()
