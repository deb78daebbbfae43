"""Forkserver, supervisor and judge: whichever ends, all below it ends, nothing is left, and no student is blamed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.errors import ForkserverLost, JudgeFault, ProcessEnded, SandboxUnavailable
from autograder.judge import forkserver as forkserver_module
from autograder.judge import sandbox
from autograder.judge.forkserver import Forkserver, Spawner, advice
from autograder.judge.sandbox import Environment
from autograder.judge.session import Session
from tests.sandbox.probe import (
    LIMITS,
    cells,
    children_of,
    descendants,
    eventually,
    living,
    run,
    server_of,
    student_of,
    student_processes,
    text_of,
)

QUICK = Environment(preload=("json",))


@pytest.fixture
def own() -> Iterator[Forkserver]:
    """A forkserver that a test may break."""
    with Forkserver(QUICK) as running:
        yield running


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


SLOW = "import time\ndef f():\n    time.sleep(4)"
MOMENTS = ("during a cell", "before the checks", "before a call", "during a call")


def judge_while_killing(session: Session, pid_of: Callable[[], int], when: str) -> None:
    """Run a notebook and call a function of it; a process is killed on the way."""
    if when == "during a cell":
        timer = threading.Timer(0.3, lambda: kill(pid_of()))
        timer.start()
        session.run_notebook(cells("import time; time.sleep(4)"))
    session.run_notebook(cells(SLOW))
    below = descendants(pid_of())
    if when == "before the checks":
        kill(pid_of())
        assert eventually(lambda: not living(below))
    student = student_of(session)
    if when == "before a call":
        kill(pid_of())
        assert eventually(lambda: not living(below))
    else:
        threading.Timer(0.3, lambda: kill(pid_of())).start()
    student.f()


@pytest.mark.parametrize("when", MOMENTS)
def test_a_killed_forkserver_is_told_promptly_and_is_nobodys_fault(own: Forkserver, when: str) -> None:
    server, began = server_of(own), time.monotonic()
    with Session(own, LIMITS) as session, pytest.raises(ForkserverLost):
        judge_while_killing(session, lambda: server, when)
    assert time.monotonic() - began < 3
    assert eventually(lambda: not own.alive())
    with Session(own, LIMITS) as session, pytest.raises(ForkserverLost):
        session.run_notebook(cells("1"))


@pytest.mark.parametrize("when", MOMENTS)
def test_a_killed_supervisor_takes_its_submission_along_and_is_nobodys_fault(own: Forkserver, when: str) -> None:
    server, began = server_of(own), time.monotonic()
    with Session(own, LIMITS) as session, pytest.raises(JudgeFault):
        judge_while_killing(session, lambda: children_of(server)[0], when)
    assert time.monotonic() - began < 3
    assert eventually(lambda: not student_processes(own))
    assert text_of(run(own, "print('alive')")[0]) == "alive\n"


@pytest.mark.parametrize("when", MOMENTS)
def test_a_notebook_process_killed_from_outside_is_nobodys_fault(own: Forkserver, when: str) -> None:
    server = server_of(own)
    with Session(own, LIMITS) as session, pytest.raises(ForkserverLost, match="killed from outside"):
        judge_while_killing(session, lambda: children_of(children_of(server)[0])[0], when)
    assert eventually(lambda: not student_processes(own))


def test_closing_leaves_nothing_behind() -> None:
    mounts = Path("/proc/self/mounts").read_text()
    descriptors = set(os.listdir("/proc/self/fd"))
    with Forkserver(QUICK) as running:
        session = Session(running, LIMITS)
        session.run_notebook(cells("import subprocess; subprocess.Popen(['sleep', '100'])"))
        session.exercise()
        inside = {running.pid, *descendants(running.pid)}
        directory = Path(running.address).parent
        assert len(inside) >= 6
        assert directory.exists()
    assert not living(inside)
    assert not directory.exists()
    with contextlib.suppress(ForkserverLost):
        session.close()
    assert set(os.listdir("/proc/self/fd")) == descriptors
    assert Path("/proc/self/mounts").read_text() == mounts
    running.close()  # again, without harm


def test_many_sessions_leave_no_descriptor_and_no_process(own: Forkserver) -> None:
    run(own, "1")
    descriptors = set(os.listdir("/proc/self/fd"))
    for number in range(10):
        with Session(own, LIMITS) as session:
            session.run_notebook(cells("def f(): return 1\ndef leave():\n    import os; os._exit(1)"))
            student = student_of(session)
            if number % 2:
                with pytest.raises(ProcessEnded):
                    student.leave()
                student = student_of(session)
            assert student.f() == 1
    assert set(os.listdir("/proc/self/fd")) == descriptors
    assert eventually(lambda: not student_processes(own))
    assert children_of(server_of(own)) == []  # collected, too
    open_in_server = os.listdir(f"/proc/{server_of(own)}/fd")
    assert len(open_in_server) < 16


def test_the_directory_of_the_socket_is_the_graders_alone(own: Forkserver) -> None:
    directory = Path(own.address).parent
    assert directory.stat().st_mode & 0o777 == 0o700
    assert directory.stat().st_uid == os.geteuid()


JUDGE = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from autograder.judge.forkserver import Forkserver
from autograder.judge.limits import Limits
from autograder.judge.sandbox import Environment
from autograder.judge.session import Cell, Session
forkserver = Forkserver(Environment(preload=("json",)))
session = Session(forkserver, Limits())
session.run_notebook([Cell("a", "import subprocess; subprocess.Popen(['sleep', '100'])")])
channel = session.exercise()
{before}
print(forkserver.pid, os.path.dirname(forkserver.address), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    "before", ["", "child = os.fork()\nif not child: time.sleep(3); os._exit(0)"], ids=["alone", "with a forked worker"]
)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_judge_that_is_killed_takes_everything_along(before: str, number: signal.Signals) -> None:
    judge = subprocess.Popen(
        [sys.executable, "-c", JUDGE.format(before=before)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with judge:
        assert judge.stdout is not None
        pid, directory = judge.stdout.readline().split()
        inside = {int(pid), *descendants(int(pid))}
        assert len(inside) >= 6
        judge.send_signal(number)
        assert eventually(lambda: not living(inside))
        judge.stdout.close()
    assert not living(inside)
    if number is signal.SIGKILL:  # nobody was left to remove it
        for path in sorted(Path(directory).rglob("*"), reverse=True):
            path.unlink() if not path.is_dir() else path.rmdir()
        Path(directory).rmdir()


def test_an_outer_bubblewrap_that_is_killed_is_still_cleaned_up() -> None:
    with Forkserver(QUICK) as running:
        inside = set(descendants(running.pid))
        kill(running.pid)
        time.sleep(0.1)
    assert not living(inside)


def test_a_library_that_cannot_be_imported_is_named() -> None:
    with pytest.raises(ForkserverLost, match="no_such_library"):
        Forkserver(Environment(preload=("no_such_library",)), wait=False).await_ready()


def test_a_preloaded_library_that_ends_the_process(tmp_path: Path) -> None:
    with pytest.raises(JudgeFault):
        Forkserver(Environment(preload=("antigravity_of_nobody.module",)))


def test_without_bubblewrap_the_reason_and_the_mend_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match="apt-get install bubblewrap"):
        Forkserver(QUICK)


def test_a_kernel_without_lists_of_children_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "exists", lambda path: False)
    with pytest.raises(SandboxUnavailable, match="CONFIG_PROC_CHILDREN"):
        Forkserver(QUICK)


def test_a_bubblewrap_that_fails_tells_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = tmp_path / "bwrap"
    failing.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SandboxUnavailable, match=r"create new namespace.*user\.max_user_namespaces"):
        Forkserver(QUICK)


def test_a_forkserver_that_does_not_become_ready_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forkserver_module, "START_SECONDS", 0.3)
    monkeypatch.setattr(forkserver_module, "END_SECONDS", 0.3)
    real = sandbox.bubblewrap()
    slow = tmp_path / "bwrap"
    slow.write_text(f"#!/bin/sh\n{real} --dev-bind / / --unshare-pid sleep 30 || true\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    before = set(descendants(os.getpid()))
    began = time.monotonic()
    with pytest.raises(ForkserverLost, match=r"not ready after 0\.3 s"):
        Forkserver(QUICK)
    assert time.monotonic() - began < 3
    assert eventually(lambda: set(descendants(os.getpid())) <= before)


def test_a_forkserver_can_be_closed_while_it_imports(tmp_path: Path) -> None:
    before = set(descendants(os.getpid()))
    descriptors = set(os.listdir("/proc/self/fd"))
    began = time.monotonic()
    for pause in (0, 0.05, 0.2):
        starting = Forkserver(Environment(preload=("torch",)), wait=False)
        assert starting.alive()
        time.sleep(pause)
        starting.close()
        assert not starting.alive()
        assert not Path(starting.address).parent.exists()
    assert time.monotonic() - began < 3
    assert eventually(lambda: set(descendants(os.getpid())) <= before)
    assert set(os.listdir("/proc/self/fd")) == descriptors


def test_a_forkserver_that_was_not_waited_for_serves_when_it_is_ready() -> None:
    with Forkserver(QUICK, wait=False) as running:
        running.await_ready()
        running.await_ready()  # again, at once
        assert text_of(run(running, "print('alive')")[0]) == "alive\n"


def test_a_directory_for_temporary_files_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with pytest.raises(ForkserverLost, match="set TMPDIR to a short path"):
        Forkserver(QUICK)
    assert list(long.iterdir()) == []


def test_an_address_where_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(ForkserverLost, match="does not answer"):
        Spawner(str(tmp_path / "nothing"), confined=True).spawn(LIMITS)


def test_requests_that_are_none_do_no_harm(own: Forkserver) -> None:
    import socket

    for data in (b"", b"\x00", b"\xff" * 8, b"\x00\x00\x00\x01\xc1", b"\x00\x00\x00\x01\x05"):
        with socket.socket(socket.AF_UNIX) as plain:
            plain.connect(own.address)
            plain.sendall(data)
    assert text_of(run(own, "print('alive')")[0]) == "alive\n"


ODD_SURROUNDINGS = """
import os, resource, signal, sys
os.umask(0o077)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGALRM])
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.chdir("/")
from autograder.judge.forkserver import Forkserver
from autograder.judge.limits import Limits
from autograder.judge.sandbox import Environment
from autograder.judge.session import Cell, Session
look = "import os, signal; print(oct(os.umask(0)), signal.getsignal(signal.SIGTERM))"
sources = ["while True: pass", "import sklearn", look]
with Forkserver(Environment(preload=("json",), banned_packages=("sklearn",))) as forkserver:
    with Session(forkserver, Limits(cell_seconds=0.3)) as session:
        for run in session.run_notebook([Cell(source, source) for source in sources]):
            print(run.note, [output.get("text", output.get("evalue")) for output in run.outputs])
