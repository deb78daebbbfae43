"""A stand-in for JupyterHub's API: who a token belongs to, and the token for a code of the login (JupyterHub 6.1)."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jupyterhub.httpclient import JupyterHubHTTPClient
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

COURSE = "ridge-to-bayes"
SERVICE_TOKEN = "token-of-the-service"
ACCESS = "access:services!service=autograder"


def user(name: str, *groups: str, scopes: tuple[str, ...] = (ACCESS,)) -> dict[str, Any]:
    """What /hub/api/user says of a user's token."""
    return {
        "admin": False, "created": "2026-09-01T08:00:00.000000Z", "groups": list(groups), "kind": "user",
        "last_activity": None, "name": name, "pending": None, "roles": ["user"], "scopes": [*scopes],
        "server": None, "session_id": None, "token_id": "a1",
    }  # fmt: skip


def student(name: str) -> dict[str, Any]:
    """A student of the course."""
    return user(name, f"nbgrader-{COURSE}")


def instructor(name: str) -> dict[str, Any]:
    """An instructor of the course."""
    return user(name, f"formgrade-{COURSE}")


class Who(RequestHandler):
    """GET /hub/api/user: the owner of the token; 403 for a token that is not known."""

    def get(self) -> None:
        """Answer."""
        asked: list[str] = self.settings["asked"]
        token = self.request.headers.get("Authorization", "").removeprefix("token ")
        asked.append(token)
        model = self.settings["users"].get(token)
        self.set_status(200 if model else 403)
        self.finish(json.dumps(model or {"status": 403, "message": "Forbidden"}))


class Token(RequestHandler):
    """POST /hub/api/oauth2/token: here a code stands for the token of the same name."""

    def post(self) -> None:
        """Answer."""
        assert self.get_body_argument("client_secret") == SERVICE_TOKEN
        assert self.get_body_argument("code_verifier")
        self.finish({"access_token": self.get_body_argument("code").removeprefix("code-of-"), "token_type": "Bearer"})


def hub(users: dict[str, dict[str, Any]]) -> Application:
    """The application; ``settings["asked"]`` lists the tokens that it was asked for."""
    return Application([("/hub/api/user", Who), ("/hub/api/oauth2/token", Token)], users=users, asked=[])


@contextmanager
def served(make: Callable[[int], list[Application]]) -> Iterator[list[int]]:
    """Serve applications from one thread, on ports of this machine; ``make`` gets the first one's port."""
    sockets = [bind_sockets(0, "127.0.0.1")[0] for _ in range(2)]
    ports = [socket.getsockname()[1] for socket in sockets]
    loop = asyncio.new_event_loop()
    ready, failed = threading.Event(), []

    async def run() -> None:
        stop.append(asyncio.Event())
        servers = []
        try:
            for application, socket in zip(make(ports[0]), sockets, strict=True):
                server = HTTPServer(application)
                server.add_sockets([socket])
                servers.append(server)
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            ready.set()
        await stop[0].wait()
        for server in servers:
            server.stop()
            await server.close_all_connections()
        await JupyterHubHTTPClient.loop_instance().close()

    stop: list[asyncio.Event] = []
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert ready.wait(20)
        if failed:
            raise failed[0]
        yield ports
    finally:
        if not failed:
            loop.call_soon_threadsafe(stop[0].set)
        thread.join(20)
        loop.close()
        for socket in sockets:
            socket.close()
