"""Objects that stay on the student's side: handles, the library, placing, asking for a class, seeding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autograder.errors import ArgumentChanged, BannedOperation, MissingName, StudentError, SuiteFault
from autograder.judge.channel import MemoryChannel
from autograder.judge.contract import Banned, Contract, Function, Returned
from autograder.judge.proxies import Conversation, Handle, RemoteFunction, StudentProxy

SOURCE = """
import numpy as np
import torch
from torch import nn

LIMIT = 5

class Net(nn.Module):
    def __init__(self, width=2):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.steps, self.hook = [], None
    def forward(self, x): return x @ self.weight
    def spoil(self, x): x.zero_()
    def apply_hook(self, x): return self.hook(x)
    @property
    def broken(self): raise LookupError("no such thing\\nand more")

class Small(Net):
    pass

class Pair(dict):
    pass

def same(*args, **kwargs): return args[0] if args else kwargs
def put(x): return ["put", x]
def has(x): return ["has", x]
def make(kind): return made[kind]()
def look(*args, **kwargs): return 0
def alter(x): x[0 if isinstance(x, (list, np.ndarray, torch.Tensor)) else "n"] = 7; return 0
made = {
    "dict": lambda: {"n": 0, "inner": [np.zeros(1)]},
    "list": lambda: [1, 2],
    "array": lambda: np.zeros(2),
    "tensor": lambda: torch.zeros(2),
    "sparse": lambda: torch.ones(2).to_sparse(),
    "object": object,
    "module": Net,
    "detachable": lambda: type("Distribution", (), {"detach": lambda self: self})(),
    "dates": lambda: __import__("pandas").DataFrame({"day": __import__("pandas").to_datetime(["2024-02-29"])}),
}
"""
CONTRACT = Contract({"make": Function("make", "e", Returned("state", "opaque"))})
EVERYTHING = Banned(("torch.*",), ("aten::*",), autograd=True)


def proxy_of(contract: Contract = CONTRACT) -> StudentProxy:
    namespace: dict[str, Any] = {"__name__": "student"}
    exec(SOURCE, namespace)
    return StudentProxy(Conversation(MemoryChannel(namespace), contract))


@pytest.fixture
def student() -> StudentProxy:
    return proxy_of()


def test_functions_named_like_a_verb_are_reached_by_item(student: StudentProxy) -> None:
    assert student["put"](1) == ["put", 1]
    assert student["has"]("x") == ["has", "x"]
    assert isinstance(student.put(1), Handle)
    assert student.has("has") is True


def test_a_name_is_looked_up_when_it_is_called(student: StudentProxy) -> None:
    late = student.late
    assert isinstance(late, RemoteFunction)
    for call in (late, late.may_mutate):
        with pytest.raises(MissingName) as caught:
            call(1, x=2)
        assert str(caught.value) == "late is not defined: did its cell run without an error?"
    student.define("def late(*args, **kwargs): return [args, kwargs]")
    for call in (late, late.may_mutate):
        assert call(1, x=2) == [(1,), {"x": 2}]
    student.define("del late")
    with pytest.raises(MissingName):
        late()


def test_a_name_that_is_no_function(student: StudentProxy) -> None:
    with pytest.raises(StudentError, match="LIMIT raised TypeError: 'int' object is not callable"):
        student.LIMIT()


@pytest.mark.parametrize(
    ("name", "there"),
    [("same", True), ("LIMIT", True), ("Net", True), ("np", True), ("print", False), ("np.zeros", False), ("", False)],
)
def test_has_knows_what_the_notebook_defines(student: StudentProxy, name: str, there: bool) -> None:
    assert student.has(name) is there


def test_what_define_runs_may_use_and_replace_the_students_names(student: StudentProxy) -> None:
    student.define("LIMIT += 1\ndef same(x): return [LIMIT, x]")
    assert student.same(1) == [6, 1]
    with pytest.raises(StudentError, match="the code raised ZeroDivisionError"):
        student.define("half = 1\nhalf / 0")
    assert student.has("half")


def test_attributes_of_every_kind_are_set_and_read(student: StudentProxy) -> None:
    net = student.Net()
    values: list[Any] = [None, True, 2.5, "text", [1, {"a": (2,)}], torch.float64]
    for value in values:
        net.tag = value
        assert net.tag == value
        assert type(net.tag) is type(value)
    net.tag = np.arange(3)
    np.testing.assert_array_equal(net.tag, np.arange(3))
    net.tag = student.Net(4)
    assert isinstance(net.tag, Handle)
    assert net.tag.weight.shape == (4,)
    net.steps = [net]
    assert [isinstance(item, Handle) for item in net.steps] == [True]
    net.hook = lambda x: 3 * x
    assert net.apply_hook(2.0) == 6.0
    assert net.hook(1.0) == 3.0


def test_attributes_that_resist(student: StudentProxy) -> None:
    net = student.Net()
    with pytest.raises(StudentError, match="the code raised LookupError: no such thing") as caught:
        _ = net.broken
    assert caught.value.kinds == ("LookupError", "Exception", "BaseException", "object")
    with pytest.raises(StudentError, match="AttributeError"):
        net.broken = 5
    with pytest.raises(StudentError, match="TypeError"):
        net.weight = torch.ones(2)  # a parameter is no tensor to a module
    assert torch.equal(net.weight, torch.ones(2))


def test_fetch_gives_what_can_cross_and_the_rest_as_handles(student: StudentProxy) -> None:
    assert type(student.make("tensor").fetch()) is torch.Tensor
    assert type(student.make("array").fetch()) is np.ndarray
    assert student.make("list").fetch() == [1, 2]
    for kind in ("module", "object", "sparse"):
        assert isinstance(student.make(kind).fetch(), Handle)
    mixed = student.same([1, student.make("object")])
    assert mixed[0] == 1
    assert isinstance(mixed[1], Handle)


def test_a_fetched_value_is_a_copy_and_fetching_again_sees_changes(student: StudentProxy) -> None:
    state = student.make("list")
    state.fetch().append(5)
    assert state.fetch() == [1, 2]
    assert student.alter.may_mutate(state) == 0
    assert state.fetch() == [7, 2]


def test_what_was_placed_is_one_object_there(student: StudentProxy) -> None:
    x = torch.zeros(2)
    placed = student.put(x)
    student.define("def is_(a, b): return a is b")
    assert student.is_(placed, placed) is True
    assert student.is_(placed, student.put(placed)) is True
    assert student.is_(placed, student.put(x)) is False
    student.alter.may_mutate(placed)
    assert placed.fetch().tolist() == [7, 0]
    assert x.tolist() == [0, 0]
    assert student.put(lambda x: x + 1)(1.0) == 2.0


def test_the_library_is_called_as_it_is(student: StudentProxy) -> None:
    assert student.library("builtins.sorted")([2, 1], reverse=True) == [2, 1]
    assert student.library("torch.nn.Linear")(2, 3).weight.shape == (3, 2)
    module = student.library("torch.nn.Sequential")(student.Net(2))
    assert student.library("torch.nn.Module.train")(module, False).training is False
    assert repr(student.library("math.sqrt")) == "<math.sqrt on the student's side>"
    with pytest.raises(StudentError, match=r"math\.sqrt raised ValueError"):
        student.library("math.sqrt")(-1.0)
    with pytest.raises(StudentError, match=r"math\.pi raised TypeError: 'float' object is not callable"):
        student.library("math.pi")()


def test_the_library_is_neither_guarded_nor_traced() -> None:
    student = proxy_of(Contract({}, EVERYTHING))
    x = torch.ones(2)
    assert torch.equal(student.library("torch.Tensor.add_")(x, 1), 2 * x)
    state = student.put([3, 1])
    assert student.library("builtins.list.sort")(state) is None
    assert state.fetch() == [1, 3]
    identity = student.library("torch.nn.Identity")()
    assert torch.equal(student.library("torch.autograd.functional.vjp")(identity, x, x)[1], x)
    with pytest.raises(BannedOperation):
        student.library("torch.nn.ReLU")()(x)  # a handle's call is traced, whoever made it


@pytest.mark.parametrize("verb", ["a constructor", "a call", "a method", "may_mutate"])
def test_every_way_into_the_code_is_traced(verb: str) -> None:
    student = proxy_of(Contract({}, Banned(("torch.Tensor.fill_", "torch.Tensor.zero_", "torch.Tensor.matmul"))))
    student.define("class Drawn(Net):\n    def __init__(self): super().__init__(); nn.init.ones_(self.weight)")
    student.define("def wipe(x): x.zero_(); return 0")
    ways: dict[str, Any] = {
        "a constructor": lambda: student.Drawn(),
        "a call": lambda: student.Net()(torch.ones(2)),
        "a method": lambda: student.Net().spoil(torch.ones(2)),
        "may_mutate": lambda: student.wipe.may_mutate(torch.ones(2)),
    }
    with pytest.raises(BannedOperation, match="which this assignment bans"):
        ways[verb]()


@pytest.mark.parametrize(
    ("source", "kind", "fits"),
    [
        ("Small()", "Small", True),
        ("Small()", "Net", True),
        ("Net()", "Small", False),
        ("Small()", "torch.nn.Module", True),
        ("Small()", "torch.nn.modules.module.Module", True),
        ("Net().weight", "torch.nn.Parameter", True),
        ("Net().weight", "torch.Tensor", True),
        ("torch.ones(1)", "torch.nn.Parameter", False),
        ("Pair()", "builtins.dict", True),
        ("{}", "Pair", False),
        ("np.float64(1)", "numpy.floating", True),
        ("Net", "builtins.type", True),
        ("None", "builtins.object", True),
    ],
)
def test_isinstance_asks_the_students_side(source: str, kind: str, fits: bool) -> None:
    student = proxy_of(Contract({"give": Function("give", "e", Returned("it", "opaque"))}))
    student.define(f"def give(): return {source}")
    assert student.isinstance(student.give(), kind) is fits


@pytest.mark.parametrize("kind", ["same", "LIMIT", "NoSuchClass", "torch.ones", "torch.NoSuchClass", "no_such.Class"])
def test_isinstance_of_what_is_no_class(student: StudentProxy, kind: str) -> None:
    with pytest.raises(StudentError):
        student.isinstance(student.Net(), kind)


@pytest.mark.parametrize(
    "kind", ["dict", "list", "array", "tensor", "sparse", "object", "module", "detachable", "dates"]
)
def test_any_object_of_the_students_may_be_handed_back(student: StudentProxy, kind: str) -> None:
    state = student.make(kind)
    assert student.look(state) == 0
    assert student.look([state, {"state": state}], k=(state,)) == 0


def test_what_the_suite_placed_is_guarded_like_any_argument(student: StudentProxy) -> None:
    for value in (torch.zeros(2), np.zeros(2), [1, 2], {"n": 1}):
        placed = student.put(value)
        with pytest.raises(ArgumentChanged):
            student.alter(placed)
        assert student.look(placed) == 0


def test_methods_and_calls_of_handles_are_guarded(student: StudentProxy) -> None:
    net, x = student.Net(), torch.ones(2)
    with pytest.raises(ArgumentChanged):
        net.spoil(x)
    student.define("class Shy(Net):\n    def forward(self, x): x[0] = 5; return x")
    with pytest.raises(ArgumentChanged, match="Shy changed one of its arguments"):
        student.Shy()(x)
    assert torch.equal(x, torch.ones(2))


FOREIGN: dict[str, Any] = {
    "an argument": lambda student, handle: student.look(handle),
    "a keyword argument": lambda student, handle: student.look(k=handle),
    "in a list": lambda student, handle: student.look([{"state": handle}]),
    "of the library": lambda student, handle: student.library("builtins.repr")(handle),
    "of isinstance": lambda student, handle: student.isinstance(handle, "Net"),
    "an attribute": lambda student, handle: setattr(student.Net(), "tag", handle),
    "placed": lambda student, handle: student.put(handle),
    "of another's method": lambda student, handle: student.Net()(handle),
    "what a callback returns": lambda student, handle: student.library("operator.call")(lambda: handle),
}


@pytest.mark.parametrize("use", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("known", [False, True], ids=["its number unknown", "its number taken"])
def test_a_handle_of_another_process_is_the_suites_fault(student: StudentProxy, use: Any, known: bool) -> None:
    """Its number would mean nothing there, or another object: no reason to blame the code, or to judge by it."""
    handle = proxy_of().make("module")
    own = [student.make("dict") for _ in range(3)] if known else []
    with pytest.raises(SuiteFault, match="cannot cross"):
        use(student, handle)
    assert student.look(own) == 0


def test_only_the_next_request_is_seeded(student: StudentProxy) -> None:
    student.define("def draw(): return torch.rand(1).item()")
    conversation = student._conversation
    draws = []
    for _ in range(2):
        conversation.seed(2**32 + 5)  # beyond what NumPy takes
        draws.append([student.draw(), student.draw()])
    assert draws[0] == draws[1]
    assert draws[0][0] != draws[0][1]


@pytest.mark.parametrize("source", ["random.random()", "np.random.rand()", "torch.rand(1).item()"])
@pytest.mark.parametrize("verb", ["call", "get", "define"])
def test_each_generator_is_seeded_whatever_the_request_is(student: StudentProxy, source: str, verb: str) -> None:
    student.define(f"import random\nclass Dice:\n    @property\n    def roll(self): return {source}")
    student.define(f"def draw(): return {source}")
    dice = student.Dice()

    def once(seed: int) -> float:
        student._conversation.seed(seed)
        if verb == "define":
            student.define("drawn = draw()")
            return float(student.drawn_())
        return float(student.draw() if verb == "call" else dice.roll)

    student.define("def drawn_(): return drawn")
    first, again, other = once(3), once(3), once(4)
    assert first == again
    assert first != other
