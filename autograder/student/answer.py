"""Answer the judge's requests over a namespace: get, call, set, place, fetch, ask.

Runs in an exercise process with the notebook's namespace, and in the judge with the namespace of a reference solution
or variant, behind the same messages: one meaning for both.
"""

from __future__ import annotations

import contextlib
import importlib
import random
import sys
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.student import trace
from autograder.student.text import stable
from autograder.wire import Callback, Remote, decode, encode, tensor_bytes

MAX_DETAIL = 4000  # characters of traceback
MAX_NESTED = 40  # of arguments; the wire allows less, so what is deeper was made by the code, and may have no end
MAX_OPERATORS = 10_000  # torch has some 3000 names; none may push a banned one off the list

# What code may raise to say that it failed; the rest ends the process. In the judge the rest is pytest's own.
CODE_RAISES = (Exception, SystemExit, KeyboardInterrupt)

Reply = dict[str, Any]
CallJudge = Callable[[int, tuple[Any, ...], dict[str, Any]], Any]


class CallbackFailed(RuntimeError):
    """A function that was handed in could not be called with these arguments."""


class Answerer:
    """Answers requests over ``namespace``; ``call_judge`` evaluates a function that the judge passed in."""

    def __init__(self, namespace: dict[str, Any], call_judge: CallJudge) -> None:
        self._namespace = namespace
        self._call_judge = call_judge
        self._objects: dict[int, Any] = {}
        self._operations: dict[str, Callable[..., Reply]] = {
            "call": self._call,
            "get": self._get,
            "set": self._set,
            "put": self._put,
            "fetch": self._fetch,
            "isinstance": self._isinstance,
            "has": self._has,
            "define": self._define,
        }

    def answer(self, request: bytes) -> bytes:
        """Answer one encoded request with one encoded reply; an exception of the code becomes text."""
        try:
            message = self.decode(request)
            operation = self._operations[message.pop("op")]
            if "seed" in message:
                seed_generators(message.pop("seed"))
            reply = operation(**message)
        except CODE_RAISES as error:
            reply = {"error": describe(error)}
        try:
            return self.encode(reply)
        except CODE_RAISES as error:  # too large, or of a class whose own methods raise
            return encode({"error": unsendable(error)})

    def encode(self, value: Any) -> bytes:
        """Encode a value; what cannot cross stays here and gets a number."""
        return encode(value, self._keep)

    def decode(self, data: bytes) -> Any:
        """Decode what the judge sent; handles become the objects, callbacks become functions."""
        return decode(data, self._resolve)

    def _keep(self, value: Any) -> Remote:
        number = len(self._objects) + 1
        self._objects[number] = value
        return Remote(number, type(value).__name__)

    def _resolve(self, remote: Remote | Callback) -> Any:
        if isinstance(remote, Remote):
            return self._objects[remote.number]

        def callback(*args: Any, **kwargs: Any) -> Any:
            with trace.paused():  # what the judge computes is not the code's doing
                return self._call_judge(remote.number, args, kwargs)

        return callback

    def _target(self, target: Any) -> Any:
        if isinstance(target, tuple) and len(target) == 2 and target[0] == "name":
            return self._namespace[target[1]]
        if isinstance(target, tuple) and len(target) == 2 and target[0] == "library":
            return library_object(target[1])
        if isinstance(target, tuple) and len(target) == 3 and target[0] == "method":
            return getattr(target[1], target[2])
        return target[1]

    def _call(self, target: Any, args: Any, kwargs: Any, returns: Any, guard: bool, traced: bool) -> Reply:
        if isinstance(target, tuple) and target[0] == "name" and target[1] not in self._namespace:
            return {"missing": target[1]}
        function = self._target(target)
        before = _fingerprint((args, kwargs)) if guard else None
        seen: set[str] = set()
        failed = None
        value = None
        with trace.operators(seen) if traced else contextlib.nullcontext():
            try:
                value = function(*args, **kwargs)
            except CODE_RAISES as error:
                failed = error
        reply: Reply = {"operators": sorted(seen)[:MAX_OPERATORS]}
        if failed is not None:
            return reply | {"error": describe(failed)}
        reply["changed"] = guard and _fingerprint((args, kwargs)) != before
        try:
            return reply | self._returned(value, returns)
        except CODE_RAISES as error:  # a class whose own methods raise, or tell something else each time
            return reply | {"error": unsendable(error)}

    def _returned(self, value: Any, returns: Any) -> Reply:
        """Shape a result as declared: None (as it is), "keep", or a list of "keep" and "value", one for each item."""
        if returns is None:
            return {"value": value}
        if returns == "keep":
            return {"value": self._keep(value)}
        if not isinstance(value, list | tuple):
            return {"misfit": type(value).__name__}
        if len(value) != len(returns):
            return {"misfit": f"{type(value).__name__} of {len(value)}"}
        pairs = zip(value, returns, strict=True)
        return {"value": tuple(self._keep(item) if kind == "keep" else item for item, kind in pairs)}

    def _get(self, target: Any, name: str) -> Reply:
        return {"value": getattr(self._target(target), name)}

    def _set(self, target: Any, name: str, value: Any) -> Reply:
        setattr(self._target(target), name, value)
        return {"value": None}

    def _put(self, value: Any) -> Reply:
        return {"value": self._keep(value)}

    def _fetch(self, target: Any) -> Reply:
        return {"value": self._target(target)}

    def _isinstance(self, target: Any, kind: str) -> Reply:
        wanted = library_object(kind) if "." in kind else self._namespace[kind]
        return {"value": isinstance(self._target(target), wanted)}

    def _has(self, name: str) -> Reply:
        return {"value": name in self._namespace}

    def _define(self, source: str) -> Reply:
        exec(compile(source, "<the check's own code>", "exec"), self._namespace)
        return {"value": None}


