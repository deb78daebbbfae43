"""The service's log: one JSON object a line, in ASCII, so that no text of a student's forges a line."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

LOGGER = "autograder.service"


class JsonLines(logging.Formatter):
    """Writes {"at", "level", "event", ...} with what ``event`` was given."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry = {"at": at, "level": record.levelname.lower(), "event": record.getMessage()}
        entry |= getattr(record, "facts", {})
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def start(stream: TextIO | None = None) -> None:
    """Have the service's log, and nothing of nbgrader's, go to a stream (standard error)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger(LOGGER)
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def event(what: str, *, level: int = logging.INFO, error: BaseException | None = None, **facts: Any) -> None:
    """Log one event with its facts."""
    logging.getLogger(LOGGER).log(level, what, extra={"facts": facts}, exc_info=error)
