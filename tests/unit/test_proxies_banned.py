"""The operator trace: what a call used is found under every name it can be reached by, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from autograder.errors import BannedOperation, StudentError
from autograder.judge.channel import MemoryChannel
from autograder.judge.contract import Banned, Contract
from autograder.judge.proxies import Conversation, StudentProxy
from autograder.student import trace
from autograder.wire import decode, encode

DROPOUT = Banned(("torch.nn.*Dropout*", "torch.nn.functional.*dropout*", "torch.*dropout*"), ("aten::*dropout*",))
AUTOGRAD = Banned(autograd=True)
HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"


def student_with(source: str, banned: Banned) -> StudentProxy:
    namespace: dict[str, Any] = {"__name__": "student"}
    exec(HEAD + source, namespace)
    return StudentProxy(Conversation(MemoryChannel(namespace), Contract({}, banned)))


def call(source: str, banned: Banned, *args: Any) -> Any:
    return student_with(source, banned).f(*(args or (torch.ones(4, 4),)))


USES_DROPOUT = {
    "functional": "def f(x): return F.dropout(x)",
    "functional, not training": "def f(x): return F.dropout(x, training=False)",
    "one-dimensional": "def f(x): return F.dropout1d(x)",
    "alpha": "def f(x): return F.alpha_dropout(x)",
    "module": "def f(x): return nn.Dropout(0.5)(x)",
    "module made earlier": "layer = nn.Dropout(0.5)\ndef f(x): return layer(x)",
    "module in a module": "net = nn.Sequential(nn.Linear(4, 4), nn.Dropout())\ndef f(x): return net(x)",
    "subclass": "class D(nn.Dropout): pass\ndef f(x): return D()(x)",
    "torch": "def f(x): return torch.dropout(x, 0.5, True)",
    "torch, in place": "def f(x): return torch.dropout_(x.clone(), 0.5, True)",
    "native": "def f(x): return torch.native_dropout(x, 0.5, True)[0]",
    "operator": "def f(x): return torch.ops.aten.dropout(x, 0.5, True)",
    "operator, default": "def f(x): return torch.ops.aten.dropout.default(x, 0.5, True)",
    "operator, native": "def f(x): return torch.ops.aten.native_dropout(x, 0.5, True)[0]",
    "getattr": "def f(x): return getattr(F, 'drop' + 'out')(x)",
    "dict": "def f(x): return vars(F)['drop' + 'out'](x)",
    "an alias": "g = F.dropout\ndef f(x): return g(x)",
    "a partial": "import functools\ng = functools.partial(F.dropout, p=0.1)\ndef f(x): return g(x)",
    "in a helper": "def h(x): return F.dropout(x)\ndef f(x): return h(x)",
    "in a comprehension": "def f(x): return torch.stack([F.dropout(row) for row in x])",
    "before an exception": "def f(x):\n    F.dropout(x)\n    raise ValueError",
    "under no_grad": "def f(x):\n    with torch.no_grad(): return F.dropout(x)",
    "by vmap": "def f(x): return torch.vmap(F.dropout, randomness='different')(x)",
}


@pytest.mark.parametrize("source", USES_DROPOUT.values(), ids=USES_DROPOUT)
def test_dropout_under_every_name(source: str) -> None:
    with pytest.raises(BannedOperation, match=r"f uses .*dropout.*, which this assignment bans"):
        call(source, DROPOUT)


HONEST = {
    "a mask by hand": "def f(x): return x * (torch.rand_like(x) > 0.5) / 0.5",
    "bernoulli": "def f(x): return x * torch.bernoulli(torch.full_like(x, 0.5))",
    "a module of one's own": "class Dropout(nn.Module):\n    def forward(self, x): return x * 2\n"
    "def f(x): return Dropout()(x)",
    "a function of the same name": "def dropout(x): return x\ndef f(x): return dropout(x)",
    "numpy": "import numpy as np\ndef f(x): return torch.from_numpy(np.random.rand(4) * x.numpy())",
    "no torch at all": "def f(x): return 1",
    "a layer": "layer = nn.Linear(4, 4)\ndef f(x): return layer(x).relu().sum()",
}


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST)
def test_honest_code_is_not_accused(source: str) -> None:
    call(source, DROPOUT)
    call(source, AUTOGRAD)


LEAF = "def f(x):\n    x = x.clone().requires_grad_()\n    y = (x * x).sum()\n"
ENGINE = "((y,), (torch.ones(()),), False, False, (), accumulate_grad=True, allow_unreachable=True)\n    return x.grad"
USES_AUTOGRAD = {
    "backward": LEAF + "    y.backward()\n    return x.grad",
    "grad": LEAF + "    return torch.autograd.grad(y, x)[0]",
    "torch.autograd.backward": LEAF + "    torch.autograd.backward(y)\n    return x.grad",
    "an alias": "g = torch.autograd.grad\n" + LEAF + "    return g(y, x)[0]",
    "the engine's alias": "from torch.autograd.graph import _engine_run_backward as g\n" + LEAF + "    g" + ENGINE,
    "the engine": "engine = torch.autograd.Variable._execution_engine\n" + LEAF + "    engine.run_backward" + ENGINE,
    "functional.jacobian": "def f(x): return torch.autograd.functional.jacobian(lambda v: v * v, x[0])",
    "functional.hessian": "def f(x): return torch.autograd.functional.hessian(lambda v: (v ** 3).sum(), x[0])",
    "func.grad": "def f(x): return torch.func.grad(lambda v: (v * v).sum())(x)",
    "func.vjp": "def f(x): return torch.func.vjp(lambda v: v * v, x)[1](x)[0]",
    "func.jvp": "def f(x): return torch.func.jvp(lambda v: v * v, (x,), (x,))[1]",
    "func.jacrev": "def f(x): return torch.func.jacrev(lambda v: v * v)(x[0])",
    "func.jacfwd": "def f(x): return torch.func.jacfwd(lambda v: v * v)(x[0])",
    "forward mode": "import torch.autograd.forward_ad as ad\ndef f(x):\n    with ad.dual_level():\n"
    "        return ad.unpack_dual(ad.make_dual(x, x) ** 2).tangent",
    "gradcheck": "def f(x): return torch.autograd.gradcheck(lambda v: v * v, x.double().requires_grad_())",
    "keeping the graph": LEAF + "    return torch.autograd.grad(y, x, create_graph=True)[0].detach()",
}


@pytest.mark.parametrize("source", USES_AUTOGRAD.values(), ids=USES_AUTOGRAD)
def test_autograd_under_every_name(source: str) -> None:
    with pytest.raises(BannedOperation, match="f calls autograd"):
        call(source, AUTOGRAD)
    call(source, Banned())  # where nothing is banned, it works


def test_building_a_graph_is_not_yet_autograd() -> None:
    source = (
        "def f(x):\n    w = torch.nn.Parameter(x.clone())\n    y = (w * w).sum()\n    return y.item(), y.requires_grad"
    )
    assert call(source, AUTOGRAD) == (16.0, True)


def test_a_backward_pass_of_ones_own_may_be_defined() -> None:
    source = """
