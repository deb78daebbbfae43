"""What a hidden suite holds in its hands: ``student``, functions of the student's, and handles of what stays there.

Every call goes over a channel; what comes back is checked against the contract before the suite sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograder.compare import observe
from autograder.errors import (
    ArgumentChanged,
    AutograderError,
    BadReturn,
    Mismatch,
    MissingName,
    StudentError,
    StudentFault,
    SuiteFault,
    WireViolation,
)
from autograder.judge.channel import Channel
from autograder.judge.contract import Contract, Function
from autograder.wire import Callback, Remote, Undecodable, decode, encode

MAX_NAME = 1000  # characters of a function's or class's name


class Conversation:
    """Requests over one channel during one test: encodes, decodes, checks, and evaluates the judge's callbacks."""

    def __init__(self, channel: Channel, contract: Contract) -> None:
        self._channel = channel
        self.contract = contract
        self._callbacks: list[Callable[..., Any]] = []
        self._callback_error: Exception | None = None
        self._evaluating = False  # a callback, for code that waits for its result and answers nothing meanwhile
        self._took_handle = False  # that callback was called with something that cannot cross
        self._seed: dict[str, int] = {}

    def seed(self, seed: int) -> None:
        """Have the student's side seed its generators before the next request."""
        self._seed = {"seed": seed}

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Send one request and return its reply. Raises StudentFault."""
        if self._evaluating:
            raise self._asked_in_callback()
        arguments, self._seed = arguments | self._seed, {}
        request = self._encoded({"op": op, **arguments})
        self._callback_error = None
        try:
            answer = self._channel.exchange(request, self._evaluate)
        except StudentFault as fault:
            if self._callback_error is None:
                raise
            raise self._callback_error from fault
        if self._callback_error is not None:
            raise self._callback_error
        try:
            reply = decode(answer, self._handle)
        except Undecodable as error:
            raise WireViolation(f"the answer cannot be read: {error}") from error
        if not isinstance(reply, dict):
            raise WireViolation("the answer is no message")
        return reply

    def _encoded(self, message: dict[str, Any]) -> bytes:
        try:
            return encode(message, self._to_remote)
        except (TypeError, ValueError) as error:
            raise SuiteFault(f"the suite passes a value that cannot cross the wire: {error}") from error

    def _encoded_answer(self, value: Any) -> bytes:
        """A callback's result. ValueError: its size and dtype follow from what was asked, and are no fault of ours."""
        try:
            return encode({"value": value}, self._to_remote)
        except TypeError as error:
            raise SuiteFault(f"a function that the suite hands in returns what cannot cross: {error}") from error

    def _asked_in_callback(self) -> Exception:
        if self._took_handle:
            return StudentError(
                "the function that was handed in was called with an unknown kind of value", ("TypeError in a callback",)
            )
        return SuiteFault("a function that the suite hands in uses the student's code, which waits for its result")

    def value(self, op: str, **arguments: Any) -> Any:
        """Like ``ask``, for replies that are one value."""
        reply = self.ask(op, **arguments)
        raise_error(reply, "the code")
        if "value" not in reply:
            raise WireViolation("the answer holds no value")
        return reply["value"]

    def call(self, target: Any, function: Function, args: Any, kwargs: Any, *, guard: bool, student_code: bool) -> Any:
        """Call something on the student's side, with all checks of the contract."""
        banned = self.contract.banned
        traced = student_code and banned.anything
        returns = function.on_the_wire()
        reply = self.ask("call", target=target, args=args, kwargs=kwargs, returns=returns, guard=guard, traced=traced)
        if "missing" in reply:
            raise MissingName(f"{function.name} is not defined: did its cell run without an error?")
        if traced:
            banned.check(_texts(reply.get("operators")), function.name)
        raise_error(reply, function.name)
        if guard and reply.get("changed") is not False:
            raise ArgumentChanged(f"{function.name} changed one of its arguments in place; work on a copy")
        if isinstance(reply.get("misfit"), str) and isinstance(function.returns, tuple):
            raise function.misfit(reply["misfit"][:100])
        if "value" not in reply:
            raise WireViolation("the answer holds no value")
        return function.checked(self._sized(reply["value"], function))

    @staticmethod
    def _sized(value: Any, function: Function) -> Any:
        # The student's side counted and kept; a side that lies about it is found here.
        if function.returns is None:
            return value
        items = value if isinstance(function.returns, tuple) else (value,)
        if not isinstance(items, tuple) or len(items) != len(function.declared):
            raise WireViolation("the answer is not of the length that it was asked for")
        pairs = zip(items, function.declared, strict=True)
        if any(what.kind == "opaque" and not isinstance(item, Handle) for item, what in pairs):
            raise WireViolation("the answer holds a value where a handle was asked for")
        return value

    def _to_remote(self, value: Any) -> Remote | Callback:
        if isinstance(value, Handle):
            if object.__getattribute__(value, "_conversation") is not self:
                raise TypeError("a handle of another check or process, where its number means nothing")
            return object.__getattribute__(value, "_remote")  # type: ignore[no-any-return]  # set in __init__
        if callable(value):
            self._callbacks.append(value)
            return Callback(len(self._callbacks) - 1)
        if isinstance(value, np.ndarray | np.generic):
            raise ValueError(f"an array of dtype {value.dtype} cannot cross the wire")
        raise TypeError(f"{type(value).__name__} is neither a value, a handle nor a function")

    def _handle(self, remote: Remote | Callback) -> Any:
        if isinstance(remote, Callback):
            if not 0 <= remote.number < len(self._callbacks):
                raise Undecodable("a function that was never handed in")
            return self._callbacks[remote.number]
        self._took_handle = True
        return Handle(self, remote)

    def _evaluate(self, question: bytes) -> bytes:
        """Evaluate a callback for the student's code. What it raises ends the test, whatever the code does with it."""
        self._evaluating, self._took_handle = True, False
        try:
            function, args, kwargs = self._read_question(question)
            return self._encoded_answer(function(*args, **kwargs))
        except Exception as error:
            self._callback_error = self._callback_error or _callback_fault(error)
            return encode({"refused": "the function cannot be evaluated with these arguments"})
        finally:
            self._evaluating = False

    def _read_question(self, question: bytes) -> tuple[Callable[..., Any], list[Any] | tuple[Any, ...], dict[str, Any]]:
        try:
            message = decode(question, self._handle)
        except Undecodable as error:
            raise WireViolation(f"a call of the function that was handed in cannot be read: {error}") from error
        if not isinstance(message, dict):
            raise WireViolation("a call of the function that was handed in is no message")
        number, args, kwargs = (message.get(part) for part in ("callback", "args", "kwargs"))
        if type(number) is not int or not 0 <= number < len(self._callbacks):
            raise WireViolation("a function was called that was never handed in")
        if not isinstance(args, list | tuple) or not isinstance(kwargs, dict) or not all(map(_is_name, kwargs)):
            raise WireViolation("the function that was handed in was called with arguments that are none")
        return self._callbacks[number], args, kwargs


