"""What the pages must know about the hub and the course, from the environment that JupyterHub gives its services."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuth

from autograder.course.layout import Course
from autograder.errors import CourseFault

USER_CACHE_SECONDS = 60  # a change of a user's groups holds here after at most this long
_NEEDED = ("JUPYTERHUB_API_TOKEN", "JUPYTERHUB_API_URL", "JUPYTERHUB_CLIENT_ID", "JUPYTERHUB_SERVICE_PREFIX")


@dataclass(frozen=True)
class Settings:
    """One course's pages.

    ``prefix`` is where the hub's proxy shows them, ``hub_prefix`` where the hub's own pages are; ``formgrader`` is the
    address of nbgrader's formgrader, "" where there is none. ``read_rate`` and ``write_rate`` are requests a second of
    one user, and how many at once.
    """

    course: Course
    prefix: str
    hub_prefix: str
    api_url: str
    api_token: str
    client_id: str
    access_scopes: frozenset[str]
    formgrader: str
    read_rate: tuple[float, int] = (10.0, 40)
    write_rate: tuple[float, int] = (0.5, 10)

    @property
    def students(self) -> str:
        """The hub group of the course's students."""
        return f"nbgrader-{self.course.course_id}"

    @property
    def instructors(self) -> str:
        """The hub group of the course's instructors."""
        return f"formgrade-{self.course.course_id}"

    @classmethod
    def from_environment(cls, course: Course, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings of a service that the hub started. Raises CourseFault that names what is missing."""
        missing = [name for name in _NEEDED if not environment.get(name)]
        if missing:
            raise CourseFault(
                f"{', '.join(missing)} not set: `autograder serve` is started by JupyterHub as a service (see "
                "deploy/jupyterhub/); with --engine-only it needs no hub"
            )
        base = environment.get("JUPYTERHUB_BASE_URL", "/")
        service = environment.get("JUPYTERHUB_SERVICE_NAME", "autograder")
        # The hub's name for "may open this service"; what a user or group is allowed is decided in `access`.
        scopes = frozenset({f"access:services!service={service}"})
        return cls(
            course=course,
            prefix=environment["JUPYTERHUB_SERVICE_PREFIX"],
            hub_prefix=f"{base.rstrip('/')}/hub/",
            api_url=environment["JUPYTERHUB_API_URL"],
            api_token=environment["JUPYTERHUB_API_TOKEN"],
            client_id=environment["JUPYTERHUB_CLIENT_ID"],
            access_scopes=scopes,
            formgrader=_address(
                environment.get(
                    "AUTOGRADER_FORMGRADER_URL", f"{base.rstrip('/')}/services/{course.course_id}/formgrader"
                )
            ),
        )

    def hub_auth(self) -> HubOAuth:
        """The hub's own client for logging users in and asking who they are."""
        auth = HubOAuth(
            api_url=self.api_url,
            api_token=self.api_token,
            base_url=self.prefix,
            hub_prefix=self.hub_prefix,
            oauth_client_id=self.client_id,
            oauth_redirect_uri=f"{self.prefix}oauth_callback",
            access_scopes=set(self.access_scopes),
            allow_token_in_url=False,
            cache_max_age=USER_CACHE_SECONDS,
        )
        return auth

    def cookie_secret(self) -> bytes:
        """Signs this service's cookies; sessions outlive a restart as long as the hub keeps the service's token."""
        return hmac.new(self.api_token.encode(), b"cookies of the autograder's pages", hashlib.sha256).digest()


def _address(text: str) -> str:
    """A link that cannot be a script. Raises CourseFault."""
    if urlsplit(text).scheme not in ("", "http", "https"):
        raise CourseFault(f"AUTOGRADER_FORMGRADER_URL is {text!r}; expected an address of http or https, or a path")
    return text.rstrip("/")
