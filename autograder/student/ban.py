"""What an assignment bans does not work in its exercises: operators of torch, and functions by their code.

Once the notebook's cells have run, a banned operator is shut in torch's dispatcher, through which every caller goes
(other threads, compiled graphs, C++), and a banned Python function by its code object, under whatever name it is kept.
Processes forked later inherit that. The names are looked up ahead of the fork.

This is done in the student's process, whose code may undo it: it makes the ways round a ban few and laborious, and is
no wall. The threat model says what is left.
"""

from __future__ import annotations

import fnmatch
import functools
import importlib.abc
import importlib.machinery
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any, NoReturn

from autograder.student import trace

# Where a call may enter torch's dispatcher: the last five are of backends and transforms that would go round the rest.
_KEYS = (
    "CompositeImplicitAutograd", "CompositeExplicitAutograd", "Autograd", "CPU",
    "CUDA", "Meta", "Functionalize", "FuncTorchBatched", "FuncTorchDynamicLayerFrontMode",
)  # fmt: skip
_NAME = "the name goes here"
_kept: list[Any] = []  # the registrations: torch ends one with the object that stands for it


def refused(name: str) -> NoReturn:
    """Tell of the use, and refuse it. Called by what is shut."""
    trace.note(name)
    raise RuntimeError(f"{name} may not be used here: write it yourself")


@dataclass(frozen=True)
class Ban:
    """What is to be shut: operators by name, functions, and the patterns for modules that are not ``loaded`` yet."""

    operators: tuple[str, ...]
    functions: tuple[tuple[str, FunctionType], ...]
    patterns: tuple[str, ...]
    loaded: frozenset[str]

    def begin(self) -> None:
        """Shut all of it, for good."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of every kernel that is replaced
            _shut_operators(self.operators)
            _shut_functions((*self.functions, *_matching(self.patterns, sys.modules.keys() - self.loaded)))
        if self.patterns:
            sys.meta_path.insert(0, _Importer(self.patterns))


@functools.lru_cache(maxsize=16)
def find(functions: tuple[str, ...], operators: tuple[str, ...]) -> Ban:
    """Look up what fits these patterns (``fnmatch``) of dotted names and of operator names (``aten::...``)."""
    found: list[str] = []
    if operators and "torch" in sys.modules:
        known = sys.modules["torch"]._C._dispatch_get_all_op_names()
        fits = _fitting(operators)
        found = [name for name in known if fits(name.partition(".")[0])]
    loaded = frozenset(sys.modules)
    return Ban(tuple(sorted(found)), tuple(_matching(functions, loaded)), functions, loaded)


def shut(*patterns: str) -> None:
    """Shut all loaded functions that fit, in this process."""
    _shut_functions(_matching(patterns, set(sys.modules)))


def _fitting(patterns: Sequence[str]) -> Any:
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns)).match


def _matching(patterns: Sequence[str], modules: Iterable[str]) -> Iterator[tuple[str, FunctionType]]:
    """The functions and methods whose names fit, in those of these modules that belong to the patterns' packages."""
    if not patterns:
        return
    packages, fits = {pattern.partition(".")[0] for pattern in patterns}, _fitting(patterns)
    for name in sorted(modules):
        module = sys.modules.get(name)
        if name.partition(".")[0] in packages and type(module) is ModuleType:
            yield from ((known_as, function) for known_as, function in _functions_of(module) if fits(known_as))


def _functions_of(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """The module's own functions and methods by their dotted names, and those of its package that it offers as its own.

    A module also holds names of what it merely uses (``abc.abstractmethod``, helpers of its package): not those.
    """
    package, offered = module.__name__.partition(".")[0], getattr(module, "__all__", ())
    for name, value in list(vars(module).items()):
        kind = type(value)  # not isinstance: an object may warn or raise where it is asked for its class
        if kind is FunctionType:
            home = str(value.__module__)
            if home == module.__name__ or (name in offered and home.partition(".")[0] == package):
                yield f"{module.__name__}.{name}", value
        elif issubclass(kind, type) and value.__module__ == module.__name__:
            for attribute, member in list(vars(value).items()):
                function = member.__func__ if type(member) in (staticmethod, classmethod) else member
                if type(function) is FunctionType and function.__module__ == module.__name__:
                    yield f"{module.__name__}.{name}.{attribute}", function


def _shut_functions(functions: Iterable[tuple[str, FunctionType]]) -> None:
    for name, function in functions:
        function.__code__ = _refusing(name, function.__code__.co_freevars)


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    # Runs with the globals of the function whose code it replaces.
    from autograder.student.ban import refused

    refused("the name goes here")


@functools.cache
def _refusing(name: str, free: tuple[str, ...]) -> CodeType:
    code = _refuse.__code__
    constants = tuple(name if constant == _NAME else constant for constant in code.co_consts)
    return code.replace(co_consts=constants, co_freevars=free, co_name=name.rpartition(".")[2])


def _shut_operators(names: Sequence[str]) -> None:
    if not names:
        return
    torch = sys.modules["torch"]
    for namespace in {name.partition("::")[0] for name in names}:
        for key in _KEYS:
            library = torch._C._dispatch_library("IMPL", namespace, key, __file__, 0)
            for name in names:
                if name.startswith(f"{namespace}::"):
                    library.impl(name.partition("::")[2], key, _kernel(name.partition(".")[0]))
            _kept.append(library)


@functools.cache
def _kernel(name: str) -> Any:
    def kernel(*args: Any, **kwargs: Any) -> NoReturn:
        refused(name)

    return kernel


class _Importer(importlib.abc.MetaPathFinder):
    """Has what is imported later shut as soon as it has been executed."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns
        self._packages = {pattern.partition(".")[0] for pattern in patterns}

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> Any:
        if fullname.partition(".")[0] not in self._packages:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, self._patterns)
                return spec
        return None


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: Any, patterns: Sequence[str]) -> None:
        self._loader, self._patterns = loader, patterns

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        fits = _fitting(self._patterns)
        _shut_functions([(name, function) for name, function in _functions_of(module) if fits(name)])
