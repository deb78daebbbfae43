"""Backup and restore: what is restored is what was there, and the engine goes on from it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli.main import app
from autograder.course.layout import Course
from autograder.errors import CourseFault
from autograder.service import attempts
from autograder.service.backup import restore_backup, write_backup
from tests.service.classroom import ASSIGNMENT, RIGHT, SQUARES, Classroom, wait_for


def state(classroom: Classroom) -> dict[str, bytes]:
    names = ("attempts", "records", "submitted", "autograded", "policies.toml")
    found = [classroom.root / name for name in names]
    files = (path for name in found for path in (name, *name.rglob("*")) if path.is_file())
    return {str(path.relative_to(classroom.root)): path.read_bytes() for path in files}


def released(classroom: Classroom, student: str) -> bool:
    held = attempts.counted(classroom.root, ASSIGNMENT, student)
    return held is not None and held.feedback


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return f"{result.exit_code}: {result.output}"


def test_what_is_restored_is_what_was_there(classroom: Classroom, tmp_path: Path) -> None:
    classroom.policies("[default]\nattempts = 5\n")
    inbound = classroom.submit("ada", SQUARES)
    (inbound / "data").mkdir()
    (inbound / "data" / ".hidden").write_text("1")
    archive = tmp_path / "backup.tar.gz"
    with classroom.engine():
        assert wait_for(lambda: released(classroom, "ada")), classroom.status()  # then nothing changes any more
        assert run("backup", archive, "--course", classroom.root).startswith("0: ")
        before = state(classroom)
        assert archive.stat().st_mode & 0o077 == 0
        classroom.submit("ada", RIGHT)
        assert wait_for(lambda: len(classroom.attempts("ada")) == 2 and classroom.graded("ada")), classroom.status()
        assert "another engine grades" in run("restore", archive, "--replace", "--course", classroom.root)

    refused = run("restore", archive, "--course", classroom.root)
    assert refused.startswith("2: ")
    assert "has a state already" in refused
    assert classroom.grade("ada") == (4.0, 0.0)
    done = run("restore", archive, "--replace", "--course", classroom.root)
    assert done.startswith("0: "), done
    assert state(classroom) == before
    assert any(name.endswith("data/.hidden") for name in before)
    assert classroom.grade("ada") == (1.0, 0.0)
    (aside,) = classroom.root.glob("replaced-*")
    assert len(list((aside / "attempts/tiny/ada").glob("[0-9]*"))) == 2
    assert not list(classroom.root.glob(".restoring-*"))

    # What came after the backup lies in the exchange still.
    classroom.run_until(lambda: len(classroom.attempts("ada")) == 2 and classroom.graded("ada"))
    assert classroom.grade("ada") == (4.0, 0.0)


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/outside", "nbgrader_config.py", "tests/hidden/tiny/test_double.py"]
)
def test_what_is_no_backup_is_refused(classroom: Classroom, tmp_path: Path, name: str) -> None:
    archive = tmp_path / "backup.tar.gz"
    with tarfile.open(archive, "w:gz") as stream:
        member = tarfile.TarInfo(name)
        member.size = 1
        stream.addfile(member, io.BytesIO(b"x"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(CourseFault, match=r"that is no archive of|cannot be unpacked"):
        restore_backup(classroom.course, archive, replace=True)
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {path for path in after if path.name != "engine.lock"} == before.keys()


def test_a_damaged_archive_changes_nothing(classroom: Classroom, tmp_path: Path) -> None:
    classroom.submit("ada")
    classroom.run_until(lambda: classroom.graded("ada"))
    archive = tmp_path / "backup.tar.gz"
    write_backup(classroom.course, archive)
    with pytest.raises(CourseFault, match="exists already"):
        write_backup(classroom.course, archive)
    before = state(classroom)
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(CourseFault, match="cannot be unpacked"):
        restore_backup(classroom.course, archive, replace=True)
    assert state(classroom) == before
    with pytest.raises(CourseFault, match="does not exist"):
        restore_backup(classroom.course, tmp_path / "none.tar.gz", replace=True)


def test_the_archive_of_another_course_is_refused(classroom: Classroom, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    write_backup(classroom.course, archive)
    config = classroom.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.CourseDirectory.course_id = 'another'\n")
    with pytest.raises(CourseFault, match="is of the course 'ridge-to-bayes'; this is 'another'"):
        restore_backup(Course.find(classroom.root), archive, replace=True)
