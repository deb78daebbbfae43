"""Nothing of one exercise changes another, nothing of one submission changes another, and each run gives the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from autograder.errors import MissingName, ProcessEnded
from autograder.judge.forkserver import Forkserver
from autograder.judge.session import Session
from tests.sandbox.probe import LIMITS, cells, run, student_of, text_of

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
