"""Declarations of an assignment: how they are read, and what they make of a returned value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.errors import BadReturn, BannedOperation, SuiteFault
from autograder.judge.contract import KINDS, Banned, Contract, Function, Kind, Returned
from autograder.suite.assignment import Assignment, load_assignment
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
    ("array", [[[]]]),
    ("array", [True, 2.5]),
    ("array", [2**64 - 1]),
    ("array", [np.ones(2), (1, 2)]),
    ("number", 5),
    ("number", 0.5),
    ("number", True),
    ("number", np.float64(0.5)),
    ("number", np.array(3)),
    ("number", torch.tensor(0.5)),
    ("number", np.array([0.5])),
    ("number", torch.tensor([[0.5]])),
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
    elif kind == "number" and isinstance(value, torch.Tensor) and value.ndim:
        assert checked.shape == ()
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
    ("array", [10**400, 1.0], "found a list of numbers too large"),
    ("array", 10**30, "y, returned by f, should hold numbers, found a number too large"),
    ("array", [np.ones(2), 1.0], "found a ragged list"),
    ("array", ([], [1]), "found a ragged tuple"),
    ("array", [["a"], ["b"]], "found a list of other things"),
    ("number", None, "should be a single number, found None"),
    ("number", "5", "found a str"),
    ("number", [5], "found a list"),
    ("number", 1j, "found a complex"),
    ("number", np.complex64(1j), "should be a single number, found a complex64"),
    ("number", np.array(1j), "should be a single number"),
    ("number", torch.tensor(1j), "should be a single number"),
    ("number", {"loss": 1.0}, "found a dict"),
    ("number", np.ones(2), "found a ndarray of shape (2,)"),
    ("number", np.ones(0), "found a ndarray of shape (0,)"),
    ("number", torch.ones(1, 1, 1), "found a Tensor of shape (1, 1, 1)"),
    ("number", torch.ones(1, 3), "found a Tensor of shape (1, 3)"),
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


def test_a_number_keeps_its_precision_and_an_array_its_memory() -> None:
    """The suite compares dtypes: nothing is widened on the way, and no array is copied."""
    x = np.arange(4, dtype=np.float16).reshape(2, 2)
    assert one("array").checked(x) is x
    assert type(one("number").checked(np.array(0.5, dtype=np.float32))) is np.float32
    leaf = torch.tensor(0.5, requires_grad=True)
    assert one("number").checked(leaf) is leaf


@pytest.mark.parametrize(
    ("pattern", "fits", "others"),
    [
        ("torch.linalg.inv", ["torch.linalg.inv"], ["torch.linalg.inv_ex", "torch.linalg", "my.torch.linalg.inv"]),
        ("torch.lin?lg.*", ["torch.linalg.inv", "torch.linalg.a.b"], ["torch.linalg", "torch.linear.inv"]),
        ("torch.[lb]*", ["torch.log", "torch.bmm"], ["torch.mul"]),
        ("torch.[!l]*", ["torch.mul"], ["torch.log"]),
        ("*softmax", ["torch.softmax", "aten::_softmax"], ["torch.softmax_", "torch.Softmax"]),
        ("aten::*", ["aten::add"], ["torch.add", "prims::add"]),
    ],
)
@pytest.mark.parametrize("table", ["functions", "operators"])
def test_patterns_fit_whole_names(table: str, pattern: str, fits: list[str], others: list[str]) -> None:
    banned = Banned((pattern,)) if table == "functions" else Banned(operators=(pattern,))
    for name in fits:
        with pytest.raises(BannedOperation) as caught:
            banned.check([name], "f")
        assert str(caught.value) == f"f uses {name}, which this assignment bans: write it yourself"
    banned.check(others, "f")


@pytest.mark.parametrize("banned", [Banned(("torch.*",)), Banned(operators=("aten::*",)), Banned(autograd=True)])
def test_each_ban_alone_asks_for_the_trace(banned: Banned) -> None:
    assert banned.anything


def test_of_several_banned_names_the_same_one_is_told_each_time() -> None:
    banned = Banned(("torch.*",), autograd=True)
    for used in (["torch.b", "torch.a"], ["torch.a", "torch.b"], {"torch.b", "torch.a", "xlogy"}):
        with pytest.raises(BannedOperation, match=r"f uses torch\.a,"):
            banned.check(used, "f")
    with pytest.raises(BannedOperation, match="f calls autograd"):
        banned.check(["torch.a", "autograd"], "f")


EXERCISE = "[functions.f]\nexercise = 'e'\n"


def load(tmp_path: Path, settings: str) -> Assignment:
    suite = tmp_path / "tests" / "hidden" / "toy"
    suite.mkdir(parents=True)
    (suite / "assignment.toml").write_text(settings)
    return load_assignment(suite)


@pytest.mark.parametrize(
    ("returns", "declared"),
    [
        ("", None),
        *((f"returns = 'y: {kind}'", Returned("y", kind)) for kind in KINDS),
        ("returns = ' the loss :number'", Returned("the loss", "number")),
        ("returns = ['y: tensor']", (Returned("y", "tensor"),)),
        ("returns = ['y: tensor', 'cache: opaque']", (Returned("y", "tensor"), Returned("cache", "opaque"))),
    ],
)
def test_every_form_of_a_declared_function(tmp_path: Path, returns: str, declared: Any) -> None:
    contract = load(tmp_path, EXERCISE + returns).contract
    assert contract.functions == {"f": Function("f", "e", declared)}
    assert contract.banned == Banned()


def test_functions_of_several_exercises(tmp_path: Path) -> None:
    tables = [f"[functions.{name}]\nexercise = '{exercise}'\n" for name, exercise in ("gb", "fa", "hb")]
    assignment = load(tmp_path, "".join(tables))
    assert assignment.exercises == ("b", "a")
    assert assignment.functions_of("b") == ("g", "h")
    assert assignment.functions_of("c") == ()


def test_bans_and_limits_are_read(tmp_path: Path) -> None:
    bans = "[banned]\nfunctions = ['torch.*']\noperators = ['aten::mul']\nautograd = true\n"
    assignment = load(tmp_path, EXERCISE + bans + "[limits]\ncall_seconds = 2\n")
    assert assignment.contract.banned == Banned(("torch.*",), ("aten::mul",), autograd=True)
    assert assignment.limits.call_seconds == 2
    assert assignment.title == "toy"


MEND = 'expected "name: kind", with a kind of tensor, array, number, any, opaque'
NO_EXERCISE = '[functions.f]: expected exercise = "..." and returns = ...'
MALFORMED: dict[str, tuple[str, str]] = {
    "no functions": ("title = 'Toy'", "no [functions.<name>] table; each function of an exercise needs one"),
    "functions that are a number": ("functions = 5", "functions is 5; expected a table"),
    "functions that are a list": ("functions = ['f']", "functions is ['f']; expected a table"),
    "a function that is a number": ("[functions]\nf = 5", NO_EXERCISE),
    "no exercise": ("[functions.f]\nreturns = 'y: any'", NO_EXERCISE),
    "an exercise that is a number": ("[functions.f]\nexercise = 5", NO_EXERCISE),
    "an exercise without a name": ("[functions.f]\nexercise = ''", NO_EXERCISE),
    "a key misspelt": (EXERCISE + "return = 'y: any'", "[functions.f]: unknown ['return']; known are ['cache_from', "),
    "returns: no kind": (EXERCISE + "returns = 'y'", f"[functions.f]: returns 'y'; {MEND}"),
    "returns: two kinds": (EXERCISE + "returns = 'y: any: any'", f"[functions.f]: returns 'y: any: any'; {MEND}"),
    "returns: no name": (EXERCISE + "returns = ' : tensor'", f"[functions.f]: returns ' : tensor'; {MEND}"),
    "returns: another kind": (EXERCISE + "returns = 'y: matrix'", "[functions.f]: unknown kind 'matrix'; expected one"),
    "returns: a truth value": (EXERCISE + "returns = false", f"[functions.f]: returns False; {MEND}"),
    "returns: a table": (EXERCISE + "returns = {y = 'any'}", f"[functions.f]: returns {{'y': 'any'}}; {MEND}"),
    "returns: nothing": (EXERCISE + "returns = []", f"[functions.f]: returns []; {MEND}"),
    "returns: a number in a list": (EXERCISE + "returns = ['y: any', 5]", f"[functions.f]: returns 5; {MEND}"),
    "returns: a list in a list": (EXERCISE + "returns = [['y: any']]", f"[functions.f]: returns ['y: any']; {MEND}"),
    "bans that are a list": ("banned = []\n" + EXERCISE, "banned is []; expected a table"),
    "a ban misspelt": (EXERCISE + "[banned]\nfunction = []", "[banned]: unknown ['function']; known are ['autograd'"),
    "banned text": (EXERCISE + "[banned]\nfunctions = 'torch.*'", "[banned] functions is 'torch.*'; expected a list"),
    "banned numbers": (EXERCISE + "[banned]\noperators = [1]", "[banned] operators is [1]; expected a list of names"),
    "autograd as text": (EXERCISE + "[banned]\nautograd = 'true'", "[banned] autograd is 'true'; expected true or"),
    "autograd as a number": (EXERCISE + "[banned]\nautograd = 1", "[banned] autograd is 1; expected true or false"),
    "limits that are a number": ("limits = 5\n" + EXERCISE, "limits is 5; expected a table"),
    "an unknown limit": (EXERCISE + "[limits]\nseconds = 5", "unknown limit 'seconds'; known are cell_seconds"),
    "an environment that is text": ("environment = 'numpy'\n" + EXERCISE, "environment is 'numpy'; expected a table"),
    "preloads that are text": (EXERCISE + "[environment]\npreload = 'numpy'", "[environment] preload is 'numpy'; exp"),
    "an unknown table": (EXERCISE + "[limit]\ncell_seconds = 5", "unknown ['limit']; known are ['banned', "),
    "no TOML": ("[functions.f", "is not TOML"),
}


@pytest.mark.parametrize(("settings", "text"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_settings_are_the_suites_fault_with_place_and_mend(tmp_path: Path, settings: str, text: str) -> None:
    with pytest.raises(SuiteFault) as caught:
        load(tmp_path, settings)
    place, _, rest = str(caught.value).partition("assignment.toml")
    assert Path(place) == tmp_path / "tests" / "hidden" / "toy"
    assert text in rest


def test_a_suite_without_settings_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(SuiteFault, match=r"assignment\.toml does not exist: a hidden suite needs its settings there"):
        load_assignment(tmp_path)
