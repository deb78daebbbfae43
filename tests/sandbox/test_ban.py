"""What an assignment bans does not work in its exercises, whoever calls it and however; all else does."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import torch

from autograder.errors import StudentFault
from autograder.judge.contract import Banned, Contract
from autograder.judge.forkserver import Forkserver
from autograder.judge.proxies import StudentProxy
from autograder.judge.seccomp import described
from autograder.judge.session import Session
from tests.sandbox.probe import LIMITS, cells, student_of, text_of

DROPOUT = Banned(("torch.nn.*Dropout*", "torch.nn.functional.*dropout*", "torch.*dropout*"), ("aten::*dropout*",))
X = torch.ones(4, 4)

BEFORE = """
import contextlib, os, subprocess, sys, threading, torch
import torch.nn.functional as F
from torch import nn

kept = [F.dropout, nn.Dropout(), torch.dropout]
graph = torch.jit.CompilationUnit("def drop(x: Tensor):\\n    return torch.dropout(x, 0.5, True)\\n")
print(kept[0](torch.ones(2, 2)).shape, graph.drop(torch.ones(2, 2)).shape)

def by_name(x): return F.dropout(x)
def kept_in_a_list(x): return kept[0](x)
def a_module_made_before(x): return kept[1](x)
def an_operator(x): return kept[2](x, 0.5, True)
def that_needs_a_gradient(x): return torch.dropout(x.requires_grad_(), 0.5, True).detach()
def for_inference(x):
    with torch.inference_mode():
        return torch.dropout(torch.ones(2, 2), 0.5, True) + 0
def without_the_trace(x):
    with torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
        return torch.dropout(x, 0.5, True)
def compiled(x): return graph.drop(x)
def by_its_key(x):
    return torch.ops.aten.dropout.default._op_dk(torch._C.DispatchKey.CompositeImplicitAutograd, x, 0.5, True)
def functionalized(x): return torch.func.functionalize(lambda v: torch.dropout(v, 0.5, True))(x)
def mapped(x): return torch.vmap(lambda v: torch.dropout(v, 0.5, True), randomness="different")(x)
def differentiated(x): return torch.func.grad(lambda v: torch.dropout(v, 0.5, True).sum())(x)
def decomposed(x):
    from torch._decomp import decomposition_table
    return decomposition_table[torch.ops.aten.native_dropout.default](x, 0.5, True)[0]
def imported_now(x):
    import torch._refs.nn.functional as refs
    return refs.dropout(x, 0.5)
def in_a_thread(x):
    found = []
    def work():
        with contextlib.suppress(RuntimeError):
            found.append(torch.dropout(x, 0.5, True))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]
def in_a_child(x):
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            os.write(writing, F.dropout(x).numpy().tobytes())
        finally:
            os._exit(0)
    os.close(writing)
    return torch.frombuffer(bytearray(os.read(reading, 64)), dtype=torch.float32)
"""
ROADS = [line.split()[1].partition("(")[0] for line in BEFORE.splitlines() if line.startswith("def ")]


@pytest.fixture(scope="module")
def session(torch_forkserver: Forkserver) -> Iterator[Session]:
    with Session(torch_forkserver, LIMITS, banned=DROPOUT) as running:
        (first, _) = running.run_notebook(cells(BEFORE, ALLOWED))
        assert text_of(first) == "torch.Size([2, 2]) torch.Size([2, 2])\n", "cells may use what is banned"
        yield running


def of(session: Session) -> StudentProxy:
    return student_of(session, Contract({}, DROPOUT))


ALLOWED = """
def own(x):
    net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.ReLU())
    loss = F.mse_loss(net(x) * torch.bernoulli(torch.full_like(x, 0.5)), x)
    loss.backward()
    return loss.detach() + F.embedding(torch.tensor([0]), x).sum()
