"""The corpus is whole, what watches it can fail, and some of each family hold. ``make attacks`` runs all of it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from autograder.course.layout import CONFIG_FILE, Course
from tests.attacks import hostile_class, surroundings
from tests.attacks.case import CORPUS, ODDITIES, Case, lay, load, load_all, own_cell
from tests.attacks.surroundings import MARK, Bait, Canaries, traces

FAMILIES = {
    "banned", "beside", "bombs", "comparison", "detection", "exchange", "exits", "files", "network", "notebook",
    "pages", "processes", "tampering", "wire",
}  # fmt: skip
FEWEST_ATTACKS, FEWEST_ODDITIES = 90, 25
QUICK = 1  # of each family, among those that run into no time-out
NOTEBOOK = {"cells": [{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "double"}}, "source": "stub"}]}


def quick() -> list[Case]:
    """Some cases of each family, and of the oddities, to one assignment."""
    families: dict[str, list[Case]] = defaultdict(list)
    for case in load_all(CORPUS, ODDITIES):
        if case.assignment == "dropout" and case.verdict.seconds == 0:
            families[case.family].append(case)
    return [case for cases in families.values() for case in cases[:QUICK]]


def test_the_corpus_is_whole() -> None:
    attacks, oddities = load_all(CORPUS), load_all(ODDITIES)
    assert len(attacks) >= FEWEST_ATTACKS
    assert len(oddities) >= FEWEST_ODDITIES
    assert {case.family for case in attacks} == FAMILIES
    assert len({case.student for case in (*attacks, *oddities)}) == len(attacks) + len(oddities)
    assert all(case.verdict.points is None and case.solved for case in oddities)
    assert not [case.name for case in attacks if case.verdict.points is None]


def test_what_an_attack_earns_all_the_same_is_said() -> None:
    earning = [case for case in load_all(CORPUS) if case.verdict.points or case.verdict.outcome == "not judged"]
    unsaid = [c.name for c in earning if "Not stopped" not in c.stopped_by and "threat model" not in c.stopped_by]
    assert [name for name in unsaid if name != "detection/answers_from_stand_ins"] == []


def test_some_of_each_family_hold(tmp_path: Path) -> None:
    cases = quick()
    assert {case.family for case in cases} >= FAMILIES - {"comparison", "detection"}
    outcome = hostile_class.grade_among(cases, tmp_path, feedback=False)
    assert outcome.wrong == []
    assert {result.case.name: result.wrong for result in outcome.results if result.wrong} == {}


# --- what watches -----------------------------------------------------------------------------------------------------


def test_what_is_left_behind_is_found(tmp_path: Path) -> None:
    before = traces(tmp_path)
    (tmp_path / f"{MARK}-file").touch()
    with surroundings.adopted_orphans(), socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{MARK}-socket")
        orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        found = traces(tmp_path).since(before)
    orphan.kill()
    orphan.wait()
    assert [text.partition(":")[0] for text in found] == ["file", "socket", "process"]
    assert traces(tmp_path, patience=5).since(before) == [f"file: {tmp_path / (MARK + '-file')}"]


def test_who_takes_the_bait_is_noted_and_gets_a_canary(tmp_path: Path) -> None:
    canaries = Canaries()
    bait = Bait(canaries, tmp_path)
    with bait.laid():
        with socket.create_connection(("127.0.0.1", bait.port)) as peer:
            said = peer.recv(1000)
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect("\0" + bait.abstract)
            peer.recv(1000)
    assert bait.visits[0] == "TCP"
    assert len(bait.visits) == 2
    assert canaries.seen_in(b"... " + said) == ["the server on TCP"]


@pytest.fixture
def graded(tmp_path: Path) -> Course:
    """A course with a record of a victim and one of an attack."""
    root = tmp_path / "course"
    for student in (hostile_class.VICTIMS[0], "an-attack"):
        directory = root / "records" / "double" / student
        directory.mkdir(parents=True)
        (directory / "a-b-cpu.json").write_text(f"of {student}")
    shutil.copy(hostile_class.REPOSITORY / CONFIG_FILE, root)
    suite = root / "tests" / "hidden" / "double"
    suite.mkdir(parents=True)
    (suite / "assignment.toml").touch()
    return Course.find(root)


def test_a_secret_in_an_output_is_found_but_not_in_its_owners(graded: Course) -> None:
    canaries = Canaries()
    secret = canaries.plant("solutions/double.py")
    directory = graded.root / "records" / "double"
    (directory / hostile_class.VICTIMS[0] / "a-b-cpu.json").write_text(secret)
    assert hostile_class.leaks(graded, b"", canaries) == []
    (directory / "an-attack" / "a-b-cpu.json").write_text(f"... {secret} ...")
    assert hostile_class.leaks(graded, secret.encode(), canaries) == [
        "solutions/double.py is in what was printed",
        "solutions/double.py is in records/double/an-attack/a-b-cpu.json",
    ]


def test_a_victims_other_record_is_found(graded: Course, tmp_path: Path) -> None:
    shutil.copytree(graded.root, tmp_path / "alone")
    alone = Course.find(tmp_path / "alone")
    victim = hostile_class.VICTIMS[0]
    assert not hostile_class.changed_records(alone, graded, "double", victim)
    (graded.root / "records" / "double" / victim / "a-b-cpu.json").write_text("of somebody else")
    assert hostile_class.changed_records(alone, graded, "double", victim)


def test_a_case_is_laid_as_it_is_written(tmp_path: Path) -> None:
    directory = tmp_path / "family" / "some_name"
    (directory / "files").mkdir(parents=True)
    (directory / "files" / "beside.txt").write_text("beside")
    (directory / "case.toml").write_text(
        'title = "t"\nattempts = "a"\nstopped_by = "s"\nassignment = "tiny"\n[verdict]\nsays = ["x"]\n'
    )
    sections = "# %% first\n!ls @HOME@\n", "# %% double\nmine\n", "# %% markdown after double\ntext\n"
    (directory / "cells.ipy").write_text("".join(sections))
    case = load(directory)
    assert (case.student, case.verdict.points, case.verdict.says) == ("family-some-name", 0.0, ("x",))
    lay(case, NOTEBOOK, {}, {"HOME": "/home/you"}, tmp_path / "out")
    cells = hostile_class.read_json(tmp_path / "out" / "tiny.ipynb")["cells"]
    assert [cell["source"] for cell in cells] == ["!ls /home/you", "mine", "text"]
    assert cells[0] == own_cell("!ls /home/you", 0)
    assert cells[2]["cell_type"] == "markdown"
    assert (tmp_path / "out" / "beside.txt").read_text() == "beside"


def test_an_unknown_key_of_a_case_is_refused(tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text('title = "t"\nattempt = "a"\n')
    with pytest.raises(ValueError, match=r"unknown \['attempt'\], missing \['assignment', 'attempts', 'stopped_by'\]"):
        load(tmp_path)
