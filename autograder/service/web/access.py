"""Who may see what: every request is checked by hub identity and group before a handler's own code runs.

A user of the hub is an instructor of this course, a student of it, or nobody: by the groups that the hub names, and
by nothing that comes with the request. Services of the hub are nobody. What a student may see of the own work is
decided in ``autograder.service.standing``.
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import ipaddress
import json
import math
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler, HubOAuthenticated, UserNotAllowed
from tornado.web import HTTPError, RequestHandler

from autograder.course.text import plain_text
from autograder.errors import AutograderError
from autograder.service.web import logs
from autograder.service.web.settings import Settings

if TYPE_CHECKING:
    from autograder.service.web.pages import Pages
    from autograder.service.web.server import Services

Role = Literal["student", "instructor"]
Answer = TypeVar("Answer")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
MAX_BODY = 64 * 1024


class Answering(RequestHandler):
    """What every answer has: headers, one way to tell an error, a line in the log."""

    wants_json = False

    def initialize(self, services: Services) -> None:
        """Tornado hands over what the application was made with."""
        self.services = services
        self.retry_after = 0
        self.began = time.perf_counter()

    @property
    def course_settings(self) -> Settings:
        """The settings of this course's pages."""
        return self.services.settings

    @property
    def pages(self) -> Pages:
        """The templates."""
        return self.services.pages

    def set_default_headers(self) -> None:
        """Nothing is kept by caches or proxies, framed, or run but our own scripts."""
        self.clear_header("Server")
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """The error in words: as JSON for a route of the API, as a page otherwise. No traceback, no path."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        told = _told(status_code, error)
        if self.retry_after:
            self.set_header("Retry-After", str(self.retry_after))  # tornado clears what was set before the error
        if self.wants_json:
            self.write_json({"error": told}, status_code)
        else:
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(self.pages.error(self, status_code, told))

    def write_json(self, data: Any, status: int = 200) -> None:
        """Finish with ``data`` as JSON; equal data gives equal bytes, hence equal ETags."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        # "<" cannot start a tag even where a browser would take the answer for a page.
        text = json.dumps(data, sort_keys=True, ensure_ascii=True, allow_nan=False, default=_fields).replace(
            "<", "\\u003c"
        )
        self.finish(text)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Faults of ours with their traceback; what a client did wrong with its reason alone."""
        if isinstance(value, HTTPError) and value.status_code < 500:
            logs.event("refused", status=value.status_code, reason=str(value.log_message or value.reason or ""))
        else:
            logs.LOGGER.error("fault", exc_info=(typ, value, tb), extra={"fields": {"route": type(self).__name__}})

    def on_finish(self) -> None:
        """One line a request, and its time in the metrics."""
        seconds = time.perf_counter() - self.began
        status = self.get_status()
        self.services.metrics.observe(type(self).__name__, self.request.method or "", status, seconds)
        logs.event(
            "request",
            method=self.request.method,
            path=self.request.path,  # without the query: a code of the hub's login stands there
            status=status,
            ms=round(seconds * 1000, 1),
            user=getattr(self, "user", None),
        )

    async def off_loop(self, function: Callable[..., Answer], *arguments: Any) -> Answer:
        """``function`` in a thread, so that reading files keeps nobody else waiting."""
        executor: Executor = self.services.executor
        return await asyncio.get_running_loop().run_in_executor(executor, functools.partial(function, *arguments))


class Open(Answering):
    """What needs no login: the health of the service, its metrics, an address that does not exist."""

    def prepare(self) -> None:
        """Refuse an address that asks too often."""
        _limit(self, self.services.anonymous.take(client_address(self)))


class Member(HubOAuthenticated, Answering):  # type: ignore[misc]  # jupyterhub carries no type information
    """A page of a member of the course. ``user`` and ``role`` are set before the handler's own code runs."""

    for_instructors = False
    user: str
    role: Role

    def initialize(self, services: Services) -> None:
        """Take the client of the hub along."""
        super().initialize(services)
        self.hub_auth: HubOAuth = services.hub_auth

    async def prepare(self) -> None:
        """Find out who asks. Raises HTTPError: 403 for everybody else, 429 where it is too often."""
        address = client_address(self)
        _limit(self, self.services.anonymous.wait(address))
        model = await self.hub_auth.get_user(self, sync=False)
        if model is None:
            _limit(self, self.services.anonymous.take(address))
            self._send_to_login()
            return
        self.user, self.role = self._identity(model)
        self.current_user = model
        writing = self.request.method not in ("GET", "HEAD", "OPTIONS")
        _limit(self, (self.services.writes if writing else self.services.reads).take(self.user))
        if writing and not getattr(self, "_token_authenticated", False):
            self._check_same_origin()
        if self.for_instructors and self.role != "instructor":
            raise HTTPError(403, "this is for the instructors of the course")

    def _identity(self, model: dict[str, Any]) -> tuple[str, Role]:
        try:
            self.check_hub_user(model)
        except UserNotAllowed as error:
            raise HTTPError(403, "the hub does not let this user open the service") from error
        if model.get("kind") != "user":
            raise HTTPError(403, "only users of the hub have pages here")
        groups = set(model.get("groups") or ())
        if self.course_settings.instructors in groups:
            return str(model["name"]), "instructor"
        if self.course_settings.students in groups:
            return str(model["name"]), "student"
        raise HTTPError(403, "not a member of this course: ask the instructor to add you to it")

    def _send_to_login(self) -> None:
        """A page sends to the hub's login and back; a route of the API, or an order, cannot."""
        if self.wants_json or self.request.method != "GET":
            raise HTTPError(403, "not logged in, or the request lacks its XSRF token: load the page again")
        self.redirect(self.get_login_url())

    def _check_same_origin(self) -> None:
        """Raise HTTPError 403 for an order that did not come from a page of ours."""
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise HTTPError(403, "an order must come from a page of this service")
        origin = self.request.headers.get("Origin", "")
        if origin and urlsplit(origin).netloc != self.request.host:
            raise HTTPError(403, "an order must come from a page of this service")
        token = self.get_body_argument("_xsrf", "") or self.request.headers.get("X-Xsrftoken", "")
        # Compared here and not by the hub's `check_xsrf_cookie`: that one trusts a request that says it is a WebSocket.
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self.xsrf_token):
            raise HTTPError(403, "the request lacks its XSRF token: load the page again")