class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return 2 * x
    @staticmethod
    def backward(ctx, g): return 2 * g
def f(x): return Double.apply(x)
"""
    assert torch.equal(call(source, AUTOGRAD), 2 * torch.ones(4, 4))


def test_what_the_judge_does_in_a_callback_is_not_the_codes_doing() -> None:
    def objective(x: torch.Tensor) -> torch.Tensor:
        leaf = torch.nn.functional.dropout(x, 0.5).detach().requires_grad_()
        (leaf * leaf).sum().backward()  # type: ignore[no-untyped-call]  # torch's own
        assert leaf.grad is not None
        return leaf.grad

    banned = Banned(DROPOUT.functions, DROPOUT.operators, autograd=True)
    assert call("def f(g): return g(torch.ones(2)).shape", banned, objective) == (2,)
    with pytest.raises(BannedOperation):
        call("def f(g): return F.dropout(g(torch.ones(2)))", banned, objective)


def test_crossing_the_wire_is_not_the_codes_doing() -> None:
    everything = Banned(functions=("torch.*",), operators=("aten::*",), autograd=True)
    x = torch.ones(2, 3, requires_grad=True)
    values = [x, x.t(), x.detach().to(torch.complex64).conj(), torch.tensor([True])]
    assert len(call("def f(g): return g(g())", everything, lambda *given: given[0] if given else values)) == 4
    seen: set[str] = set()
    with trace.operators(seen):
        decode(encode(values))
    assert seen == set()


def test_tracing_ends_with_the_call() -> None:
    student = student_with("def f(x): raise ValueError\ndef g(x): return x", DROPOUT)
    with pytest.raises(StudentError):
        student.f(torch.ones(1))
    torch.nn.functional.dropout(torch.ones(2))
    assert torch.equal(student.g(torch.ones(1)), torch.ones(1))
    assert trace._open == []


def test_traces_within_traces_see_their_own() -> None:
    outer: set[str] = set()
    inner: set[str] = set()
    with trace.operators(outer):
        torch.ones(1).exp()
        with trace.operators(inner):
            torch.ones(1, requires_grad=True).sum().backward()  # type: ignore[no-untyped-call]  # torch's own
        with trace.paused():
            torch.ones(1).log()
    assert trace.AUTOGRAD in inner
    assert trace.AUTOGRAD not in outer
    assert {"torch.Tensor.exp", "aten::exp"} <= outer
    assert not {"torch.Tensor.log", "aten::log"} & outer


def test_library_calls_of_the_judge_are_not_traced() -> None:
    student = student_with("class Net(nn.Module):\n    def forward(self, x): return x", DROPOUT)
    dropout = student.library("torch.nn.Dropout")(0.5)
    net = student.library("torch.nn.Sequential")(student.Net(), student.library("torch.nn.Identity")())
    assert net(torch.ones(1)).item() == 1.0
    with pytest.raises(BannedOperation):
        dropout(torch.ones(1))  # calling it is the suite's own doing: a suite that bans it has no use for it
