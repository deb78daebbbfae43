"""What lies in the exchange is hostile: what is odd is refused with a note, and stops nobody."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from autograder.errors import CourseFault
from autograder.service import intake
from autograder.service.attempts import Attempt
from autograder.service.intake import Intake, Name, Refusal, inbound_of, parse
from tests.service.classroom import RIGHT, SQUARES, Classroom, own_name

WHEN = "2026-01-02 03:04:05.678901 UTC"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "APART", 0.0)


def intake_of(classroom: Classroom, *, check_owner: bool = False, known: set[str] | None = None) -> Intake:
    return Intake(classroom.course, inbound_of(classroom.course), known or set(), check_owner=check_owner)


def looks(taker: Intake) -> list[Attempt]:
    """Two looks, which must find the same."""
    assert taker.look() == []
    return taker.look()


@pytest.mark.parametrize(
    ("inbound", "expected"),
    [
        (f"ada+tiny+{WHEN}+abc_-123", Name("ada", "tiny", WHEN)),
        (f"ada+tiny+{WHEN}", Name("ada", "tiny", WHEN)),
        (f"ada+b@uni.edu+tiny+{WHEN}+x", Name("ada+b@uni.edu", "tiny", WHEN)),
        (f"ada+b@uni.edu+tiny+{WHEN}", Name("ada+b@uni.edu", "tiny", WHEN)),
    ],
)
def test_names_of_nbgrader(inbound: str, expected: Name) -> None:
    assert parse(inbound) == expected


@pytest.mark.parametrize(
    "inbound",
    [
        "ada",
        "ada+tiny",
        "ada+tiny+yesterday+x",
        f"+tiny+{WHEN}+x",
        f"..+tiny+{WHEN}+x",
        f".ada+tiny+{WHEN}+x",
        f"-rf+tiny+{WHEN}+x",
        f"a*+tiny+{WHEN}+x",
        f"a b+tiny+{WHEN}+x",
        f"a\n+tiny+{WHEN}+x",
        f"<b>+tiny+{WHEN}+x",
        f"{'a' * 65}+tiny+{WHEN}+x",
        f"ada\udc80+tiny+{WHEN}+x",
        f"ada+tiny+9999999999999999-99-99 {WHEN}+x",
    ],
)
def test_odd_names_are_refused(inbound: str) -> None:
    with pytest.raises(Refusal):
        parse(inbound)


def test_one_that_is_whole_is_taken_in_once(classroom: Classroom) -> None:
    inbound = classroom.submit("ada")
    (inbound / "data").mkdir()
    (inbound / "data" / "a.csv").write_text("1,2\n")
    taker = intake_of(classroom)
    (attempt,) = looks(taker)
    assert (attempt.assignment, attempt.student, attempt.number, attempt.inbound) == ("tiny", "ada", 1, inbound.name)
    assert attempt.owner == own_name()
    assert [attempt] == classroom.attempts("ada")
    files = {path.relative_to(attempt.files).as_posix() for path in attempt.files.rglob("*") if path.is_file()}
    assert files == {"tiny.ipynb", "data/a.csv", "timestamp.txt", "submission_secret.txt"}
    assert (attempt.files / "tiny.ipynb").read_bytes() == classroom.notebook(RIGHT)
    assert looks(taker) == []
    assert looks(intake_of(classroom, known={inbound.name})) == []


def test_one_that_is_not_whole_waits(classroom: Classroom) -> None:
    inbound = classroom.submit("ada", whole=False)
    taker = intake_of(classroom)
    assert looks(taker) == []
    assert looks(taker) == []
    assert taker.refused == {}
    classroom.complete(inbound)
    (attempt,) = looks(taker)
    assert attempt.number == 1


def test_one_that_changes_waits(classroom: Classroom) -> None:
    inbound = classroom.submit("ada")
    taker = intake_of(classroom)
    for number in range(3):
        assert taker.look() == []
        (inbound / f"{number}.csv").write_text("1")
    assert len(looks(taker)) == 1


def test_one_that_changes_while_it_is_read_waits(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    inbound = classroom.submit("ada")
    taker, real = intake_of(classroom), intake.load_submission

    def load(path: Path, assignment: str) -> object:
        taken = real(path, assignment)
        (inbound / "tiny.ipynb").write_bytes(classroom.notebook(SQUARES))
        return taken

    monkeypatch.setattr(intake, "load_submission", load)
    assert looks(taker) == []
    monkeypatch.setattr(intake, "load_submission", real)
    (attempt,) = looks(taker)
    assert (attempt.files / "tiny.ipynb").read_bytes() == classroom.notebook(SQUARES)


def test_what_is_odd_is_refused_and_stops_nobody(classroom: Classroom, tmp_path: Path) -> None:
    os.symlink(classroom.submit("eve"), classroom.inbound / f"mallory+tiny+{WHEN}+x")
    (classroom.inbound / f"mallory+tiny+{WHEN}+file").write_text("not a directory")
    os.mkfifo(classroom.inbound / f"mallory+tiny+{WHEN}+pipe")
    (classroom.inbound / f"..+tiny+{WHEN}+x").mkdir()
    (classroom.inbound / os.fsdecode(b"\xff+tiny+x")).mkdir()
    classroom.submit("mallory", assignment="nothing")
    taker = intake_of(classroom)
    (attempt,) = looks(taker)
    assert attempt.student == "eve"
    reasons = sorted(reason for reason, _ in taker.refused.values())
    assert reasons == [
        "it is no directory",
        "it is no directory",
        "it is no directory",
        "its name holds no possible name of a student",
        "its name is not plain text",
        "there is no assignment of this name",
    ]
    before = dict(taker.refused)
    assert looks(taker) == []
    assert taker.refused == before
    assert sorted(os.listdir(classroom.root / "attempts")) == ["tiny"]
    assert os.listdir(classroom.root / "attempts/tiny") == ["eve"]


def test_a_refusal_ends_when_its_reason_does(classroom: Classroom) -> None:
    classroom.submit("ada", assignment="other")
    taker = intake_of(classroom)
    assert looks(taker) == []
    assert len(taker.refused) == 1
    shutil.copytree(classroom.root / "tests/hidden/tiny", classroom.root / "tests/hidden/other")
    (attempt,) = looks(taker)
    assert attempt.assignment == "other"
    assert taker.refused == {}


def test_a_link_in_place_of_the_notebook_is_not_followed(classroom: Classroom, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(classroom.notebook(RIGHT))
    inbound = classroom.submit("ada")
    (inbound / "tiny.ipynb").unlink()
    (inbound / "tiny.ipynb").symlink_to(secret)
    (attempt,) = looks(intake_of(classroom))
    assert attempt.refused == attempt.unreadable
    assert "tiny.ipynb is a link; expected a plain file" in attempt.refused
    assert not (attempt.files / "tiny.ipynb").exists()


def test_other_links_are_left_out_with_a_note(classroom: Classroom, tmp_path: Path) -> None:
    inbound = classroom.submit("ada")
    (inbound / "all.csv").symlink_to("/etc/passwd")
    (inbound / "everything").symlink_to("/etc")
    os.mkfifo(inbound / "pipe")
    (attempt,) = looks(intake_of(classroom))
    assert attempt.refused == ""
    assert {path.name for path in attempt.files.iterdir()} == {"tiny.ipynb", "timestamp.txt", "submission_secret.txt"}
    assert len([note for note in attempt.notes if "left out" in note]) == 3


def test_links_in_place_of_nbgraders_own_files_make_it_incomplete(classroom: Classroom) -> None:
    inbound = classroom.submit("ada")
    (inbound / "submission_secret.txt").unlink()
    (inbound / "submission_secret.txt").symlink_to("/etc/hostname")
    assert looks(intake_of(classroom)) == []


def test_a_secret_that_is_none_is_not_kept(classroom: Classroom) -> None:
    inbound = classroom.submit("ada")
    (inbound / "submission_secret.txt").write_bytes(b"\xff\x00" * 10)
    (attempt,) = looks(intake_of(classroom))
    assert not (attempt.files / "submission_secret.txt").exists()
    assert any("submission_secret.txt" in note for note in attempt.notes)


def test_the_owner_must_be_the_student(classroom: Classroom) -> None:
    classroom.submit("ada")
    classroom.submit(own_name())
    taker = intake_of(classroom, check_owner=True)
    (attempt,) = looks(taker)
    assert (attempt.student, attempt.owner) == (own_name(), own_name())
    ((reason, _),) = taker.refused.values()
    assert reason == f"it says to be ada's, and holds files of {own_name()}"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_one_file_of_somebody_else_is_enough(classroom: Classroom) -> None:
    inbound = classroom.submit(own_name())
    (inbound / "data").mkdir()
    (inbound / "data" / "a.csv").write_text("1")
    os.chown(inbound / "data" / "a.csv", 12345, -1)
    taker = intake_of(classroom, check_owner=True)
    assert looks(taker) == []
    ((reason, _),) = taker.refused.values()
    assert reason.endswith("and holds files of the user id 12345")


def test_the_time_is_ours_and_a_claim_is_noted(classroom: Classroom) -> None:
    inbound = classroom.submit("ada")
    old = inbound.with_name("ada+tiny+2020-01-01 00:00:00.000000 UTC+x")
    inbound.rename(old)
    (old / "timestamp.txt").write_text("2020-01-01 00:00:00.000000 UTC")
    for path in (old / "tiny.ipynb", old):
        os.utime(path, (0, 0))
    (attempt,) = looks(intake_of(classroom))
    assert attempt.arrived.year >= 2026
    assert attempt.notes == ("it says to be of 2020-01-01 00:00:00 UTC",)
    assert (attempt.files / "timestamp.txt").read_text().startswith(f"{attempt.arrived:%Y-%m-%d %H:%M}")


def test_what_nobody_thought_of_in_one_stops_no_other(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    real = intake.load_submission

    def load(path: Path, assignment: str) -> object:
        if path.name.startswith("ada"):
            raise ZeroDivisionError("of ours")
        return real(path, assignment)

    monkeypatch.setattr(intake, "load_submission", load)
    classroom.submit("ada")
    classroom.submit("bob")
    taker = intake_of(classroom)
    (attempt,) = looks(taker)
    assert attempt.student == "bob"
    ((reason, _),) = taker.refused.values()
    assert reason == "an error of the service: ZeroDivisionError: of ours"


def test_an_exchange_that_cannot_be_read_is_a_fault_of_ours(classroom: Classroom) -> None:
    shutil.rmtree(classroom.inbound)
    taker = intake_of(classroom)
    assert looks(taker) == []
    classroom.inbound.write_text("a file")
    with pytest.raises(CourseFault, match="inbound cannot be read: Not a directory"):
        taker.look()