class LoginCallback(HubOAuthCallbackHandler, Answering):  # type: ignore[misc]  # as above
    """Where the hub sends a user back to after the login."""

    def initialize(self, services: Services) -> None:
        """Take the client of the hub along."""
        super().initialize(services)
        self.hub_auth: HubOAuth = services.hub_auth

    def prepare(self) -> None:
        """Refuse an address that asks too often."""
        _limit(self, self.services.anonymous.take(client_address(self)))


class Missing(Open):
    """Any other address."""

    def get(self, *_: str) -> None:
        """Raise HTTPError 404."""
        raise HTTPError(404, "there is no such page")

    post = put = delete = patch = get


def client_address(handler: RequestHandler) -> str:
    """Who is at the other end of the proxy: the last address that a proxy on this machine has added."""
    peer = str(handler.request.remote_ip or "")
    forwarded = handler.request.headers.get("X-Forwarded-For", "")
    return forwarded.rpartition(",")[2].strip()[:64] or peer if is_loopback(peer) else peer


def is_loopback(address: str) -> bool:
    """Whether an address is of this machine (a Unix socket's has no number, and is)."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return not address or address.startswith("/")


def _limit(handler: Answering, wait: float) -> None:
    if wait:
        handler.services.metrics.limited.inc()
        handler.retry_after = math.ceil(wait)
        raise HTTPError(429, "too many requests: wait a moment")


def _fields(value: object) -> dict[str, Any]:
    """A dataclass as JSON. (``dataclasses.asdict`` copies all of it, which takes most of the time of an answer.)"""
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} in data for a page")
    return vars(value)


def _told(status: int, error: BaseException | None) -> str:
    if isinstance(error, HTTPError) and error.log_message and status < 500:
        return plain_text(str(error.log_message), 500)
    if isinstance(error, AutograderError):
        return "the course's files cannot be read just now; an instructor finds the reason in the service's log"
    return {404: "there is no such page", 405: "this address does not take that"}.get(
        status, "something went wrong here; it has been noted in the service's log"
    )
