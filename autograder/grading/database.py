"""The database behind nbgrader's gradebook: its one engine, waiting for it, and its faults in words.

nbgrader says of each of them that it "may occur if you recently upgraded nbgrader".
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbgrader.api
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine, ExceptionContext, make_url
from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError

from autograder.grading import disk

PATIENCE = 20.0  # seconds to wait for another program that holds the gradebook locked
# What SQLite says, and what it means.
_MEANINGS = {
    "locked": "another program has held it locked for more than {patience:g} s: end that (another run? a browser of "
    "databases?)",
    "is full": "the disk is full: {space}",
    "readonly": "it, or its directory, may not be written",
    "not a database": "the file is damaged: put a backup in its place",
    "malformed": "the file is damaged: put a backup in its place",
    "unable to open": "its directory is missing, or may not be read and written",
    "disk I/O": "the disk fails",
}

_engines: dict[str, Engine] = {}
_refused: list[str] = []  # faults of the database as a whole, since ``kept_engine``


@contextlib.contextmanager
def kept_engine() -> Iterator[list[str]]:
    """Have nbgrader use one database engine: it makes one each of the ten times that it opens the gradebook.

    An engine keeps the SQL that it has compiled; making that anew takes as long as all the rest of the writing. Closing
    a gradebook closes the engine's connections, so nothing stays open between two uses. That all its tables exist is
    likewise looked up once. The list gets what keeps the gradebook from being used, as it is found, whatever nbgrader
    makes of it.
    """
    made, metadata = nbgrader.api.create_engine, nbgrader.api.Base.metadata
    nbgrader.api.create_engine = _engine
    metadata.create_all = _tables  # hides the method of that name
    nbgrader.api.app_log.addFilter(_told_by_nobody_else)
    _refused.clear()
    try:
        yield _refused
    finally:
        nbgrader.api.app_log.removeFilter(_told_by_nobody_else)
        nbgrader.api.create_engine = made
        del metadata.create_all
        if _refused:  # nbgrader leaves the gradebook open that it failed to open whole
            for engine in _engines.values():
                engine.dispose()


def _engine(url: str, **settings: Any) -> Engine:
    """The engine of a gradebook, made once."""
    if url not in _engines:
        if make_url(url).get_backend_name() == "sqlite":
            settings["connect_args"] = {"timeout": PATIENCE}
        _engines[url] = create_engine(url, **settings)
        event.listen(_engines[url], "handle_error", _note)
    return _engines[url]


@functools.cache
def _tables(bind: Engine) -> None:
    """Create the tables of a gradebook that does not have them."""
    metadata = nbgrader.api.Base.metadata
    type(metadata).create_all(metadata, bind=bind)


def _told_by_nobody_else(record: logging.LogRecord) -> bool:
    """nbgrader prints the traceback of an error of the database, which it raises all the same."""
    return not record.getMessage().startswith("Rolling back session")


def _note(context: ExceptionContext) -> None:
    """Note what concerns the database, not one row of it."""
    error = context.sqlalchemy_exception
    if isinstance(error, DatabaseError) and not isinstance(error, IntegrityError | ProgrammingError):
        _refused.append(_in_words(str(context.original_exception), context.engine))


def _in_words(said: str, engine: Engine | None) -> str:
    name = (engine.url.database if engine is not None else None) or "gradebook.db"
    meanings = [meaning for words, meaning in _MEANINGS.items() if words in said]
    meaning = meanings[0] if meanings else "if nbgrader is newer than this file, back it up and run nbgrader db upgrade"
    explained = meaning.format(patience=PATIENCE, space=disk.space(Path(name)))
    return f"the gradebook {name} cannot be used ({said}): {explained}. {disk.AGAIN}"
