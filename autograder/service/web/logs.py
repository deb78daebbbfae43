"""Logs: one JSON object a line on standard error. No address is written with its query, and no header at all."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from autograder.course.text import plain_text

ERROR = logging.ERROR
LOGGER = logging.getLogger("autograder.web")
MAX_TEXT = 4000


class JsonLines(logging.Formatter):
    """A record as one line of JSON: at, level, logger, event, and the fields handed over as ``extra["fields"]``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. Control characters of foreign text are left out, so a line stays a line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": plain_text(record.getMessage(), MAX_TEXT),
        }
        fields: dict[str, Any] = getattr(record, "fields", {})
        line |= {
            name: plain_text(value, MAX_TEXT) if isinstance(value, str) else value for name, value in fields.items()
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(level: int = logging.INFO) -> None:
    """Write this process's logs as JSON lines to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # tornado's line for each request holds the query, and the hub's client logs ids of sessions at this level: our
    # own line takes their place.
    for name in ("tornado.access", "tornado.application"):
        logging.getLogger(name).setLevel(logging.WARNING)


def event(name: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Log something that happened, with its facts."""
    LOGGER.log(level, name, extra={"fields": fields})
