"""Whose fault it is: functions that are handed in, the code's exceptions, and ``raises``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autograder.compare import assert_matches, recording
from autograder.errors import Mismatch, StudentError, SuiteFault
from autograder.judge.channel import MemoryChannel
from autograder.judge.contract import Contract, Function, Returned
from autograder.judge.proxies import Conversation, StudentProxy, raises
from autograder.suite.outcome import classify

SOURCE = """
import numpy as np
import torch

class Error(LookupError): pass
class Net:
    def __init__(self, width=1):
        if width < 0: raise ValueError("width")
    def fail(self): raise Error("of a method")
    def __call__(self, x): raise Error("of a call")

def fail(kind, message=""): raise kinds[kind](message)
kinds = {"Error": Error, "KeyError": KeyError, "Exit": SystemExit, "Stop": KeyboardInterrupt}
kinds["Todo"] = NotImplementedError
def call(f, *args, **kwargs): return f(*args, **kwargs)
def both(f, g, x): return f(g(x))
def each(functions, x): return {name: f(x) for name, f in functions.items()}
def keyed(x, *, objective, penalty=None): return objective(x) - (penalty(x) if penalty else 0)
def shielded(f, *inputs):
    for given in inputs:
        try: f(given)
        except Exception: pass
    return 1
def spoils(f):
    x = torch.zeros(2)
    f(x)
    return x