"""


def test_the_judges_own_surroundings_change_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ODD_SURROUNDINGS], capture_output=True, text=True, timeout=60, check=True
    )
    endless, banned, plain = ran.stdout.splitlines()
    assert endless == "stopped after 0.3 s: the limit for one cell ['']"
    assert "sklearn is not available in this assignment" in banned
    assert plain == " ['0o22 0\\n']"


def test_one_forkserver_serves_several_judges(own: Forkserver) -> None:
    code = f"""
        import sys
        from autograder.judge.forkserver import Spawner
        from autograder.judge.limits import Limits
        from autograder.judge.session import Cell, Session
        with Session(Spawner({own.address!r}, True), Limits()) as session:
            (run,) = session.run_notebook([Cell("a", "print(" + sys.argv[1] + ")")])
            print(run.outputs[0]["text"], end="")
    """
    judges = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), str(n)], stdout=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    assert [judge.communicate(timeout=60)[0] for judge in judges] == ["0\n", "1\n", "2\n"]


def test_advice_fits_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "max_user_namespaces" in advice("bwrap: No permissions to create new namespace")
    assert "autograder doctor" in advice("something else")
    monkeypatch.setattr(Path, "exists", lambda self: True)
    monkeypatch.setattr(Path, "read_text", lambda self: "1\n")
    assert "apparmor_restrict_unprivileged_userns=0" in advice("anything")


def test_confinement_that_cannot_be_had_is_refused(own: Forkserver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forkserver whose submissions cannot enter namespaces judges nobody."""
    settings: list[str] = []
    real = sandbox.command

    def without_namespaces(environment: Environment, runtime: Path, arguments: list[str]) -> list[str]:
        changed = json.loads(arguments[-1])
        changed["filters"]["programs"] = ["AAAA", "AAAA"]
        settings.append(arguments[-1])
        return real(environment, runtime, [*arguments[:-1], json.dumps(changed)])

    monkeypatch.setattr(sandbox, "command", without_namespaces)
    with Forkserver(QUICK) as broken, Session(broken, LIMITS) as session:
        with pytest.raises(SandboxUnavailable, match="seccomp program of 3 bytes"):
            session.run_notebook(cells("print('ran')"))
        assert settings


def test_trusted_code_runs_without_confinement(tmp_path: Path) -> None:
    with Forkserver(Environment(preload=("json",), confined=False)) as trusting:
        inside = {trusting.pid}
        with Session(trusting, LIMITS, {"a.txt": b"data"}) as session:
            (only,) = session.run_notebook(
                cells("import os; print(open('a.txt').read(), os.getuid(), os.path.exists('/proc'))")
            )
            assert text_of(only) == f"data {os.getuid()} True\n"
            assert student_of(session).has("os")
            inside |= set(descendants(trusting.pid))
        (again,) = run(trusting, "import os; print(os.listdir())")
        assert text_of(again) == "[]\n"
    assert eventually(lambda: not living(inside))
