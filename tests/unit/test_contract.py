"""Declarations of an assignment: how they are read, and what they make of a returned value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autograder.errors import BadReturn, BannedOperation, SuiteFault
from autograder.judge.contract import KINDS, Banned, Contract, Function, Kind, Returned
from autograder.wire import Remote


class _Handle:
    """Stands for a handle: the contract looks at ``wire_kind`` alone; anything else would ask the student's side."""

    wire_kind = "Linear"

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the contract asked a handle for {name}")


def one(kind: Kind) -> Function:
    return Function("f", "e", Returned("y", kind))


@pytest.mark.parametrize("kind", KINDS)
def test_declarations_are_read(kind: Kind) -> None:
    assert Returned.parse(f"dx : {kind} ", "here") == Returned("dx", kind)


@pytest.mark.parametrize("text", ["dx", "dx: matrix", "a: b: tensor", "", 5, None, ["x: tensor"]])
def test_other_declarations_are_the_suites_fault(text: object) -> None:
    with pytest.raises(SuiteFault, match=r"assignment\.toml"):
        Returned.parse(text, "assignment.toml [functions.f]")


def test_what_the_students_side_is_told() -> None:
    out, mask = Returned("out", "tensor"), Returned("mask", "opaque")
    assert Function("f", "e").on_the_wire() is None
    assert Function("f", "e", out).on_the_wire() is None
    assert Function("f", "e", mask).on_the_wire() == "keep"
    assert Function("f", "e", (out, mask)).on_the_wire() == ["value", "keep"]
    assert Function("f", "e", (out,)).on_the_wire() == ["value"]
    assert [Function("f", "e", returns).declared for returns in (None, out, (out, mask))] == [(), (out,), (out, mask)]


def test_undeclared_functions_may_return_anything() -> None:
    contract = Contract({"f": one("tensor")})
    assert contract.function("f") is contract.functions["f"]
    assert contract.function("g").returns is None
    assert contract.function("g").checked("anything") == "anything"


FITS: list[tuple[Kind, Any]] = [
    ("tensor", torch.ones(2)),
    ("tensor", torch.tensor(1)),
    ("array", np.ones(2)),
    ("array", np.ones(2, dtype=bool)),
    ("array", np.ones(())),
    ("array", np.float32(1)),
    ("array", [[1, 2], [3, 4.5]]),
    ("array", (1, 2)),
    ("array", [np.ones(2), np.zeros(2)]),
    ("array", []),
    ("array", 5),
    ("array", [1j]),
    ("number", 5),
    ("number", 0.5),
    ("number", True),
    ("number", np.float64(0.5)),
    ("number", np.array(3)),
    ("number", torch.tensor(0.5)),
    ("number", 10**30),
    ("any", None),
    ("any", "text"),
    ("any", _Handle()),
    ("opaque", _Handle()),
]


@pytest.mark.parametrize(("kind", "value"), FITS, ids=lambda value: f"{type(value).__name__}")
def test_what_fits(kind: Kind, value: Any) -> None:
    checked = one(kind).checked(value)
    if kind == "array":
        assert type(checked) is np.ndarray
        assert checked.dtype.kind in "biufc"
    elif kind == "number" and isinstance(value, np.ndarray):
        assert isinstance(checked, np.generic)
    else:
        assert checked is value


MISFITS: list[tuple[Kind, Any, str]] = [
    ("tensor", np.ones(2), "y, returned by f, should be a torch tensor, found a ndarray"),
    ("tensor", [1.0], "found a list"),
    ("tensor", None, "found None"),
    ("tensor", 5, "found an int"),
    ("tensor", torch.nn.Parameter(torch.ones(1)), "found a Parameter"),
    ("tensor", _Handle(), "found a Linear"),
    ("array", "text", "should be an array, found a str"),
    ("array", np.str_("text"), "found a str_"),
    ("array", None, "found None"),
    ("array", {"a": 1}, "found a dict"),
    ("array", torch.ones(2), "found a Tensor"),
    ("array", _Handle(), "found a Linear"),
    ("array", [[1, 2], [3]], "found a ragged list"),
    ("array", [np.ones(2), np.ones(3)], "found a ragged list"),
    ("array", ["a", "b"], "should hold numbers, found a list of other things"),
    ("array", [None], "found a list of other things"),
    ("array", ([1], [_Handle()]), "found a tuple of other things"),
    ("array", [torch.ones(1, requires_grad=True)], "found a list of other things"),
    ("array", ["a" * 10**6] + [""] * 60_000, "found a list of other things"),
    ("array", [10**30], "found a list of numbers too large"),
    ("number", None, "should be a single number, found None"),
    ("number", "5", "found a str"),
    ("number", [5], "found a list"),
    ("number", 1j, "found a complex"),
    ("number", np.ones(1), "found a ndarray of shape (1,)"),
    ("number", torch.ones(1, 1), "found a Tensor of shape (1, 1)"),
    ("number", _Handle(), "found a Linear"),
]


@pytest.mark.parametrize(("kind", "value", "text"), MISFITS, ids=range(len(MISFITS)))
def test_what_does_not_fit(kind: Kind, value: Any, text: str) -> None:
    with pytest.raises(BadReturn) as caught:
        one(kind).checked(value)
    assert text in str(caught.value)


def test_tuples_are_checked_item_by_item() -> None:
    function = Function("f", "e", (Returned("out", "tensor"), Returned("loss", "number")))
    assert function.checked((torch.ones(1), 0.5))[1] == 0.5
    with pytest.raises(BadReturn, match="loss, returned by f"):
        function.checked((torch.ones(1), None))
    assert str(function.misfit("NoneType")) == "f should return a tuple (out, loss), found None"
    assert str(function.misfit("tuple of 3")) == "f should return a tuple (out, loss), found a tuple of 3"
    assert str(function.misfit("ndarray")) == "f should return a tuple (out, loss), found a ndarray"


def test_bans_are_found_by_pattern() -> None:
    banned = Banned(("torch.nn.*Dropout*",), ("aten::*dropout*",))
    assert banned.anything
    banned.check([], "f")
    banned.check(["torch.nn.functional.relu", "aten::mul", "autograd"], "f")
    for name in ("torch.nn.Dropout", "torch.nn.modules.dropout.Dropout2d", "aten::native_dropout"):
        with pytest.raises(BannedOperation, match=f"f uses {name}, which this assignment bans: write it yourself"):
            banned.check(["aten::add", name], "f")
    banned.check(["torch.nn.dropout", "TORCH.NN.DROPOUT"], "f")  # case counts


def test_autograd_is_banned_by_its_own_setting() -> None:
    with pytest.raises(BannedOperation, match="derive the gradient yourself"):
        Banned(autograd=True).check(["autograd"], "f")
    Banned(("torch.*",)).check(["autograd"], "f")
    assert Banned(autograd=True).anything
    assert not Banned().anything


def test_a_remote_is_no_handle() -> None:
    """Only the proxies turn a remote into a handle; the bare number from the wire fits nothing."""
    for kind in ("tensor", "array", "number"):
        with pytest.raises(BadReturn):
            one(kind).checked(Remote(1, "x"))
