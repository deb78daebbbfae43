"""Nothing of one exercise changes another, nothing of one submission changes another, and each run gives the same."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.errors import MissingName, ProcessEnded, SandboxUnavailable
from autograder.judge import users
from autograder.judge.forkserver import Forkserver
from autograder.judge.session import Session
from tests.sandbox.probe import LIMITS, cells, run, student_of, student_processes, text_of

STATE = """
import numpy as np, random
counter = [0]
settings = {"a": 1}
def count():
    counter[0] += 1
    return counter[0]
def spoil():
    settings.clear()
    np.ones = lambda *args: "spoilt"
    del globals()["value"]
    return 1
def value(): return float(np.ones(1)[0]) + settings["a"]
def draw(): return [random.random(), float(np.random.rand())]
def leave():
    import os
    os._exit(1)
"""


def test_exercises_start_from_the_notebooks_state(forkserver: Forkserver) -> None:
    with Session(forkserver, LIMITS) as session:
        session.run_notebook(cells(STATE))
        one, other = student_of(session), student_of(session)
        assert [one.count(), one.count(), other.count(), one.count()] == [1, 2, 1, 3]
        one.spoil()
        with pytest.raises(MissingName):
            one.value()
        assert other.value() == 2.0
        with pytest.raises(ProcessEnded):
            one.leave()
        assert other.value() == 2.0
        assert student_of(session).count() == 1


def test_what_the_judge_defines_stays_in_its_exercise(forkserver: Forkserver) -> None:
    with Session(forkserver, LIMITS) as session:
        session.run_notebook(cells(STATE))
        one, other = student_of(session), student_of(session)
        one.define("def extra(): return counter[0]")
        assert one.extra() == 0
        assert not other.has("extra")


LEAVE_TRACES = """
import os, pathlib, resource, sys, builtins, json
for place in (".", "/tmp", "/dev/shm"):
    pathlib.Path(place, "trace").write_text("was here")
os.environ["TRACE"] = "was here"
os.umask(0o777)
os.chdir("/tmp")
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
sys.path.insert(0, "/tmp")
json.dumps = lambda *args, **kwargs: '"spoilt"'
builtins.print = lambda *args: None
sys.modules["trace_of_another"] = json
get_ipython().run_line_magic("alias", "ls echo spoilt")
"""
LOOK_FOR_TRACES = """
import json, os, resource, sys
print(json.dumps([os.listdir("."), os.listdir("/tmp"), os.listdir("/dev/shm"), os.environ.get("TRACE"), os.umask(0),
                  os.getcwd(), resource.getrlimit(resource.RLIMIT_NOFILE), "trace_of_another" in sys.modules,
                  "/tmp" in sys.path, get_ipython().execution_count]))
"""


def test_submissions_do_not_see_each_other(forkserver: Forkserver) -> None:
    (before,) = run(forkserver, LOOK_FOR_TRACES)
    with Session(forkserver, LIMITS) as other:
        other.run_notebook(cells(LEAVE_TRACES))
        (during,) = run(forkserver, LOOK_FOR_TRACES)
    (after,) = run(forkserver, LOOK_FOR_TRACES)
    assert text_of(before) == text_of(during) == text_of(after)
    assert text_of(before).startswith("[[], [], [], null, ")


def test_shared_names_of_the_kernel_are_private(forkserver: Forkserver) -> None:
    """Abstract sockets, semaphores and shared memory of the same name do not meet."""
    make = """
    import socket
    from multiprocessing import shared_memory
    server = socket.socket(socket.AF_UNIX); server.bind("\\0meeting"); server.listen()
    block = shared_memory.SharedMemory("meeting", create=True, size=16)
    print("made")
    """
    with Session(forkserver, LIMITS) as one, Session(forkserver, LIMITS) as other:
        for session in (one, other):
            (made,) = session.run_notebook(cells(make))
            assert text_of(made) == "made\n"


own_users = pytest.mark.skipif(not users.distinct(), reason="only a grader that is root can give users of their own")

CROWD = """
import array, fcntl, os, select, socket
left, right = socket.socketpair()
left.setblocking(False)
def send():
    left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [left.fileno()]))])
try:
    for _ in range(1000):
        send()
except OSError as error:
    print("descriptors on their way:", error.strerror)
for _ in range(4):
    if os.fork() == 0:
        ends = []
        try:
            while True:
                ends += os.pipe()
                fcntl.fcntl(ends[-1], 1031, 2**20)
        except OSError:
            select.select([], [], [], 20)
            os._exit(0)
