"""A browser as far as the hub's tests need one: cookies, redirects, the login form and the token against forgery."""

from __future__ import annotations

import re
import time
from typing import Any

import requests

TIMEOUT = 60.0  # seconds a request
START_SECONDS = 120.0  # for a user's server


class Browser:
    """One user, or nobody yet, at the hub whose address is ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy of the machine's

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.session.get(f"{self.url}/{path.lstrip('/')}", timeout=TIMEOUT, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        """A POST as the pages' scripts send it: with the token that the cookie for this path holds."""
        headers = {"X-XSRFToken": self.token(path), "Sec-Fetch-Mode": "cors"}
        return self.session.post(f"{self.url}/{path.lstrip('/')}", headers=headers, timeout=TIMEOUT, **more)

    def token(self, path: str) -> str:
        """The token against forgery for the longest path of a cookie that leads there."""
        cookies = [c for c in self.session.cookies if c.name == "_xsrf" and f"/{path.lstrip('/')}".startswith(c.path)]
        assert cookies, f"no _xsrf cookie for {path}"
        return max(cookies, key=lambda cookie: len(cookie.path)).value or ""

    def log_in(self, name: str, password: str) -> requests.Response:
        """Fill in the login form; the answer is the page that follows."""
        form = self.get("/hub/login")
        assert form.status_code == 200
        match = re.search(r'name="_xsrf" value="([^"]+)"', form.text)
        assert match, "the form carries a token against forgery"
        fields = {"username": name, "password": password, "_xsrf": match[1]}
        return self.session.post(f"{self.url}/hub/login?next=/hub/home", data=fields, timeout=TIMEOUT)

    def start_server(self, name: str) -> str:
        """Have the hub start the user's server; returns its path once JupyterLab answers."""
        path = f"/user/{name}/"
        deadline = time.monotonic() + START_SECONDS
        assert self.get("/hub/spawn").status_code == 200
        while (answer := self.get(f"{path}lab", headers={"Sec-Fetch-Mode": "navigate"})).url != f"{self.url}{path}lab":
            assert time.monotonic() < deadline, f"{answer.status_code} at {answer.url}: {answer.text[:500]}"
            time.sleep(0.3)
        assert answer.status_code == 200, answer.text[:500]
        return path
