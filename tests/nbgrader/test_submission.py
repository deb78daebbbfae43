"""The snapshot of a submitted directory."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

import autograder.course.submission as submission_module
from autograder.course.submission import load_submission, release_files
from autograder.errors import CourseFault, UnreadableNotebook


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    directory = tmp_path / "ada" / "dropout"
    directory.mkdir(parents=True)
    (directory / "dropout.ipynb").write_bytes(b"{}")
    return directory


def test_the_notebook_and_the_files_beside_it(handed_in: Path):
    (handed_in / "data").mkdir()
    (handed_in / "data" / "ä b.csv").write_bytes(b"1")
    (handed_in / "model.py").write_bytes(b"x = 1")

    taken = load_submission(handed_in, "dropout")

    assert taken.notebook_bytes == b"{}"
    assert taken.extra_files == {"data/ä b.csv": b"1", "model.py": b"x = 1"}
    assert taken.notes == ()


def test_what_jupyter_python_and_nbgrader_leave_behind_is_no_work(handed_in: Path):
    for directory in (".ipynb_checkpoints", "__pycache__", ".git"):
        (handed_in / directory).mkdir()
        (handed_in / directory / "x").touch()
    for name in ("timestamp.txt", "submission_secret.txt", "a.pyc", ".DS_Store", "dropout-Copy1.ipynb"):
        (handed_in / name).touch()

    taken = load_submission(handed_in, "dropout")

    assert (taken.extra_files, taken.notes) == ({}, ())


def test_a_missing_notebook_names_what_was_found(handed_in: Path):
    (handed_in / "dropout.ipynb").rename(handed_in / "Untitled.ipynb")
    (handed_in / "my notebook.ipynb").touch()

    with pytest.raises(UnreadableNotebook, match=r"expected dropout\.ipynb, found: 'Untitled\.ipynb', 'my notebook"):
        load_submission(handed_in, "dropout")


def test_no_notebook_and_no_directory(handed_in: Path):
    (handed_in / "dropout.ipynb").unlink()

    with pytest.raises(UnreadableNotebook, match="found: no notebook at all"):
        load_submission(handed_in, "dropout")
    with pytest.raises(UnreadableNotebook, match="expected a directory with"):
        load_submission(handed_in / "nowhere", "dropout")


def test_a_directory_that_is_a_link_is_not_followed(handed_in: Path):
    (handed_in.parent / "link").symlink_to(handed_in)

    with pytest.raises(UnreadableNotebook, match="expected a directory"):
        load_submission(handed_in.parent / "link", "dropout")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", ["link", "named pipe", "directory"])
def test_a_notebook_that_is_no_plain_file_is_not_opened(handed_in: Path, kind: str):
    notebook = handed_in / "dropout.ipynb"
    notebook.rename(handed_in / "secret")
    {
        "link": lambda: notebook.symlink_to(handed_in / "secret"),
        "named pipe": lambda: os.mkfifo(notebook),
        "directory": notebook.mkdir,
    }[kind]()

    expected = "the notebook is missing" if kind == "directory" else f"is a {kind}; expected a plain file"
    with pytest.raises(UnreadableNotebook, match=expected):
        load_submission(handed_in, "dropout")


@pytest.mark.timeout(10)
def test_special_files_are_left_out_with_a_note(handed_in: Path):
    (handed_in / "passwd").symlink_to("/etc/passwd")
    (handed_in / "etc").symlink_to("/etc")
    os.mkfifo(handed_in / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(handed_in / "sock"))
        taken = load_submission(handed_in, "dropout")

    assert taken.extra_files == {}
    assert [note.rpartition(" ")[2] for note in taken.notes] == ["link", "link", "pipe", "socket"]


def test_odd_names_are_left_out_and_quoted(handed_in: Path):
    (handed_in / "a\nb\x1b[31m").write_bytes(b"")
    Path(os.fsdecode(os.fsencode(handed_in) + b"/\xff\xfe.csv")).write_bytes(b"")

    taken = load_submission(handed_in, "dropout")

    assert taken.extra_files == {}
    assert len(taken.notes) == 2
    assert all(note.isprintable() and note.isascii() for note in taken.notes)


def test_limits_leave_files_out_with_a_note(handed_in: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(submission_module, "MAX_FILES", 3)
    monkeypatch.setattr(submission_module, "MAX_FILE_BYTES", 10)
    monkeypatch.setattr(submission_module, "MAX_TOTAL_BYTES", 15)
    for name, size in (("a", 11), ("b", 9), ("c", 9), ("d", 1), ("e", 1), ("f", 1)):
        (handed_in / name).write_bytes(b"x" * size)

    taken = load_submission(handed_in, "dropout")

    assert sorted(taken.extra_files) == ["b", "d", "e"]
    assert [note.split(":")[0] for note in taken.notes] == [f"the file {name!r} was left out" for name in "acf"]


def test_deep_directories_and_countless_files_end_somewhere(handed_in: Path, monkeypatch: pytest.MonkeyPatch):
    (handed_in / Path(*"abcdefghij")).mkdir(parents=True)
    assert "deeper than 8 levels" in load_submission(handed_in, "dropout").notes[0]

    monkeypatch.setattr(submission_module, "MAX_ENTRIES", 5)
    with pytest.raises(UnreadableNotebook, match="more than 5 files"):
        load_submission(handed_in, "dropout")


def test_a_notebook_over_the_limit(handed_in: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(submission_module, "MAX_BYTES", 2**20)
    (handed_in / "dropout.ipynb").write_bytes(b"x" * (2**20 + 1))

    with pytest.raises(UnreadableNotebook, match="too large; expected at most 1 MiB"):
        load_submission(handed_in, "dropout")


def test_released_data_wins_over_the_students(handed_in: Path, tmp_path: Path):
    release = tmp_path / "release"
    (release / "data").mkdir(parents=True)
    (release / "dropout.ipynb").touch()
    (release / "data" / "train.csv").write_bytes(b"ours")
    (release / "same.csv").write_bytes(b"same")
    (handed_in / "data").mkdir()
    (handed_in / "data" / "train.csv").write_bytes(b"theirs")
    (handed_in / "same.csv").write_bytes(b"same")

    taken = load_submission(handed_in, "dropout", release=release)

    assert taken.extra_files == {"data/train.csv": b"ours", "same.csv": b"same"}
    assert taken.notes == ("the file 'data/train.csv' was changed; the released one was used",)


def test_a_release_that_is_missing_or_holds_links_is_our_fault(tmp_path: Path):
    with pytest.raises(CourseFault, match="autograder release"):
        release_files(tmp_path / "nowhere")
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(CourseFault, match="'link' was left out: it is a link"):
        release_files(tmp_path)