"""


@pytest.mark.parametrize("road", ROADS)
def test_no_road_leads_to_what_is_banned(session: Session, road: str) -> None:
    with pytest.raises(StudentFault):
        getattr(of(session), road)(X)


def test_what_was_used_is_said(session: Session) -> None:
    with pytest.raises(StudentFault, match=r"compiled uses aten::dropout, which this assignment bans"):
        of(session).compiled(X)


def test_the_rest_works(session: Session) -> None:
    assert of(session).own(X).item() > 0


def test_what_modules_merely_use_is_not_shut(torch_forkserver: Forkserver) -> None:
    """A package's modules hold functions of others' too: ``abc.abstractmethod``, ``functools.wraps``, torch's own."""
    source = """
    import abc, functools, warnings
    import torch, torch.nn.functional as F
    warnings.filterwarnings("error")
    def helpers():
        @functools.wraps(abc.abstractmethod)
        def f(): return torch.func.vmap(torch.exp)(torch.zeros(2))
        return f()
    def distribution(): return torch.distributions.Normal(0.0, 1.0).log_prob(torch.ones(2))
    def banned(): return torch.distributions.Poisson(torch.ones(2)).sample()
    """
    with Session(
        torch_forkserver, LIMITS, banned=Banned(("torch.distributions.poisson.*", "torch.func.grad"))
    ) as session:
        session.run_notebook(cells(source))
        student = student_of(session)
        assert student.helpers().tolist() == [1, 1]
        assert student.distribution().shape == (2,)
        with pytest.raises(StudentFault, match="may not be used here"):
            student.banned()
    assert session.open_ban == ""


def test_a_ban_that_cannot_begin_is_told_and_costs_nothing(torch_forkserver: Forkserver) -> None:
    source = """
    import torch
    torch._C._dispatch_library = None
    def f(): return 1
    """
    with Session(torch_forkserver, LIMITS, banned=DROPOUT) as session:
        session.run_notebook(cells(source))
        assert student_of(session).f() == 1
    assert session.open_ban == "what is banned could not be shut: TypeError: 'NoneType' object is not callable"


def test_without_a_ban_all_roads_are_open(torch_forkserver: Forkserver) -> None:
    with Session(torch_forkserver, LIMITS) as session:
        session.run_notebook(cells(BEFORE))
        student = student_of(session)
        for road in ROADS:
            assert getattr(student, road)(X) is not None, road


def test_a_package_imported_later(forkserver: Forkserver) -> None:
    """Written, imported and used in the exercise: banned functions are shut, the others are not."""
    banned = Banned(("late.part.*", "json.tool.*"))
    source = """
    import os
    os.mkdir("late")
    open("late/__init__.py", "w").write("def free(): return 1")
    open("late/part.py", "w").write("def shut(): return 2\\nclass Kind:\\n    def method(self): return 3")
    def free():
        import late
        return late.free()
    def shut():
        from late.part import shut
        return shut()
    def method():
        import importlib
        return importlib.import_module("late." + "part").Kind().method()
    """
    with Session(forkserver, LIMITS, banned=banned) as session:
        session.run_notebook(cells(source))
        student = student_of(session)
        assert student.free() == 1
        for name in ("shut", "method"):
            with pytest.raises(StudentFault, match=r"late\.part\.\w+(\.method)? may not be used here"):
                getattr(student, name)()


PROGRAMS = """
import subprocess, sys
running = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(subprocess.run(["/bin/echo", "works"], capture_output=True, text=True).stdout)
def program():
    return subprocess.run(["/bin/echo", "works"], capture_output=True, text=True).stdout
def ended():
    try:
        return os.waitpid(running.pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        os.kill(running.pid, 0)
        return False
import os
"""


def test_where_something_is_banned_exercises_start_no_program_and_meet_none(forkserver: Forkserver) -> None:
    with Session(forkserver, LIMITS, banned=DROPOUT) as session:
        (run,) = session.run_notebook(cells(PROGRAMS))
        assert text_of(run) == "works\n\n", "cells may start programs"
        student = student_of(session)
        with pytest.raises(StudentFault, match="PermissionError"):
            student.program()
        with pytest.raises(StudentFault, match="ProcessLookupError"):
            student.ended()
    assert {described(*one) for one in session.refused} == {"execve"}


def test_where_nothing_is_banned_programs_work(forkserver: Forkserver) -> None:
    with Session(forkserver, LIMITS) as session:
        session.run_notebook(cells(PROGRAMS))
        student = student_of(session)
        assert student.program() == "works\n"
        assert student.ended() is False
    assert session.refused == set()


def test_a_notebook_that_ends_before_the_checks(forkserver: Forkserver) -> None:
    source = "import os, threading\nthreading.Timer(0.1, os._exit, [3]).start()"
    with Session(forkserver, LIMITS, banned=DROPOUT) as session:
        session.run_notebook(cells(source))
        time.sleep(0.5)
        with pytest.raises(StudentFault, match=r"ended its process \(exit code 3\) before the checks"):
            student_of(session)
