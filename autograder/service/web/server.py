"""Puts the application together and serves it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jupyterhub.httpclient import JupyterHubHTTPClient
from jupyterhub.services.auth import HubOAuth
from tornado.httpserver import HTTPServer
from tornado.web import Application, StaticFileHandler

from autograder.errors import CourseFault
from autograder.service.reading import Reader
from autograder.service.roster import Roster
from autograder.service.web import access, handlers, logs
from autograder.service.web.limits import Buckets
from autograder.service.web.metrics import Metrics
from autograder.service.web.pages import HERE, Pages
from autograder.service.web.settings import Settings

THREADS = 4
ANONYMOUS_RATE = (10.0, 200)  # a second and at once, of one address: a class logs in behind one address
LAST_REQUESTS = 5.0  # seconds that requests in hand have when the service is stopped


@dataclass(frozen=True)
class Services:
    """What all handlers share."""

    settings: Settings
    hub_auth: HubOAuth
    reader: Reader
    roster: Roster
    pages: Pages
    metrics: Metrics
    executor: ThreadPoolExecutor
    anonymous: Buckets
    reads: Buckets
    writes: Buckets


class Static(StaticFileHandler):
    """Our own style and scripts, under addresses that change with what they hold."""

    def set_default_headers(self) -> None:
        """No file of ours is taken for something else."""
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", access.POLICY)


def services(settings: Settings) -> Services:
    """Everything that the handlers need for one course."""
    reader = Reader(settings.course)
    return Services(
        settings=settings,
        hub_auth=settings.hub_auth(),
        reader=reader,
        roster=Roster(settings.course.db_url),
        pages=Pages(settings),
        metrics=Metrics(reader),
        executor=ThreadPoolExecutor(THREADS, thread_name_prefix="reading"),
        anonymous=Buckets(*ANONYMOUS_RATE),
        reads=Buckets(*settings.read_rate),
        writes=Buckets(*settings.write_rate),
    )


def application(shared: Services) -> Application:
    """The routes below the service's prefix."""
    prefix = shared.settings.prefix
    handed: dict[str, Any] = {"services": shared}
    routes: list[tuple[str, Any]] = [
        ("", handlers.OwnPage),
        ("api/me", handlers.OwnData),
        ("class", handlers.ClassPage),
        ("api/class", handlers.ClassData),
        ("api/queue", handlers.QueueData),
        ("students/([^/]+)", handlers.StudentPage),
        ("api/students/([^/]+)", handlers.StudentData),
        ("api/regrades", handlers.Regrades),
        ("api/regrades/([^/]+)/(accept|reject)", handlers.Decision),
        ("export.csv", handlers.Export),
        ("health", handlers.Health),
        ("metrics", handlers.MetricsText),
        ("oauth_callback", access.LoginCallback),
    ]
    return Application(
        [(f"{prefix}{route}", handler, handed) for route, handler in routes],
        default_handler_class=access.Missing,
        default_handler_args=handed,
        cookie_secret=shared.settings.cookie_secret(),
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Lax"},
        static_path=str(HERE / "static"),
        static_url_prefix=f"{prefix}static/",
        static_handler_class=Static,
        log_function=lambda handler: None,  # `Answering.on_finish` writes a line without the query
        autoreload=False,
        compress_response=True,
    )


async def serve(settings: Settings, url: str, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set at ``url``, which the hub hands over in JUPYTERHUB_SERVICE_URL.

    Raises CourseFault where that is no address to listen at.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or not parts.port:
        raise CourseFault(f"JUPYTERHUB_SERVICE_URL is {url!r}; expected http://<address>:<port>")
    shared = services(settings)
    server = HTTPServer(application(shared), max_body_size=access.MAX_BODY, max_buffer_size=access.MAX_BODY)
    try:
        server.listen(parts.port, parts.hostname)
    except OSError as error:
        raise CourseFault(f"cannot listen at {url}: {error.strerror}") from error
    logs.event("serving", address=url, prefix=settings.prefix, course=settings.course.course_id)
    await stop.wait()
    server.stop()
    async with asyncio.timeout(LAST_REQUESTS):
        await server.close_all_connections()
    await JupyterHubHTTPClient.loop_instance().close()
    shared.executor.shutdown(cancel_futures=True)
    logs.event("stopped")
