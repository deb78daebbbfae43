"""Takes a snapshot of a submitted directory: the notebook's bytes and the files beside it, nothing else.

Links, named pipes and devices are never opened: a link in a submission may point at the gradebook, and
nbgrader's copy would follow it. Directories are walked by descriptor, so that swapping one for a link in
between gains nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from autograder.course.notebooks import MAX_BYTES
from autograder.errors import CourseFault, UnreadableNotebook

MAX_FILES = 200
MAX_FILE_BYTES = 32 * 2**20
MAX_TOTAL_BYTES = 64 * 2**20
MAX_DEPTH = 8
MAX_ENTRIES = 5000

# What Jupyter, Python and nbgrader leave behind; it changes from one submission to the next and is nobody's
# work.
_IGNORED = (
    ".ipynb_checkpoints",
    "__pycache__",
    "*.pyc",
    ".git",
    ".DS_Store",
    ".virtual_documents",
    "feedback",
)
_NBGRADER_FILES = ("timestamp.txt", "submission_secret.txt")


@dataclass(frozen=True)
class Submission:
    """What a student handed in: the notebook, and data files by their path relative to it ("data/a.csv").

    ``notes`` say in plain words which files were left out or replaced, and why.
    """

    notebook_bytes: bytes
    extra_files: dict[str, bytes]
    notes: tuple[str, ...] = ()


@dataclass
class _Snapshot:
    """The walk's result so far: contents of the files taken, and what was left out."""

    files: dict[str, bytes] = field(default_factory=dict)
    notebooks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    total: int = 0
    entries: int = 0


def load_submission(directory: Path, assignment: str, *, release: Path | None = None) -> Submission:
    """Read ``directory``'s ``<assignment>.ipynb`` and the files beside it; files of ``release`` win over
    them.

    Raises UnreadableNotebook if the notebook is missing (naming what was found), is a link or no plain file,
    or is larger than 16 MiB. Other files that are links, special, too many or too large are left out with a
    note.
    """
    name = f"{assignment}.ipynb"
    try:
        root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise UnreadableNotebook(f"{directory.name}: {error.strerror}; expected a directory with {name}.") from error
    try:
        snapshot = _Snapshot()
        _walk(root, "", 0, snapshot)
        notebook = _read_notebook_file(root, name, snapshot.notebooks)
    finally:
        os.close(root)
    given = release_files(release) if release else {}
    changed = [path for path in given if snapshot.files.get(path, given[path]) != given[path]]
    snapshot.notes += [f"the file {_shown(path)} was changed; the released one was used" for path in changed]
    files = {**snapshot.files, **given}
    return Submission(notebook, dict(sorted(files.items())), tuple(snapshot.notes))


def read_notebook_file(path: Path) -> bytes:
    """The bytes of one notebook. Raises UnreadableNotebook if it is missing, no plain file, or too large."""
    try:
        root = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return _plain_notebook(root, path.name)
        finally:
            os.close(root)
    except OSError as error:
        raise UnreadableNotebook(f"{path.name} cannot be opened: {error.strerror}. Submit it again.") from error


def release_files(release: Path) -> dict[str, bytes]:
    """The data files of a released assignment, by relative path. Raises CourseFault for links and special
    files.
    """
    if not release.is_dir():
        raise CourseFault(f"{release} is missing: run `autograder release` first")
    root = os.open(release, os.O_RDONLY | os.O_DIRECTORY)
    try:
        snapshot = _Snapshot()
        _walk(root, "", 0, snapshot)
    finally:
        os.close(root)
    if snapshot.notes:
        raise CourseFault(f"{release}: {'; '.join(snapshot.notes)}")
    return dict(sorted(snapshot.files.items()))


def _walk(directory: int, prefix: str, depth: int, snapshot: _Snapshot) -> None:
    for entry in _entries(directory, snapshot):
        path = prefix + entry.name
        mode = entry.stat(follow_symlinks=False).st_mode
        if any(fnmatch(entry.name, pattern) for pattern in _IGNORED) or path in _NBGRADER_FILES:
            continue
        if not _is_plain_name(entry.name):
            snapshot.notes.append(f"the file {_shown(path)} was left out: its name is not plain text")
        elif stat.S_ISDIR(mode):
            _descend(directory, entry.name, path, depth, snapshot)
        elif entry.name.endswith(".ipynb"):
            snapshot.notebooks.append(path)
        elif not stat.S_ISREG(mode):
            snapshot.notes.append(f"the file {_shown(path)} was left out: it is a {_file_kind(mode)}")
        else:
            _take(directory, entry.name, path, snapshot)


