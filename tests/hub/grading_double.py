"""Stands in for the grading service: tells visitors who they are to the hub, and what their token may do."""

from __future__ import annotations

import os
from urllib.parse import urlparse

import tornado.ioloop
import tornado.web
from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated


class WhoAmI(HubOAuthenticated, tornado.web.RequestHandler):
    @tornado.web.authenticated
    def get(self) -> None:
        user = self.get_current_user()
        self.write({key: user[key] for key in ("name", "groups", "scopes")})


if __name__ == "__main__":
    prefix, address = os.environ["JUPYTERHUB_SERVICE_PREFIX"], urlparse(os.environ["JUPYTERHUB_SERVICE_URL"])
    pages = [(prefix, WhoAmI), (f"{prefix}oauth_callback", HubOAuthCallbackHandler)]
    tornado.web.Application(pages, cookie_secret=os.urandom(32)).listen(address.port, address.hostname)
    tornado.ioloop.IOLoop.current().start()
