"""Who may do what on the hub: groups, roles and services of one course, each scope with its reason.

The demonstration and the configuration for real use both take them from here. This file needs nothing but Python: it
is copied beside the hub's configuration.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
GRADING = "autograder"  # the name of the grading service, and of its path: /services/autograder/


def instructors_of(course: str) -> str:
    """The group of the course's instructors; nbgrader knows it by this name."""
    return f"formgrade-{course}"


def students_of(course: str) -> str:
    """The group of the course's students; nbgrader knows it by this name."""
    return f"nbgrader-{course}"


def groups(course: str, instructors: Iterable[str], students: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """For ``JupyterHub.load_groups``, where the authenticator brings no groups along."""
    return {
        instructors_of(course): {"users": sorted(instructors)},
        students_of(course): {"users": sorted(students)},
    }


def members_only(course: str, instructors: Path, students: Path) -> Callable[[Any, Any, dict[str, Any]], Any]:
    """For ``Authenticator.post_auth_hook``: the groups of a user at each login; who stands in no list is refused.

    The files hold one user name a line; ``#`` begins a comment. They are read at each login, so that a hub need not be
    restarted for a change, and that one who was taken off a list loses the group. A file that cannot be read refuses
    everyone, by the OSError that it is.
    """

    def hook(authenticator: Any, _handler: Any, user: dict[str, Any]) -> dict[str, Any] | None:
        lists = ((instructors_of(course), instructors), (students_of(course), students))
        member_of = [
            group for group, path in lists if user["name"] in map(authenticator.normalize_username, names(path))
        ]
        if not member_of:
            authenticator.log.warning("%r stands in neither list of %s: refused", user["name"], course)
            return None
        return user | {"groups": member_of}

    return hook


def names(path: Path) -> list[str]:
    """The names in a list of users."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def roles(course: str, *, grading: bool = True) -> list[dict[str, Any]]:
    """For ``JupyterHub.load_roles``: all that is added to JupyterHub's own roles.

    Not added, since nothing here asks for it: scopes for the role ``server`` (the course's students all see the one
    course, and its pages are found in JupyterHub's menu of services), and any role for the two services. They learn who
    visits them, and in which groups, from the visitor's own token: it always allows that, and nothing more.
    """
    instructor = [
        # To open the formgrader. This scope is what keeps everyone else out.
        f"access:services!service={course}",
    ]
    student = []
    if grading:
        # To open the pages of the grading service, which shows each visitor what the visitor's group may see.
        instructor.append(f"access:services!service={GRADING}")
        student.append(f"access:services!service={GRADING}")
    return [
        {
            "name": f"instructors-of-{course}",
            "description": "Open the formgrader and the class's results",
            "groups": [instructors_of(course)],
            "scopes": instructor,
        },
        {
            "name": f"students-of-{course}",
            "description": "Open the own results",
            "groups": [students_of(course)],
            "scopes": student,
        },
    ]


def formgrader(
    course: str, root: Path, url: str, command: Sequence[str], environment: Mapping[str, str], user: str | None = None
) -> dict[str, Any]:
    """nbgrader's formgrader as a managed service: a single-user server in the course's directory.

    It is named like the course, as nbgrader's own pages expect. ``command`` starts ``jupyterhub-singleuser``; ``user``
    is the system user who grades, None for the hub's own.
    """
    service: dict[str, Any] = {
        "name": course,
        "display": True,
        "url": url,
        "command": [*command],
        "cwd": str(root),
        "environment": {
            **environment,
            "JUPYTER_CONFIG_PATH": str(HERE / "singleuser" / "formgrader"),
            "JUPYTERHUB_DEFAULT_URL": "/formgrader",
        },
        # Instructors are asked no question: hub, formgrader and grading are one site to them.
        "oauth_no_confirm": True,
        # A visitor's token tells who the visitor is and opens this service; it can do nothing on the hub.
        "oauth_client_allowed_scopes": [],
    }
    return service | ({"user": user} if user else {})


def grading(
    url: str, command: Sequence[str], environment: Mapping[str, str], user: str | None = None, token: str = ""
) -> dict[str, Any]:
    """The grading service; the pages that it shows depend on the visitor's group.

    With a ``token`` the hub does not start it: another program does, and hands it the same token.
    """
    service: dict[str, Any] = {
        "name": GRADING,
        "display": True,
        "url": url,
        "oauth_no_confirm": True,
        # The visitor's name and groups always belong to the token; more is not needed.
        "oauth_client_allowed_scopes": [],
    }
    if token:
        return service | {"api_token": token}
    managed = {"command": [*command], "environment": {**environment}}
    return service | managed | ({"user": user} if user else {})


def settings_for(spawner: Any, course: str) -> str:
    """JUPYTER_CONFIG_PATH of a user's own server: extensions for instructors, or for everyone else."""
    names = {group.name for group in spawner.user.groups}
    role = "instructor" if instructors_of(course) in names else "student"
    return os.pathsep.join((str(HERE / "singleuser" / role), str(HERE / "singleuser")))