def seed_generators(seed: int) -> None:
    """Seed random, numpy and (where loaded) torch, so that judging again gives the same record."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # students draw from NumPy's global generator
    torch = sys.modules.get("torch")
    if torch is not None:
        # Not torch.manual_seed: without a GPU in use it formats a stack trace for each kind of device, 3 ms a time.
        torch.default_generator.manual_seed(seed)
        if torch.cuda.is_initialized():
            torch.cuda.manual_seed_all(seed)


def library_object(path: str) -> Any:
    """Import the object at a dotted path: ``torch.nn.Linear``, ``torch.Tensor.backward``."""
    parts = path.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:]:
            found = getattr(found, name)
        return found
    raise ModuleNotFoundError(f"No module named {parts[0]!r}")


def describe(error: BaseException) -> dict[str, Any]:
    """Turn an exception into text: the names of its classes, its message, the end of its traceback."""
    try:
        message = str(error)
    except CODE_RAISES as second:  # a student's __str__ may raise anything
        message = f"(its message cannot be made: {type(second).__name__})"
    try:
        detail = "".join(traceback.format_exception(error, limit=-6))
    except CODE_RAISES as second:  # formatting calls the student's __repr__ and __str__ again
        detail = f"(its traceback cannot be made: {type(second).__name__})"
    kinds = [kind.__name__ for kind in type(error).__mro__]
    return {"kinds": kinds[:20], "message": stable(message[:1000]), "detail": stable(detail[-MAX_DETAIL:])}


def unsendable(error: BaseException) -> dict[str, Any]:
    """An exception that the code did not raise: of no kind that a check could wait for."""
    return describe(error) | {"kinds": ["a result that cannot be sent"]}


def _fingerprint(value: Any, depth: int = 0) -> Any:
    """What must not change in an argument: the numbers, shapes and entries, through all containers."""
    if depth > MAX_NESTED:
        return id(value)
    if isinstance(value, dict):
        return [(key, _fingerprint(item, depth + 1)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [_fingerprint(item, depth + 1) for item in value]
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return type(value), repr(value)  # in a list or dict another one may take its place; NaN equals itself
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    torch = sys.modules.get("torch")
    try:
        if torch is not None and isinstance(value, torch.Tensor):
            return value.dtype, value.shape, tensor_bytes(value)
        if hasattr(value, "iloc"):
            return encode(value)
    except (TypeError, ValueError, RuntimeError):  # a sparse tensor, a table that cannot cross
        return id(value)
    return id(value)  # an object of the student's own class is the student's, and may change; it may not be replaced
