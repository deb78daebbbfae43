"""Control groups: where one may be divided, and each limit that it holds, on machines that have one.

What a machine without a controller cannot show is skipped there, with the reason.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.errors import SandboxUnavailable
from autograder.judge import cgroups
from autograder.judge.cgroups import ASKED, Division, Group, division, find
from autograder.judge.forkserver import Forkserver
from autograder.judge.limits import Limits
from autograder.judge.session import Session
from tests.sandbox.probe import LIMITS, cells, run, student_processes, text_of

SMALL = dataclasses.replace(LIMITS, memory_mb=150)


def needs(controller: str) -> pytest.MarkDecorator:
    """Skip where submissions get no such controller."""
    why = find().reason or f"{find().path} has no controller {controller}"
    return pytest.mark.skipif(controller not in find().controllers, reason=why)


any_controller = pytest.mark.skipif(find().path is None, reason=find().reason)
Machine = Callable[..., Path]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Make what find looks at: a process's files, and the group that it is in."""
    monkeypatch.setenv(ASKED, "1")

    def make(here: str = "/", controllers: str = "cpu memory pids", mounted: str = "cgroup2", root: str = "/") -> Path:
        process, place = tmp_path / "process", tmp_path / "cgroup"
        group = place / here.removeprefix(root).lstrip("/")
        process.mkdir()
        group.mkdir(parents=True)
        (process / "cgroup").write_text(f"4:memory:/old\n0::{here}\n")
        (process / "mountinfo").write_text(
            f"22 1 0:2 / / rw - ext4 /dev/x rw\n31 22 0:29 {root} {place} rw,nosuid shared:4 - {mounted} none rw\n"
        )
        for name, text in (("procs", "1"), ("subtree_control", ""), ("controllers", controllers)):
            (group / f"cgroup.{name}").write_text(f"{text}\n")
        return process

    return make


def test_the_outermost_group_is_divided_where_that_is_asked_for(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = machine()
    assert find(process) == Division(tmp_path / "cgroup", ("memory", "pids"))
    monkeypatch.delenv(ASKED)
    assert f"{ASKED}=1 has it divided" in find(process).reason


def test_processes_of_a_containers_group_must_move_first(machine: Machine, tmp_path: Path) -> None:
    process, place = machine("/docker/1", root="/docker/1"), tmp_path / "cgroup"
    (place / "cgroup.type").write_text("domain\n")
    assert find(process) == Division(place, ("memory", "pids"), own=place / "autograder-grader")


def test_a_grader_that_has_moved_finds_the_same_group(machine: Machine, tmp_path: Path) -> None:
    process = machine()
    (process / "cgroup").write_text("0::/autograder-grader\n")
    assert find(process).path == tmp_path / "cgroup"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"mounted": "cgroup"}, "no cgroup v2 is mounted"),
        ({"controllers": "hugetlb"}, "its controllers are hugetlb; memory and pids belong to cgroup v1 or are not"),
        ({"controllers": ""}, "it has no controllers"),
        ({"here": "/user.slice/session-1.scope"}, "session-1.scope is not delegated to the grader"),
        ({"here": "/../other", "root": "/own"}, "the grader's cgroup /../other lies outside what is mounted"),
    ],
)
def test_where_there_is_none_the_reason_is_told(machine: Machine, settings: dict[str, str], reason: str) -> None:
    found = find(machine(**settings))
    assert (found.path, found.controllers) == (None, ())
    assert reason in found.reason


def test_what_systemd_delegated_may_be_divided(machine: Machine, tmp_path: Path) -> None:
    process = machine("/user.slice/run-1.service")
    group = tmp_path / "cgroup/user.slice/run-1.service"
    try:
        os.setxattr(group, "user.delegate", b"1")
    except OSError as error:
        pytest.skip(f"the temporary directory has no attributes of users: {error.strerror}")
    assert find(process).path == group


def test_a_group_without_the_right_files_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="a control group cannot be limited"):
        Group(Division(tmp_path, ("pids",)), LIMITS)
    with pytest.raises(SandboxUnavailable, match="no control group can be made"):
        Group(Division(tmp_path / "missing", ("pids",)), LIMITS)
    assert list(tmp_path.iterdir()) == []


@any_controller
def test_each_submission_is_in_a_group_of_its_own_which_goes_with_it(forkserver: Forkserver) -> None:
    place = division().path
    assert place is not None
    before, known = set(student_processes(forkserver)), set(place.iterdir())
    with Session(forkserver, LIMITS) as one, Session(forkserver, LIMITS) as other:
        for session in (one, other):
            session.run_notebook(cells("import subprocess; kept = subprocess.Popen(['sleep', '50'])"))
        made = set(place.iterdir()) - known
        inside = [(group / "cgroup.procs").read_text().split() for group in made]
        assert [len(pids) for pids in inside] == [2, 2]  # the notebook process and sleep; not the supervisor
        assert {int(pid) for pids in inside for pid in pids} < set(student_processes(forkserver)) - before
    assert set(place.iterdir()) <= known


@any_controller
def test_nothing_of_the_groups_is_seen(forkserver: Forkserver) -> None:
    source = """
    import os
    seen = [place for place, _, files in os.walk("/") if any(name.startswith("cgroup.") for name in files)]
    opened = []
    for fd in range(256):
        try:
            os.pread(fd, 1, 0) and opened.append(fd)
        except OSError:
            pass
    print(seen, opened)
    """
    (only,) = run(forkserver, source)
    assert text_of(only) == "[] []\n"


@needs("memory")
def test_the_kernel_ends_a_submission_over_its_memory(forkserver: Forkserver, monkeypatch: pytest.MonkeyPatch) -> None:
    """With less than rlimit and watch allow, so that it is the group that speaks."""
    monkeypatch.setattr(cgroups, "HEADROOM_MB", -100)
    greedy, after = run(forkserver, "kept = bytearray(b'x') * (120 * 2**20)", "print('alive')", limits=SMALL)
    assert greedy.note == "left out: it used more than 150 MiB of memory"
    assert text_of(after) == "alive\n"


@needs("pids")
def test_the_kernel_counts_a_submissions_processes(forkserver: Forkserver, monkeypatch: pytest.MonkeyPatch) -> None:
    """With fewer than the rlimit allows, so that it is the group that speaks."""
    whole = Group._settings

    def fewer(group: Group, division: Division, limits: Limits) -> dict[str, str]:
        return whole(group, division, limits) | {"pids.max": "6"}

    monkeypatch.setattr(Group, "_settings", fewer)
    source = """
    import os, time
    children = 0
    try:
        for _ in range(20):
            if os.fork() == 0:
                time.sleep(20)
                os._exit(0)
            children += 1
    except OSError as error:
        print(error.strerror, children)
    """
    burst, after = run(forkserver, source, "print('alive')")
    assert text_of(burst) == "Resource temporarily unavailable 5\n"
    assert text_of(after) == "alive\n"
