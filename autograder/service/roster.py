"""The students of the course, from nbgrader's gradebook: who belongs to the class, submitted or not."""

from __future__ import annotations

import time
from pathlib import Path

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from autograder.course.text import plain_text
from autograder.errors import CourseFault

KEPT = 15.0  # seconds; students are added by hand
MAX_NAME = 200
_STUDENTS = sqlalchemy.text("SELECT id, last_name, first_name FROM student")


class Roster:
    """The students in the gradebook at ``db_url``, read again when the last look is too old."""

    def __init__(self, db_url: str) -> None:
        self._url = sqlalchemy.make_url(db_url)
        self._read_at = -KEPT
        self._names: dict[str, str] = {}

    def names(self) -> dict[str, str]:
        """Student's id -> "Last, First" ("" where the gradebook has no name). Raises CourseFault."""
        if time.monotonic() - self._read_at >= KEPT:
            self._names = self._read()
            self._read_at = time.monotonic()
        return self._names

    def _read(self) -> dict[str, str]:
        database = self._url.database
        if self._url.get_backend_name() == "sqlite" and not (database and Path(database).is_file()):
            return {}  # sqlite would make an empty one
        engine = sqlalchemy.create_engine(self._url, poolclass=sqlalchemy.NullPool)
        try:
            with engine.connect() as connection:
                found = connection.execute(_STUDENTS).all()
        except SQLAlchemyError as error:
            told = plain_text(str(error), 200).partition("\n")[0]
            raise CourseFault(f"the students cannot be read from the gradebook {self._url!r}: {told}") from error
        finally:
            engine.dispose()
        return {str(student): _name(last, first) for student, last, first in found}


def _name(last: str | None, first: str | None) -> str:
    return plain_text(", ".join(part for part in (last, first) if part), MAX_NAME)
