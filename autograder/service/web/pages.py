"""The templates. Every text is escaped by jinja2; a page gets data, and of the request nothing but its XSRF token."""

from __future__ import annotations

import math
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from autograder.service.web.settings import Settings

if TYPE_CHECKING:
    from autograder.service.web.access import Answering

HERE = Path(__file__).parent

# A sign and a word for each state: colors only repeat them.
SIGNS = {
    "none": "–", "queued": "…", "running": "▸", "delayed": "?", "refused": "✗", "unreadable": "✗", "graded": "✓",
    "passed": "✓", "failed": "✗", "not judged": "?", "late": "!", "extended": "+",
    "waiting": "…", "proposed": "!", "accepted": "✓", "rejected": "✗",
}  # fmt: skip
WORDS = {
    "none": "not submitted", "queued": "queued", "running": "being graded", "delayed": "not graded yet",
    "refused": "not accepted", "unreadable": "not readable", "graded": "graded", "passed": "passed",
    "failed": "failed", "not judged": "not judged", "late": "late", "extended": "your own date",
    "waiting": "waiting", "proposed": "to be decided", "accepted": "accepted", "rejected": "rejected",
}  # fmt: skip


class Pages:
    """Renders the pages of one course."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "moment": moment,
            "number": number,
            "percent": percent,
            "slug": slug,
            "heat": heat,
        }
        self._environment.globals |= {"signs": SIGNS, "words": WORDS}

    def render(self, handler: Answering, template: str, **data: Any) -> str:
        """The page as HTML."""
        settings = self._settings
        return self._environment.get_template(f"{template}.html.jinja").render(
            course=settings.course.course_id,
            prefix=settings.prefix,
            hub_prefix=settings.hub_prefix,
            formgrader=settings.formgrader,
            static=handler.static_url,
            user=getattr(handler, "user", None),
            role=getattr(handler, "role", None),
            **data,
        )

    def error(self, handler: Answering, status: int, told: str) -> str:
        """The page of an error."""
        return self.render(handler, "error", status=status, told=told)


def moment(text: str) -> str:
    """A date and time in the zone of this machine, which is named: "Tue 1 Dec 2026, 23:59 CET"."""
    local = datetime.fromisoformat(text).astimezone()
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"


def number(value: float) -> str:
    """A score: at most two places."""
    return f"{round(value, 2):g}"


def percent(share: float) -> str:
    """A share in whole per cent; 100 only for the whole."""
    return f"{math.floor(min(max(share, 0.0), 1.0) * 100 + 1e-9):d}"


def heat(share: float) -> int:
    """Which of the six grounds of the heat map: 0 (nothing) to 4, and 5 for full points."""
    return 5 if share >= 1 - 1e-9 else min(4, int(share * 5))


def slug(text: str) -> str:
    """A class name."""
    return re.sub("[^a-z0-9]+", "-", text.lower())