def _is_name(key: object) -> bool:
    return isinstance(key, str)


def _callback_fault(error: Exception) -> Exception:
    """What an exception in a callback means: the arguments come from the student's code."""
    if isinstance(error, AutograderError | AssertionError | NameError | ImportError):
        return error  # told on purpose, or of no argument's making: then the suite is wrong
    kind = type(error).__name__
    kinds = (f"{kind} in a callback",)  # the code did not raise it: neither what ``raises`` waits for, nor a stub's
    fault = StudentError(f"the function that was handed in was called with arguments that do not fit ({kind})", kinds)
    fault.__cause__ = error
    return fault


def raise_error(reply: dict[str, Any], what: str) -> None:
    """Raise StudentError if a reply tells of an exception."""
    error = reply.get("error")
    if error is None:
        return
    if not isinstance(error, dict):
        raise WireViolation("the answer tells of an error that is none")
    kinds = _texts(error.get("kinds"))
    message, detail = (str(error.get(key, ""))[:4000] for key in ("message", "detail"))
    name = kinds[0] if kinds else "an exception"
    said = f"{name}: {message}" if message else name
    raise StudentError(f"{what} raised {said}", kinds, detail)


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) and len(item) <= MAX_NAME for item in value):
        raise WireViolation("the answer holds a list that is not one of names")
    return value