def same(x): return x
"""


def proxy_of(source: str = "", contract: Contract | None = None) -> StudentProxy:
    namespace: dict[str, Any] = {"__name__": "student"}
    exec(SOURCE + source, namespace)
    return StudentProxy(Conversation(MemoryChannel(namespace), contract or Contract()))


@pytest.fixture
def student() -> StudentProxy:
    return proxy_of()


def raising(error: BaseException) -> Any:
    def function(*args: Any, **kwargs: Any) -> None:
        raise error

    return function


# Functions that are handed in


def test_callbacks_get_their_arguments_as_they_were_passed(student: StudentProxy) -> None:
    seen: list[Any] = []

    def function(*args: Any, **kwargs: Any) -> int:
        seen.append((args, kwargs))
        return len(seen)

    assert student.call(function) == 1
    assert student.call(function, 1, "two", [3], (4, None)) == 2
    assert student.call(function, 1, b={"c": 2.0}) == 3
    assert seen == [((), {}), ((1, "two", [3], (4, None)), {}), ((1,), {"b": {"c": 2.0}})]


def test_several_callbacks_are_told_apart(student: StudentProxy) -> None:
    double, minus = (lambda x: 2 * x), (lambda x: x - 1)
    assert student.both(double, minus, 5) == 8
    assert student.both(minus, double, 5) == 9
    assert student.both(double, double, 5) == 20
    assert student.each({"a": double, "b": minus}, 5) == {"a": 10, "b": 4}
    assert student.keyed(5, objective=double) == 10
    assert student.keyed(5, penalty=minus, objective=double) == 6


@pytest.mark.parametrize(
    "value",
    [None, True, 1.5, "text", (1, [2]), torch.ones(2, dtype=torch.float64), np.float32(0.1), np.zeros((0, 2))],
    ids=lambda value: type(value).__name__,
)
def test_what_a_callback_is_given_and_returns_keeps_its_type(student: StudentProxy, value: Any) -> None:
    given: list[Any] = []

    def function(x: Any) -> Any:
        given.append(x)
        return value

    back = student.call(function, value)
    for arrived in (back, given[0]):
        assert type(arrived) is type(value)
        assert getattr(arrived, "dtype", None) == getattr(value, "dtype", None)
        assert str(arrived) == str(value)


def test_what_a_callback_changes_stays_with_the_judge(student: StudentProxy) -> None:
    assert student.spoils(lambda x: x.fill_(5)).tolist() == [0, 0]


def test_what_a_callback_raises_is_told_without_its_text(student: StudentProxy) -> None:
    secret = ZeroDivisionError("the optimum is 42")
    with pytest.raises(StudentError) as caught:
        student.call(raising(secret), 1.0)
    assert str(caught.value) == (
        "the function that was handed in was called with arguments that do not fit (ZeroDivisionError)"
    )
    assert classify(caught.value) == ("failed", str(caught.value))
    assert student.same(1) == 1  # the next call is a new one


def test_the_first_of_several_faults_is_told(student: StudentProxy) -> None:
    def function(x: int) -> int:
        raise (ValueError if x == 1 else KeyError)(x)

    with pytest.raises(StudentError, match="do not fit \\(ValueError\\)"):
        student.shielded(function, 1, 2)


@pytest.mark.parametrize("error", [NameError("x"), UnboundLocalError("x"), ImportError("x"), ModuleNotFoundError("x")])
def test_names_and_imports_in_a_callback_are_the_suites_own(student: StudentProxy, error: Exception) -> None:
    for call in (student.call, student.shielded):
        with pytest.raises(type(error)) as caught:
            call(raising(error), 1)
        assert caught.value is error
        assert classify(caught.value)[0] == "not judged"


@pytest.mark.parametrize("outcome", [pytest.fail.Exception("x"), pytest.skip.Exception("x")], ids=["fail", "skip"])
def test_pytests_own_words_pass_through_a_callback(student: StudentProxy, outcome: BaseException) -> None:
    for call in (student.call, student.shielded):
        with pytest.raises(type(outcome)) as caught:
            call(raising(outcome), 1)
        assert caught.value is outcome
    assert student.same(1) == 1


USES: dict[str, Any] = {
    "a call": lambda student, net: student.same(1),
    "may_mutate": lambda student, net: student.same.may_mutate(1),
    "a constructor": lambda student, net: student.Net(),
    "a handle's call": lambda student, net: net(1),
    "an attribute": lambda student, net: net.width,
    "an attribute set": lambda student, net: setattr(net, "width", 1),
    "fetch": lambda student, net: net.fetch(),
    "put": lambda student, net: student.put(1),
    "has": lambda student, net: student.has("same"),
    "library": lambda student, net: student.library("math.sqrt")(1.0),
    "isinstance": lambda student, net: student.isinstance(net, "Net"),
    "define": lambda student, net: student.define("x = 1"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_callback_may_not_use_the_students_code(student: StudentProxy, use: Any) -> None:
    net = student.Net()
    for call in (student.call, student.shielded):
        with pytest.raises(SuiteFault, match="a function that the suite hands in uses the student's code"):
            call(lambda x: use(student, net), 1.0)
    assert student.same(1) == 1


def test_the_students_function_is_no_callback(student: StudentProxy) -> None:
    with pytest.raises(SuiteFault, match="uses the student's code"):
        student.call(student.same, 1)


def test_a_callback_of_a_keyword_that_is_no_name(student: StudentProxy) -> None:
    student.define("def odd(f): return f(**{'two words': 1})")
    assert student.odd(lambda **kwargs: list(kwargs)) == ["two words"]


# Exceptions of the code's


def test_an_exception_is_told_by_class_and_first_line(student: StudentProxy) -> None:
    with pytest.raises(StudentError) as caught:
        student.fail("Error", "the first line\nthe second")
    assert str(caught.value) == "fail raised Error: the first line\nthe second"
    assert classify(caught.value) == ("failed", "fail raised Error: the first line…")
    assert caught.value.kinds == ("Error", "LookupError", "Exception", "BaseException", "object")
    assert "in fail" in caught.value.detail


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda s: s.fail("Error"), "fail raised Error"),
        (lambda s: s.fail("KeyError", "k"), "fail raised KeyError: 'k'"),
        (lambda s: s.fail("Exit", 3), "fail raised SystemExit: 3"),
        (lambda s: s.fail("Stop"), "fail raised KeyboardInterrupt"),
        (lambda s: s.fail("Todo", "later"), "not implemented yet"),
        (lambda s: s.Net(-1), "Net raised ValueError: width"),
        (lambda s: s.Net()(1), "Net raised Error: of a call"),
        (lambda s: s.same(), "same raised TypeError: same() missing 1 required positional argument: 'x'"),
        (lambda s: s.fail("Error", "x" * 500), f"{'fail raised Error: ' + 'x' * 500:.160}…"),
    ],
)
def test_what_a_student_reads_of_an_exception(act: Any, text: str) -> None:
    student = proxy_of(contract=Contract({"Net": Function("Net", "e", Returned("net", "opaque"))}))
    with pytest.raises(StudentError) as caught:
        act(student)
    assert classify(caught.value) == ("failed", text)


def test_a_callback_that_is_not_implemented_is_no_stub_of_the_students(student: StudentProxy) -> None:
    with pytest.raises(StudentError) as caught:
        student.call(raising(NotImplementedError('"exp" not implemented for this dtype')), 1)
    assert "the function that was handed in" in classify(caught.value)[1]


# raises


@pytest.mark.parametrize("kind", ["Error", "LookupError", "Exception"])
def test_raises_holds_for_every_way_of_calling(student: StudentProxy, kind: str) -> None:
    net = student.Net()
    for act in (lambda: student.fail("Error"), lambda: student.fail.may_mutate("Error"), lambda: net(1), net.fail):
        with recording() as log, raises(kind):
            act()
        assert [(entry.value, entry.passed) for entry in log] == [(kind, True)]


@pytest.mark.parametrize("kind", ["ValueError", "Lookup", "error", "student.Error", ""])
def test_raises_knows_whole_names_alone(student: StudentProxy, kind: str) -> None:
    with recording() as log, pytest.raises(Mismatch, match="here, but fail raised Error: no"), raises(kind):
        student.fail("Error", "no")
    assert [(entry.value, entry.passed) for entry in log] == [("Error", False)]


def test_raises_logs_that_nothing_was_raised(student: StudentProxy) -> None:
    with recording() as log, pytest.raises(Mismatch) as caught, raises("ValueError"):
        student.same(1)
    assert str(caught.value) == "should raise ValueError here, but no exception was raised"
    assert [(entry.value, entry.passed) for entry in log] == [("none", False)]


def test_what_is_no_exception_of_the_codes_passes_through_raises(student: StudentProxy) -> None:
    with pytest.raises(Mismatch, match="y"), raises("Mismatch"):
        assert_matches(1.0, 2.0, what="y")
    with pytest.raises(SuiteFault), raises("SuiteFault"):
        student.same(object())
    with pytest.raises(AssertionError, match="a sentence"), raises("AssertionError"):
        raise AssertionError("a sentence")
    with pytest.raises(NameError), raises("NameError"):
        student.call(raising(NameError("the suite's own")))


def test_a_fault_in_a_callback_is_not_the_exception_asked_for(student: StudentProxy) -> None:
    """What a callback raises fails the check: code that passes bad input on has not looked at it."""
    with pytest.raises(Mismatch, match="the function that was handed in"), raises("ValueError"):
        student.call(raising(ValueError("shapes do not fit")), 1)