def _entries(directory: int, snapshot: _Snapshot) -> Iterator[os.DirEntry[str]]:
    """Entries by name, so that which files a limit leaves out does not depend on the file system."""
    with os.scandir(directory) as scan:
        found: list[os.DirEntry[str]] = []
        for entry in scan:
            snapshot.entries += 1
            if snapshot.entries > MAX_ENTRIES:
                raise UnreadableNotebook(f"the submission holds more than {MAX_ENTRIES} files; hand in fewer.")
            found.append(entry)
    yield from sorted(found, key=lambda entry: entry.name)


def _descend(directory: int, name: str, path: str, depth: int, snapshot: _Snapshot) -> None:
    if depth + 1 >= MAX_DEPTH:
        snapshot.notes.append(f"the directory {_shown(path)} was left out: deeper than {MAX_DEPTH} levels")
        return
    try:
        child = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
    except OSError as error:
        snapshot.notes.append(f"the directory {_shown(path)} was left out: {error.strerror}")
        return
    try:
        _walk(child, f"{path}/", depth + 1, snapshot)
    finally:
        os.close(child)


def _take(directory: int, name: str, path: str, snapshot: _Snapshot) -> None:
    if len(snapshot.files) >= MAX_FILES:
        snapshot.notes.append(f"the file {_shown(path)} was left out: more than {MAX_FILES} files")
        return
    limit = min(MAX_FILE_BYTES, MAX_TOTAL_BYTES - snapshot.total)
    try:
        content = _read_regular(directory, name, limit)
    except OSError as error:
        snapshot.notes.append(f"the file {_shown(path)} was left out: {error.strerror}")
        return
    if content is None:
        mebibytes = f"{MAX_FILE_BYTES // 2**20} MiB a file, {MAX_TOTAL_BYTES // 2**20} MiB together"
        snapshot.notes.append(f"the file {_shown(path)} was left out: too large ({mebibytes})")
        return
    snapshot.files[path] = content
    snapshot.total += len(content)


def _read_notebook_file(root: int, name: str, notebooks: list[str]) -> bytes:
    if name not in notebooks:
        found = ", ".join(_shown(path) for path in notebooks[:5]) or "no notebook at all"
        todo = "Submit again under the name that the assignment was handed out with."
        raise UnreadableNotebook(f"the notebook is missing: expected {name}, found: {found}. {todo}")
    try:
        return _plain_notebook(root, name)
    except OSError as error:
        raise UnreadableNotebook(f"{name} cannot be opened: {error.strerror}. Submit it again.") from error


def _plain_notebook(root: int, name: str) -> bytes:
    mode = os.stat(name, dir_fd=root, follow_symlinks=False).st_mode
    if not stat.S_ISREG(mode):
        raise UnreadableNotebook(f"{name} is a {_file_kind(mode)}; expected a plain file. Submit the notebook itself.")
    content = _read_regular(root, name, MAX_BYTES)
    if content is None:
        todo = "Clear its outputs (Edit > Clear Outputs of All Cells), save it, and submit it again."
        raise UnreadableNotebook(f"{name} is too large; expected at most {MAX_BYTES // 2**20} MiB. {todo}")
    return content


def _read_regular(directory: int, name: str, limit: int) -> bytes | None:
    """The content of a plain file, None if it is longer than ``limit`` bytes or no plain file any more."""
    # Without O_NONBLOCK, opening what has become a named pipe in the meantime would wait for its writer.
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return None
        content = file.read(limit + 1)
    return content if len(content) <= limit else None


def _is_plain_name(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8
        return False
    return name.isprintable()


def _file_kind(mode: int) -> str:
    kinds = {
        stat.S_IFLNK: "link",
        stat.S_IFIFO: "named pipe",
        stat.S_IFSOCK: "socket",
        stat.S_IFDIR: "directory",
    }
    return kinds.get(stat.S_IFMT(mode), "device")


def _shown(path: str) -> str:
    """A student's file name for a message: quoted, without control characters, not too long."""
    shown = ascii(path) if not _is_plain_name(path) else repr(path)
    return shown if len(shown) <= 80 else shown[:79] + "…"
