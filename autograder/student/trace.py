"""The operator trace: which torch functions and operators the student's code used during a call.

Two torch modes see Python-level functions (``torch.nn.functional.dropout``) and dispatched operators
(``aten::native_dropout``); a watched autograd engine sees every backward pass that the code starts itself. What is
found is reported to the judge, who compares it with the assignment's banned list.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autograder.wire import untraced

AUTOGRAD = "autograd"
_DUAL = frozenset({"torch._make_dual", "aten::_make_dual"})  # forward-mode differentiation
NO_PASS = -1
_open: list[set[str]] = []  # the traces under way, the innermost last


@functools.cache
def _modes() -> tuple[Callable[[set[str]], Any], Callable[[set[str]], Any]]:
    """The two mode classes, made once torch is there; an environment without torch has no operators to trace."""
    from torch.overrides import TorchFunctionMode, resolve_name
    from torch.utils._python_dispatch import TorchDispatchMode

    in_backward_pass: Callable[[], int] = sys.modules["torch"]._C._current_graph_task_id

    @functools.lru_cache(maxsize=4096)
    def named(func: Any) -> str | None:
        known: str | None = resolve_name(func)
        return known if known is None or not known.startswith("aten.") else "aten::" + known.split(".")[1]

    @functools.lru_cache(maxsize=4096)
    def name_of(operator: Any) -> str:
        name: str = operator.name()
        return name.partition(".")[0]

    class Functions(TorchFunctionMode):
        def __init__(self, seen: set[str]) -> None:
            super().__init__()
            self._seen = seen

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self._seen.add(_function_name(func, named))
            return func(*args, **kwargs) if kwargs else func(*args)

    class Operators(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves its set-up untyped
        def __init__(self, seen: set[str]) -> None:
            super().__init__()  # type: ignore[no-untyped-call]  # likewise
            self._seen = seen

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False  # nothing is compiled here, and the wrapper that keeps the compiler out costs 1 us an operator

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self._seen.add(name_of(func))
            if in_backward_pass() != NO_PASS:  # of an engine that the code made for itself, perhaps
                note(AUTOGRAD)
            return func(*args, **kwargs) if kwargs else func(*args)

    return Functions, Operators


def _function_name(func: Any, named: Callable[[Any], str | None]) -> str:
    try:
        known = named(func)
    except TypeError:  # not hashable
        known = None
    return known or f"{getattr(func, '__module__', None) or 'torch'}.{getattr(func, '__name__', type(func).__name__)}"


def prepare() -> None:
    """Trace something once, ahead of the fork: the first trace imports hundreds of modules and makes torch's names."""
    import torch

    with operators(set()):
        torch.nn.functional.relu(torch.ones(2)) + 1


@contextmanager
def operators(seen: set[str]) -> Iterator[None]:
    """Add the names of all torch functions, operators and ``autograd`` used inside to ``seen``.

    Where nobody has ever imported torch (it may not even be there), there is nothing to see. That the code takes torch
    out of ``sys.modules`` changes nothing: with torch preloaded, ``prepare`` has made the modes before any code ran.
    """
    if "torch" not in sys.modules and not _modes.cache_info().currsize:
        yield
        return
    functions, dispatched = _modes()
    _watch_engine()
    _open.append(seen)
    try:
        with functions(seen), dispatched(seen):
            yield
    finally:
        _open.pop()
        if seen & _DUAL:
            seen.add(AUTOGRAD)


def note(name: str) -> None:
    """Add a name to the innermost trace, from any thread."""
    if _open:
        _open[-1].add(name)


@contextmanager
def paused() -> Iterator[None]:
    """See nothing of what happens inside."""
    _open.append(set())
    try:
        with untraced():
            yield
    finally:
        _open.pop()


class _WatchedEngine:
    """torch's autograd engine; all of torch's Python calls go through ``run_backward`` of this one object."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def run_backward(self, *args: Any, **kwargs: Any) -> Any:
        """Note the backward pass, and run it."""
        note(AUTOGRAD)
        return self._engine.run_backward(*args, **kwargs)


@functools.cache
def _watch_engine() -> None:
    # For good, ahead of the code: a function of torch's that the code took aside earlier is watched as well.
    from torch.autograd.variable import Variable

    holder: Any = Variable
    holder._execution_engine = _WatchedEngine(holder._execution_engine)