"""
MODEST = """
import array, fcntl, os, socket
from multiprocessing import Pool
left, right = socket.socketpair()
left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [left.fileno()]))])
read, write = os.pipe()
print(fcntl.fcntl(write, 1032), fcntl.fcntl(write, 1031, 2**20))
with Pool(1) as pool:
    print(pool.map(abs, [-1]))
"""


@own_users
def test_what_the_kernel_counts_for_a_user_is_not_shared(forkserver: Forkserver) -> None:
    """One submission has descriptors on their way, and memory in pipes, as many and as much as its user may."""
    with Session(forkserver, LIMITS) as crowd, Session(forkserver, LIMITS) as modest:
        (full,) = crowd.run_notebook(cells(CROWD))
        assert text_of(full) == "descriptors on their way: Too many references: cannot splice\n"
        (fine,) = modest.run_notebook(cells(MODEST))
        assert text_of(fine) == "65536 1048576\n[1]\n"


@own_users
def test_no_two_running_submissions_have_the_same_user(forkserver: Forkserver) -> None:
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(Session(forkserver, LIMITS)).run_notebook(cells("import os; os.fork()"))
        owners = [os.stat(f"/proc/{pid}").st_uid for pid in student_processes(forkserver)]
        assert len(owners) >= 8  # supervisor and notebook process of each
        assert len(set(owners)) == 4
        assert set(owners) <= set(users.IDS)


def test_a_user_is_taken_until_the_last_who_holds_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "IDS", range(70_000, 70_002))
    place = tmp_path / "users"
    with users.taken(place) as (one, lock):
        held = os.dup(lock)  # as the supervisor's
    with users.taken(place) as (other, _):
        assert {one, other} == {70_000, 70_001}
        with pytest.raises(SandboxUnavailable, match="2 submissions run already"), users.taken(place):
            pass
    os.close(held)
    with users.taken(place) as (first, _), users.taken(place) as (second, _):
        assert {first, second} == {70_000, 70_001}


def test_a_place_for_locks_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(SandboxUnavailable, match="no directory that only root can write to"), users.taken(tmp_path):
        pass


DRAWS = """
import random, numpy as np
print(random.random(), np.random.rand(), hash("text"), list({"a", "b", "c"}), object())
"""


def test_each_run_of_a_notebook_gives_the_same(forkserver: Forkserver) -> None:
    runs = [run(forkserver, DRAWS, "np.random.rand()", "def f(): pass\nf") for _ in range(2)]
    assert runs[0] == runs[1]
    assert "object at 0x…" in text_of(runs[0][0])


def test_draws_follow_the_judges_seed(forkserver: Forkserver) -> None:
    with Session(forkserver, LIMITS) as session:
        session.run_notebook(cells(STATE))
        draws: list[Any] = []
        for seed in (1, 1, 2):
            student = student_of(session)
            student._conversation.seed(seed)
            draws.append(student.draw())
    assert draws[0] == draws[1] != draws[2]


TORCH = """
import torch
import torch.nn.functional as F
layer = torch.nn.Linear(2, 2)
def draw(): return torch.rand(3)
def weight(): return layer.weight
def train():
    with torch.no_grad(): layer.weight.zero_()
    return 1
def spoil():
    F.relu = torch.relu = lambda x: "spoilt"
    torch.set_default_dtype(torch.float64)
    return 1
def relu(): return F.relu(torch.ones(1))
print(torch.rand(2).tolist(), torch.get_num_threads())
"""


def test_torch_is_everybodys_own(torch_forkserver: Forkserver) -> None:
    (first,) = run(torch_forkserver, TORCH)
    assert text_of(first).endswith(" 1\n")
    with Session(torch_forkserver, LIMITS) as session:
        (second,) = session.run_notebook(cells(TORCH))
        assert text_of(second) == text_of(first)
        one, other = student_of(session), student_of(session)
        weight = one.weight()
        assert type(weight) is torch.Tensor
        assert weight.requires_grad
        one.train()
        one.spoil()
        assert torch.count_nonzero(one.weight()) == 0
        assert torch.equal(other.weight(), weight)
        assert other.relu().dtype is torch.float32
        for student in (one, other):
            student._conversation.seed(7)
        assert not torch.equal(one.draw(), other.draw())  # float64 against float32: the default is each one's own
    (third,) = run(torch_forkserver, TORCH)
    assert text_of(third) == text_of(first)