class RemoteFunction:
    """A function or class of the student's (``student.f``), or of a library on the student's side."""

    def __init__(self, conversation: Conversation, target: Any, declared: Function, student_code: bool) -> None:
        self._conversation = conversation
        self._target = target
        self._declared = declared
        self._student_code = student_code

    def __repr__(self) -> str:
        return f"<{self._declared.name} on the student's side>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it; a changed argument is a fault of the student's."""
        return self._call(args, kwargs, guard=self._student_code)

    def may_mutate(self, *args: Any, **kwargs: Any) -> Any:
        """Call it where the contract lets it change its arguments."""
        return self._call(args, kwargs, guard=False)

    def _call(self, args: Any, kwargs: Any, *, guard: bool) -> Any:
        return self._conversation.call(
            self._target, self._declared, args, kwargs, guard=guard, student_code=self._student_code
        )


class Handle:
    """A value that stays on the student's side: call it, read and set its attributes, fetch it."""

    def __init__(self, conversation: Conversation, remote: Remote) -> None:
        object.__setattr__(self, "_conversation", conversation)
        object.__setattr__(self, "_remote", remote)
        object.__setattr__(self, "wire_kind", remote.kind)

    def __repr__(self) -> str:
        return f"<{self.wire_kind} on the student's side>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it (a module, a bound method); arguments must not be changed."""
        return self._call(("remote", self), self.wire_kind, args, kwargs)

    def call(self, method: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call the method of that name: what ``handle.method(...)`` does in two requests, in one."""
        return self._call(("method", self, method), f"{self.wire_kind}.{method}", args, kwargs)

    def _call(self, target: Any, name: str, args: Any, kwargs: Any) -> Any:
        declared = Function(name, exercise="")
        return self._conversation.call(target, declared, args, kwargs, guard=True, student_code=True)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # Python's own protocols are not the student's attributes
        return self._conversation.value("get", target=("remote", self), name=name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._conversation.value("set", target=("remote", self), name=name, value=value)

    def fetch(self) -> Any:
        """Return the value itself, where it can cross."""
        return self._conversation.value("fetch", target=("remote", self))


class StudentProxy:
    """The ``student`` fixture: attributes are the names that the notebook defines."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def __repr__(self) -> str:
        return "<student>"

    def __getattr__(self, name: str) -> RemoteFunction:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> RemoteFunction:
        """The student's function or class of this name; calling it raises MissingName where there is none."""
        declared = self._conversation.contract.function(name)
        return RemoteFunction(self._conversation, ("name", name), declared, student_code=True)

    def has(self, name: str) -> bool:
        """Tell whether the notebook defines the name."""
        return self._conversation.value("has", name=name) is True

    def library(self, path: str) -> RemoteFunction:
        """Anything importable on the student's side, by its dotted path, to be called there by the judge."""
        declared = Function(path, exercise="")
        return RemoteFunction(self._conversation, ("library", path), declared, student_code=False)

    def put(self, value: Any) -> Handle:
        """Place a value on the student's side and return its handle."""
        return self._expect_handle(self._conversation.value("put", value=value))

    def isinstance(self, handle: Handle, kind: str) -> bool:
        """Tell whether a handle's value is of a class: the student's by name, a library's by dotted path."""
        return self._conversation.value("isinstance", target=("remote", handle), kind=kind) is True

    def define(self, source: str) -> None:
        """Run code of the judge's own (no secret of it!) in the student's namespace, in this exercise's process."""
        self._conversation.value("define", source=source)

    @staticmethod
    def _expect_handle(value: Any) -> Handle:
        if not isinstance(value, Handle):
            raise WireViolation("a value was placed and did not come back as a handle")
        return value


@contextmanager
def raises(kind: str) -> Iterator[None]:
    """The student's code inside must raise ``kind`` (a class name) or a subclass of it."""
    try:
        yield
    except StudentError as error:
        fits = kind in error.kinds
        observe("exception", kind if fits else (error.kinds[0] if error.kinds else "exception"), passed=fits)
        if not fits:
            raise Mismatch(f"should raise {kind} here, but {error}") from error
    except (MissingName, BadReturn) as error:
        raise Mismatch(f"should raise {kind} here, but {error}") from error
    else:
        observe("exception", "none", passed=False)
        raise Mismatch(f"should raise {kind} here, but no exception was raised")
