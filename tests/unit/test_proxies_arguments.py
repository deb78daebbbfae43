"""Values that go over and come back: dtypes, arguments that change or do not, and what was declared to return."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from autograder.errors import ArgumentChanged, BadReturn, BannedOperation, StudentError
from autograder.judge.channel import MemoryChannel
from autograder.judge.contract import Banned, Contract, Function, Returned
from autograder.judge.proxies import Conversation, Handle, StudentProxy

SOURCE = """
import numpy as np
import torch

class Own(np.ndarray): pass

def same(x): return x
def double(x): return 2 * x
def told(x): return [x.dtype.name, x.shape, type(x).__name__]
def of(dtype, device): return torch.ones(2, dtype=dtype, device=device)
def described(x):
    return [str(x.dtype), x.device.type, tuple(x.shape), x.requires_grad, x.is_leaf, type(x).__name__]
"""


def proxy_of(source: str = "", contract: Contract | None = None) -> StudentProxy:
    namespace: dict[str, Any] = {"__name__": "student"}
    exec(SOURCE + source, namespace)
    return StudentProxy(Conversation(MemoryChannel(namespace), contract or Contract()))


DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64"]


@pytest.mark.parametrize("name", DTYPES)
def test_tensors_keep_dtype_device_and_shape_both_ways(device: str, name: str) -> None:
    student = proxy_of()
    dtype = getattr(torch, name)
    for shape in ((), (3,), (0, 2), (2, 1, 3)):
        x = torch.ones(shape, dtype=dtype, device=device)
        assert student.described(x) == [f"torch.{name}", device, shape, False, True, "Tensor"]
        back = student.same(x)
        assert (back.dtype, back.device, back.shape) == (x.dtype, x.device, x.shape)
        assert torch.equal(back, x)
    made = student.of(dtype, torch.device(device))
    assert (made.dtype, made.device.type, made.tolist()) == (dtype, device, torch.ones(2, dtype=dtype).tolist())


@pytest.mark.parametrize("dtype", ["?", "u1", "i4", "i8", "f2", "f4", "f8", "c8", ">f4", ">i8"])
def test_arrays_keep_dtype_and_shape_both_ways(dtype: str) -> None:
    student = proxy_of()
    for shape in ((), (3,), (0, 2), (2, 1, 3)):
        x = np.ones(shape, dtype=dtype)
        assert student.told(x) == [x.dtype.name, shape, "ndarray"]
        back = student.same(x)
        assert (back.dtype.name, back.shape) == (x.dtype.name, shape)
        np.testing.assert_array_equal(back, x)


def test_requires_grad_crosses_both_ways_and_history_does_not() -> None:
    student = proxy_of()
    leaf = torch.ones(2, requires_grad=True)
    for x in (leaf, 2 * leaf, torch.nn.Parameter(torch.ones(2))):
        assert student.described(x)[3:] == [True, True, "Tensor"]
        back = student.same(x)
        assert (back.requires_grad, back.is_leaf, back.grad_fn) == (True, True, None)
    assert student.same(leaf.detach()).requires_grad is False
    assert student.double(leaf).grad_fn is None


def test_views_arrive_as_their_own_entries_alone() -> None:
    student = proxy_of()
    x = torch.arange(12.0).reshape(3, 4)
    for view in (x.t(), x[::2, 1], x[:, ::3], x.flip(0), x[0].expand(2, 4)):
        assert student.described(view)[2] == tuple(view.shape)
        assert torch.equal(student.same(view), view)


UNCHANGED: dict[str, tuple[str, Any]] = {
    "transposed and back": ("x.t_(); x.t_()", torch.ones(2, 3)),
    "its shape changed and restored": (
        "x.resize(6, refcheck=False); x.resize((2, 3), refcheck=False)",
        np.ones((2, 3)),
    ),
    "a view of it changed and restored": ("v = x[0]; v += 1; v -= 1", torch.ones(2, 3)),
    "entries exchanged and restored": ("x[:] = x[::-1]; x[:] = x[::-1]", [1, 2, 3]),
    "a sorted list sorted": ("x.sort()", [1, 2, 3]),
    "an entry taken out and put back": ("v = x.pop('b'); x['b'] = v", {"a": 1, "b": [2]}),
    "an array of the same numbers put in": ("x[0] = x[0].copy()", [np.ones(2)]),
    "a table's column replaced by itself": ("x['a'] = x['a'].copy()", pd.DataFrame({"a": [1, 2]})),
    "its own name rebound": ("x = x + 1", torch.ones(2)),
    "a gradient of a copy": ("y = x.clone().requires_grad_(); y.sum().backward()", torch.ones(2)),
    "a NaN in the place of a NaN": ("x[0] = float('nan')", [float("nan")]),
    "a matrix of NaN looked at": ("x.sum()", np.full((2, 2), np.nan)),
}


@pytest.mark.parametrize(("body", "argument"), UNCHANGED.values(), ids=UNCHANGED)
def test_an_argument_that_is_as_it_was(body: str, argument: Any) -> None:
    student = proxy_of(f"def f(x):\n    {body}\n    return 0\n")
    assert student.f(argument) == 0


CHANGED: dict[str, tuple[str, Any]] = {
    "transposed": ("x.t_()", torch.ones(2, 3)),
    "a view of it": ("v = x[0]; v += 1", torch.ones(2, 3)),
    "one far entry": ("x.view(-1)[-1] += 1e-7", torch.zeros(100, 7)),
    "the sign of zero": ("x *= -1", torch.zeros(2)),
    "a number made NaN": ("x[0] = np.nan", np.ones(2)),
    "another dtype": ("x.data = x.data.double()", torch.zeros(2)),
    "the data of a leaf": ("x.data.add_(1)", torch.ones(2, requires_grad=True)),
    "other data altogether": ("x.set_(torch.ones(3))", torch.ones(2)),
    "a bfloat16": ("x.neg_()", torch.ones(2, dtype=torch.bfloat16)),
    "a truth value": ("x.logical_not_()", torch.tensor(True)),
    "a list sorted": ("x.sort()", [2, 1]),
    "the sign of a zero in a list": ("x[0] = -0.0", [0.0]),
    "another shape": ("x.resize((3, 2), refcheck=False)", np.zeros((2, 3))),
    "an array of another dtype put in": ("x[0] = x[0].astype(np.int64)", [np.zeros(2)]),
    "an int made a float": ("x[0] = 1.0", [1]),
    "a truth value made a number": ("x[0] = 1", [True]),
    "a list in a dict in a tuple": ("x[0]['a'].append(1)", ({"a": []},)),
    "an array in a list": ("x[1][0, 0] = 5", [None, np.zeros((2, 2))]),
    "a key replaced": ("x[2] = x.pop(1)", {1: "a"}),
    "something that cannot cross put in": ("x.append(object())", [1]),
    "a list put into itself": ("x.append(x)", [1]),
    "a table's entry": ("x.loc[0, 'a'] = 5", pd.DataFrame({"a": [1, 2]})),
    "a table's new column": ("x['b'] = 1", pd.DataFrame({"a": [1, 2]})),
    "a table's labels": ("x.columns = ['b']", pd.DataFrame({"a": [1, 2]})),
    "a table's text made dates": (
        "import pandas; x['a'] = pandas.to_datetime(x['a'])",
        pd.DataFrame({"a": ["2024-02-29"]}),
    ),
    "a series": ("x[0] = 5", pd.Series([1, 2])),
}


@pytest.mark.parametrize("keyword", [False, True], ids=["", "by keyword"])
@pytest.mark.parametrize(("body", "argument"), CHANGED.values(), ids=CHANGED)
def test_an_argument_that_is_not_as_it_was(body: str, argument: Any, keyword: bool) -> None:
    student = proxy_of(f"def f(*, y=0, x):\n    {body}\n    return 0\ndef g(x): return f(x=x)\n")
    with pytest.raises(ArgumentChanged) as caught:
        student.f(x=argument) if keyword else student.g(argument)
    assert str(caught.value) == f"{'f' if keyword else 'g'} changed one of its arguments in place; work on a copy"
    assert student.g.may_mutate(argument) == 0


def test_the_keywords_themselves_are_the_functions_own() -> None:
    student = proxy_of("def f(*args, **kwargs): kwargs['a'] = 2; kwargs.pop('b'); return 0\n")
    assert student.f(a=1, b=[2]) == 0


def test_what_is_told_where_several_things_are_wrong() -> None:
    """Banned before an exception, an exception before a changed argument, that before a wrong return."""
    functions = {"f": Function("f", "e", (Returned("a", "tensor"), Returned("b", "tensor")))}
    contract, bans = Contract(functions), Contract(functions, Banned(("torch.Tensor.mul_",)))
    for body, fault in (
        ("raise ValueError", StudentError),
        ("return None", ArgumentChanged),
        ("return x, 1", ArgumentChanged),
    ):
        source = f"def f(x):\n    x.mul_(2)\n    {body}\n"
        with pytest.raises(fault):
            proxy_of(source, contract).f(torch.ones(1))
        with pytest.raises(BannedOperation, match=r"f uses torch\.Tensor\.mul_"):
            proxy_of(source, bans).f(torch.ones(1))
    with pytest.raises(BadReturn):
        proxy_of("def f(x): return x, 1\n", contract).f(torch.ones(1))


RETURNED: dict[str, tuple[str, str, type]] = {
    "a parameter for a tensor": ("tensor", "torch.nn.Parameter(torch.ones(1))", torch.Tensor),
    "a subclass of array": ("array", "np.ones(2).view(Own)", np.ndarray),
    "a list of numbers": ("array", "[np.float32(1), 2]", np.ndarray),
    "an array of none": ("array", "np.zeros((0, 3))", np.ndarray),
    "a truth value for a number": ("number", "np.bool_(True)", np.bool_),
    "an array of no axes": ("number", "np.array(0.5)", np.float64),
    "a tensor of no axes": ("number", "torch.tensor(0.5)", torch.Tensor),
    "a function": ("any", "told", Handle),
    "a class": ("any", "Own", Handle),
    "a set": ("any", "{1}", Handle),
    "text": ("any", "'text'", str),
    "nothing, kept": ("opaque", "None", Handle),
    "a number, kept": ("opaque", "5", Handle),
}


@pytest.mark.parametrize(("kind", "source", "arrives"), RETURNED.values(), ids=RETURNED)
@pytest.mark.parametrize("form", ["alone", "in a tuple", "in a list"])
def test_returned_values_arrive_as_declared(kind: Any, source: str, arrives: type, form: str) -> None:
    alone = form == "alone"
    declared = Returned("y", kind) if alone else (Returned("y", kind), Returned("n", "number"))
    shaped = {"alone": source, "in a tuple": f"({source}, 1)", "in a list": f"[{source}, 1]"}[form]
    value = proxy_of(f"def f(): return {shaped}\n", Contract({"f": Function("f", "e", declared)})).f()
    assert type(value) is (arrives if alone else tuple)
    assert type(value if alone else value[0]) is arrives


def test_tuples_with_names_are_tuples() -> None:
    pair = (Returned("values", "tensor"), Returned("indices", "tensor"))
    student = proxy_of("def f(x): return x.max(dim=0)\n", Contract({"f": Function("f", "e", pair)}))
    values, indices = student.f(torch.tensor([[1.0, 4.0], [3.0, 2.0]]))
    assert (values.tolist(), indices.tolist()) == ([3, 4], [1, 0])
