"""What a suite holds in its hands, over code in this process: every verb, every kind of answer, every fault."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autograder.compare import recording
from autograder.errors import (
    ArgumentChanged,
    BadReturn,
    LimitReached,
    Mismatch,
    MissingName,
    StudentError,
    StudentFault,
    SuiteFault,
    WireViolation,
)
from autograder.judge.channel import MemoryChannel
from autograder.judge.contract import Contract, Function, Returned
from autograder.judge.proxies import Conversation, Handle, StudentProxy, raises

SOURCE = """
import numpy as np
import torch

class Dropout(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p
        self.weight = torch.nn.Parameter(torch.ones(2))
        self.parts = {"a": [1, 2]}
    def forward(self, x, scale=1.0):
        return x * scale if self.training else x * 0
    def describe(self, *, loud=False):
        return "DROPOUT" if loud else "dropout"

class Special(ValueError):
    pass

def same(*args, **kwargs): return args[0] if args else kwargs
def pair(x): return x, {"mask": x}
def triple(x): return [x, x, x]
def nothing(*args): return None
def add_in_place(x): x += 1; return x
def fail(kind="ValueError"): raise {"ValueError": ValueError, "Special": Special, "KeyError": KeyError}[kind]("broken")
def leave(): raise SystemExit(3)
def change(x, how): how_to[how](x); return 0
how_to = {
    "value": lambda x: x.__setitem__(0, 5.0),
    "whole": lambda x: x.__iadd__(1),
    "shape": lambda x: setattr(x, "shape", (2, 1)),
    "resize": lambda x: x.resize_(5) if hasattr(x, "resize_") else x.resize((5,), refcheck=False),
    "append": lambda x: x.append(1),
    "clear": lambda x: x.clear(),
    "nested": lambda x: x["inner"][0].__setitem__(0, 9),
    "rebound": lambda x: x.__setitem__("inner", [np.zeros(2)]),
    "equal": lambda x: x.__setitem__(0, x[0]),
    "number": lambda x: x.__setitem__("n", 2),
    "order": lambda x: x.update(n=x.pop("n")),
    "none": lambda x: None,
}
def call(f, *args, **kwargs): return f(*args, **kwargs)
def call_often(f, n): return [f(float(i)) for i in range(n)]
def hide(f):
    try: return f("wrong")
    except Exception as error: return type(error).__name__
def keep(f): kept.append(f); return len(kept)
def call_kept(): return kept[0](2.0)
kept = []
def module_of(f): return f(Dropout())
"""
TENSOR, OPAQUE = Returned("out", "tensor"), Returned("mask", "opaque")
CONTRACT = Contract(
    {
        "pair": Function("pair", "e", (TENSOR, OPAQUE)),
        "triple": Function("triple", "e", (TENSOR, TENSOR, TENSOR)),
        "Dropout": Function("Dropout", "e", Returned("module", "opaque")),
        "add_in_place": Function("add_in_place", "e", Returned("y", "tensor")),
    }
)


def proxy_of(source: str = SOURCE, contract: Contract = CONTRACT) -> StudentProxy:
    namespace: dict[str, Any] = {"__name__": "student"}
    exec(source, namespace)
    return StudentProxy(Conversation(MemoryChannel(namespace), contract))


@pytest.fixture
def student() -> StudentProxy:
    return proxy_of()


def test_calls_return_plain_values_and_declared_tuples(student: StudentProxy) -> None:
    x = torch.arange(3.0)
    assert torch.equal(student.same(x), x)
    assert student.same(a=1, b="two") == {"a": 1, "b": "two"}
    out, mask = student.pair(x)
    assert torch.equal(out, x)
    assert isinstance(mask, Handle)
    assert list(mask.fetch()) == ["mask"]
    assert len(student.triple(x)) == 3  # a list stands for a tuple
    assert repr(student) == "<student>"
    assert repr(student.pair) == "<pair on the student's side>"
    assert repr(mask) == "<dict on the student's side>"


def test_classes_and_their_instances(student: StudentProxy) -> None:
    module = student.Dropout(0.25)
    x = torch.ones(2)
    assert module.p == 0.25
    assert torch.equal(module(x, scale=3.0), x * 3)
    assert module.describe(loud=True) == "DROPOUT"
    assert module.call("describe", loud=True) == "DROPOUT"
    with pytest.raises(StudentError, match="no_such_method"):
        module.call("no_such_method")
    assert isinstance(module.eval(), Handle)
    assert module.training is False
    assert isinstance(module.call("train"), Handle)
    assert module.training is True
    module.call("eval")
    assert torch.equal(module(x), x * 0)
    module.p = 0.75
    assert module.p == 0.75
    assert type(module.weight) is torch.Tensor
    assert module.parts == {"a": [1, 2]}
    assert isinstance(module.state_dict, Handle)
    assert student.isinstance(module, "Dropout")
    assert student.isinstance(module, "torch.nn.Module")
    assert not student.isinstance(module, "torch.nn.Linear")
    with pytest.raises(StudentError, match="no_such_attribute"):
        _ = module.no_such_attribute
    with pytest.raises(StudentError, match="NoSuchClass"):
        student.isinstance(module, "NoSuchClass")


def test_library_builds_on_the_students_side(student: StudentProxy) -> None:
    linear = student.library("torch.nn.Linear")(2, 1)
    model = student.library("torch.nn.Sequential")(student.Dropout(0.0), linear)
    assert model(torch.ones(3, 2)).shape == (3, 1)
    assert student.isinstance(model, "torch.nn.Sequential")
    assert student.library("math.sqrt")(4.0) == 2.0
    for path in ("no_such_package.thing", "math.no_such_name"):
        with pytest.raises(StudentError):
            student.library(path)()


def test_put_fetch_has_and_define(student: StudentProxy) -> None:
    handle = student.put([1, {"a": torch.ones(2)}])
    assert isinstance(handle, Handle)
    fetched = handle.fetch()
    assert fetched[0] == 1
    assert torch.equal(fetched[1]["a"], torch.ones(2))
    assert student.same(handle)[0] == 1
    assert student.has("pair")
    assert not student.has("missing")
    student.define("def twice(x): return 2 * x")
    assert student.twice(4) == 8
    with pytest.raises(StudentError, match="SyntaxError"):
        student.define("def (")


def test_a_handle_is_passed_back_as_the_object_itself(student: StudentProxy) -> None:
    module = student.Dropout(0.5)
    student.define("seen = []\ndef note(m): seen.append(m); return len({id(s) for s in seen})")
    assert [student.note(module), student.note(module), student.note(student.Dropout(0.5))] == [1, 1, 2]
    assert student.note([module, {"m": module}]) == 3


def test_missing_names_and_exceptions(student: StudentProxy) -> None:
    with pytest.raises(MissingName, match="missing is not defined"):
        student.missing(1)
    with pytest.raises(StudentError, match="fail raised ValueError: broken") as caught:
        student.fail()
    assert caught.value.kinds[:2] == ("ValueError", "Exception")
    with pytest.raises(StudentError) as caught:
        student.fail("Special")
    assert caught.value.kinds[:2] == ("Special", "ValueError")
    with pytest.raises(StudentError, match="SystemExit: 3"):
        student.leave()
    with pytest.raises(StudentError, match="TypeError"):
        student.pair(1, 2, 3)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def pair(x): return None", "found None"),
        ("def pair(x): return x", "found a Tensor"),
        ("def pair(x): return (x,)", "found a tuple of 1"),
        ("def pair(x): return [x] * 3", "found a list of 3"),
        ("def pair(x): return {'out': x, 'mask': x}", "found a dict"),
        ("def pair(x): yield x; yield x", "found a generator"),
        ("pair = lambda x: (x.numpy(), x)", "out, returned by pair, should be a torch tensor, found a ndarray"),
        ("pair = lambda x: (x.tolist(), x)", "found a list"),
        ("pair = lambda x: (None, x)", "found None"),
        ("pair = lambda x: (x.to_sparse(), x)", "found a Tensor"),
        ("import torch\npair = lambda x: (torch.nn.Linear(1, 1), x)", "found a Linear"),
    ],
)
def test_returns_that_are_not_as_declared(source: str, found: str) -> None:
    with pytest.raises(BadReturn) as caught:
        proxy_of(source).pair(torch.ones(2))
    assert found in str(caught.value)


@pytest.mark.parametrize("how", ["value", "whole"])
@pytest.mark.parametrize("kind", [torch.zeros, np.zeros], ids=["tensor", "array"])
def test_an_argument_changed_in_place_is_found(student: StudentProxy, how: str, kind: Any) -> None:
    x = kind(2)
    with pytest.raises(ArgumentChanged, match="change changed one of its arguments in place"):
        student.change(x, how)
    assert float(x.sum()) == 0  # the suite's own is untouched
    assert student.change.may_mutate(x, how) == 0
    assert student.change(x, "none") == 0
    assert student.change(x, "equal") == 0


CHANGES: dict[str, tuple[Any, str]] = {
    "an array's shape": (np.zeros(2), "shape"),
    "an array resized": (np.zeros(2), "resize"),
    "a tensor resized": (torch.zeros(2), "resize"),
    "a list appended to": ([1], "append"),
    "a list cleared": ([1], "clear"),
    "a list's number": ([1.0], "value"),
    "a dict cleared": ({"a": 1}, "clear"),
    "an array within": ({"inner": [np.zeros(2)]}, "nested"),
    "an equal entry rebound": ({"inner": [np.ones(2)]}, "rebound"),
    "a number rebound": ({"n": 1}, "number"),
    "entries in another order": ({"n": 1, "m": 2}, "order"),
}


@pytest.mark.parametrize(("argument", "how"), CHANGES.values(), ids=CHANGES)
def test_every_kind_of_change_is_found(student: StudentProxy, argument: Any, how: str) -> None:
    with pytest.raises(ArgumentChanged):
        student.change(argument, how)
    assert student.change(argument, "none") == 0
    assert student.change.may_mutate(argument, how) == 0


def test_what_is_not_a_change(student: StudentProxy) -> None:
    nan = float("nan")
    student.define("def look(*args, **kwargs): return 0")
    assert student.look([nan, np.array([nan]), torch.tensor([nan])], {"a": (nan, None, True)}, k=nan) == 0
    module = student.Dropout(0.5)
    student.define("def train(m): m.p = 0.9; m.weight.data.zero_(); return 0")
    assert student.train(module) == 0  # the student's own object may change


def test_a_changed_keyword_argument_is_found(student: StudentProxy) -> None:
    student.define("def spoil(*, x): x[0] = 1; return 0")
    with pytest.raises(ArgumentChanged):
        student.spoil(x=torch.zeros(2))


def test_callbacks_are_evaluated_by_the_judge(student: StudentProxy) -> None:
    log: list[float] = []

    def objective(x: float, scale: float = 1.0) -> float:
        log.append(x)
        return x * scale

    assert student.call(objective, 2.0, scale=3.0) == 6.0
    assert student.call_often(objective, 3) == [0.0, 1.0, 2.0]
    assert log == [2.0, 0.0, 1.0, 2.0]
    assert student.call(lambda x: x.double(), torch.ones(2)).dtype is torch.float64


def test_a_callback_may_be_kept_for_a_later_call(student: StudentProxy) -> None:
    assert student.keep(lambda x: x + 1) == 1
    assert student.call_kept() == 3.0


def test_a_callback_may_hand_in_another(student: StudentProxy) -> None:
    student.define("def nest(f): return f(1.0)(2.0)")
    assert student.nest(lambda x: lambda y: x + y) == 3.0


@pytest.mark.parametrize(
    ("function", "fault"),
    [
        (lambda: 1, StudentError),
        (lambda x: x["key"], StudentError),
        (lambda x: [1, 2][int(x) + 5], StudentError),
        (lambda x: 1 / 0, StudentError),
        (lambda x: torch.ones(2) @ torch.ones(3), StudentError),
        (lambda x: x.shape, StudentError),
        (lambda x: (_ for _ in ()).throw(RecursionError()), StudentError),
        (lambda x: (_ for _ in ()).throw(Mismatch("outside the box")), Mismatch),
        (lambda x: (_ for _ in ()).throw(LimitReached("the budget is spent")), LimitReached),
        (lambda x: (_ for _ in ()).throw(SuiteFault("ours")), SuiteFault),
        (lambda x: (_ for _ in ()).throw(AssertionError("a sentence")), AssertionError),
        (lambda x: object(), SuiteFault),
        (lambda x: np.array([10**30]), StudentError),  # of dtype object, because of what it was asked
        (lambda x: undefined, NameError),  # type: ignore[name-defined]  # noqa: F821 - the suite's own mistake
    ],
)
def test_what_a_callback_raises_ends_the_test(student: StudentProxy, function: Any, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        student.call(function, 1.0)
    with pytest.raises(fault):
        student.hide(function)
    assert student.same(1) == 1


def test_the_message_of_a_failed_callback_holds_no_value_of_the_suite(student: StudentProxy) -> None:
    def secret(x: float) -> float:
        raise ValueError(f"expected 42.0, got {x}")

    with pytest.raises(StudentError) as caught:
        student.call(secret, 1.0)
    assert "42" not in str(caught.value)
    assert "ValueError" in str(caught.value)


def test_an_object_of_the_students_given_to_a_callback(student: StudentProxy) -> None:
    with pytest.raises(StudentError, match="unknown kind of value"):
        student.module_of(lambda module: module.p)
    assert isinstance(student.module_of(lambda module: module), Handle)  # passing it through is fine


def test_asking_within_a_callback_is_the_suites_fault(student: StudentProxy) -> None:
    with pytest.raises(SuiteFault, match="waits for its result"):
        student.call(lambda x: student.same(x), 1.0)


def test_what_a_suite_may_not_pass(student: StudentProxy) -> None:
    for value in (object(), {1, 2}, [object()], range(3)):
        with pytest.raises(SuiteFault, match="cannot cross"):
            student.same(value)


def test_seeding_makes_draws_the_same(student: StudentProxy) -> None:
    student.define("import random\ndef draw(): return [random.random(), np.random.rand(), torch.rand(1).item()]")
    draws = []
    for seed in (3, 3, 4):
        student._conversation.seed(seed)
        draws.append(student.draw())
    assert draws[0] == draws[1] != draws[2]


def test_raises_accepts_the_kind_and_its_subclasses(student: StudentProxy) -> None:
    for asked in ("ValueError", "Special", "Exception"):
        with recording() as log, raises(asked):
            student.fail("Special")
        assert [entry.passed for entry in log] == [True]


def test_raises_says_what_happened_instead(student: StudentProxy) -> None:
    cases: list[tuple[Any, str]] = [
        (lambda: student.fail("KeyError"), "should raise ValueError here, but fail raised KeyError: 'broken'"),
        (lambda: student.same(1), "no exception was raised"),
        (lambda: student.missing(), "missing is not defined"),
        (lambda: student.triple(1), "should be a torch tensor"),
    ]
    for act, text in cases:
        with pytest.raises(Mismatch, match=text), raises("ValueError"):
            act()
    with pytest.raises(ArgumentChanged), raises("ValueError"):
        student.add_in_place(torch.ones(2))


def test_private_names_are_pythons_own(student: StudentProxy) -> None:
    handle = student.Dropout(0.5)
    for thing in (student, handle):
        assert not hasattr(thing, "__array__")
        assert not hasattr(thing, "__torch_function__")
        with pytest.raises(AttributeError):
            thing.__len__()


def test_objects_that_resist_being_described() -> None:
    student = proxy_of(
        """
class Odd(Exception):
    def __str__(self): raise RuntimeError("no text")
def fail(): raise Odd
class Sulk:
    def __getattribute__(self, name): raise RuntimeError("leave me alone")
def sulk(): return Sulk()
"""
    )
    with pytest.raises(StudentError, match=r"Odd: \(its message cannot be made: RuntimeError\)"):
        student.fail()
    with pytest.raises(StudentFault):
        student.sulk().name()


def test_messages_hold_no_addresses() -> None:
    student = proxy_of("class A: pass\ndef fail(): raise ValueError(A())")
    with pytest.raises(StudentError, match="A object at 0x…>"):
        student.fail()


def test_a_reply_that_is_no_handle_is_a_violation(student: StudentProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(student._conversation, "value", lambda *args, **kwargs: 5)
    with pytest.raises(WireViolation):
        student.put(1)
