"""A disk that is full: the command says which, nobody is zeroed, and a rerun completes it.

The course lies on a file system of its own, in memory, that only the command under test sees.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.faults.classroom import check_expected, check_honest, command, grade, grade_again
from tests.faults.conftest import Undisturbed

POINTS = int(os.environ.get("FAULT_POINTS", "0"))
ROOMS = (0, 8, 24, 64, 100, 140, 180, 220) if POINTS else (100,)  # KiB that are left


def small_disk(at: Path, script: str, options: str = "size=16m") -> list[str]:
    """The command that runs a shell script with a file system of its own mounted at a directory."""
    at.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        mounting = f"mount -t tmpfs -o {options} none {shlex.quote(str(at))}"
        return ["unshare", "-m", "sh", "-c", f"{mounting} && {script}"]
    if options != "size=16m":
        pytest.skip("only root can mount a file system with these options")
    size = str(16 * 2**20)
    return ["bwrap", "--dev-bind", "/", "/", "--size", size, "--tmpfs", str(at), "--", "sh", "-c", script]


@pytest.fixture(autouse=True)
def _can_mount(tmp_path: Path) -> None:
    """What the command does inside, a sandbox of its own, must work there too."""
    sandbox = "true" if os.geteuid() == 0 else "bwrap --unshare-user --unshare-pid --dev-bind / / true"
    try:
        probe = subprocess.run(small_disk(tmp_path / "probe", sandbox), capture_output=True, text=True)
    except FileNotFoundError as error:
        pytest.skip(f"no file system can be mounted here: {error}")
    if probe.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {probe.stderr.strip()}")


def grade_with_room(root: Path, disk: Path, kib: int) -> tuple[int, str]:
    """Grade on a disk with so much room; what it leaves there comes to ``root``."""
    here, there = shlex.quote(str(root)), shlex.quote(str(disk))
    # The disk is filled, then as much is freed: file systems differ in what a directory and a file cost.
    script = f"""cp -a {here}/. {there}/ && rm -rf {here}
dd if=/dev/zero of={there}/room bs=1024 count={max(kib, 1)} status=none
dd if=/dev/zero of={there}/rest bs=65536 status=none 2>/dev/null
dd if=/dev/zero of={there}/rest2 bs=4096 status=none 2>/dev/null
if [ {kib} -gt 0 ]; then rm {there}/room; fi
{shlex.join(command(disk))}; code=$?
rm -f {there}/room {there}/rest {there}/rest2
cp -a {there} {here}
exit $code"""
    return grade(root, small_disk(disk, script))


@pytest.mark.parametrize("kib", ROOMS)
def test_the_courses_disk_fills_up(undisturbed: Undisturbed, root: Path, tmp_path: Path, kib: int):
    """The first thing that finds no room may be a record, the gradebook, or a graded notebook."""
    disk = tmp_path / "disk"
    code, printed = grade_with_room(root, disk, kib)

    assert code in (1, 2), printed
    assert "Traceback" not in printed, printed
    assert "he disk is full" in printed or "No space left on device" in printed
    assert str(disk) in printed
    check_honest(root, undisturbed.expected)
    grade_again(root, undisturbed.expected)


@pytest.mark.parametrize("inodes", (1, 2, 3, 4, 5, 6) if POINTS else (2,))
def test_the_temporary_directory_is_full(undisturbed: Undisturbed, root: Path, tmp_path: Path, inodes: int):
    """Sockets, a log and directories are made there. Where nothing fits, Python takes another directory by itself."""
    temporary = tmp_path / "t"
    script = f"TMPDIR={shlex.quote(str(temporary))} {shlex.join(command(root))}"
    code, printed = grade(root, small_disk(temporary, script, f"size=64k,nr_inodes={inodes}"))

    assert "Traceback" not in printed, printed
    if code == 0:
        check_expected(root, undisturbed.expected)
        return
    assert code in (1, 2), printed
    assert "No space left on device" in printed
    assert re.search(r"cannot be started|no socket can be made", printed)
    check_honest(root, undisturbed.expected)
    if POINTS:
        grade_again(root, undisturbed.expected)


def test_a_gradebook_that_may_only_be_read(undisturbed: Undisturbed, judged: Path):
    """Nobody's permissions hold root back; a file mounted read-only does."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file read-only")
    root = judged
    path = shlex.quote(str(root / "gradebook.db"))
    script = f"mount --bind {path} {path} && mount -o remount,bind,ro {path} && {shlex.join(command(root))}"
    code, printed = grade(root, ["unshare", "-m", "sh", "-c", script])

    assert code == 1, printed
    assert f"the gradebook {root / 'gradebook.db'} cannot be used" in printed
    assert "it, or its directory, may not be written" in printed
    assert "Traceback" not in printed
    check_honest(root, undisturbed.expected)
    assert len([*root.glob("records/*/*/*-cpu.json")]) == len(undisturbed.expected.records)
    grade_again(root, undisturbed.expected)
