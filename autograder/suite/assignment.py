"""The settings of one assignment, from ``assignment.toml`` beside its hidden suite."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import platform
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import autograder
from autograder.errors import SuiteFault
from autograder.judge.contract import Banned, Contract, Function, Returned
from autograder.judge.limits import Limits
from autograder.judge.sandbox import Environment

SETTINGS = "assignment.toml"
_TABLES = {"title", "environment", "limits", "banned", "functions"}


@dataclass(frozen=True)
class Assignment:
    """One assignment: where its suite and reference solutions are, and its settings."""

    name: str
    title: str
    suite: Path
    solutions: Path
    environment: Environment
    limits: Limits
    contract: Contract

    @property
    def exercises(self) -> tuple[str, ...]:
        """The names of all exercises, in the order of the settings file."""
        return tuple(dict.fromkeys(function.exercise for function in self.contract.functions.values()))

    def functions_of(self, exercise: str) -> tuple[str, ...]:
        """The names of the functions and classes that an exercise asks for."""
        return tuple(f.name for f in self.contract.functions.values() if f.exercise == exercise)

    def shares_cache(self, exercise: str, other: str) -> bool:
        """Whether a wrong ``other`` may cost points of ``exercise`` too: its functions get what ``other`` returned."""
        sources = {f.cache_from for f in self.contract.functions.values() if f.exercise == exercise}
        return bool(sources & set(self.functions_of(other)))

    def fingerprint(self, *others: Path) -> str:
        """SHA-256 of all that decides a record beside the submission.

        Suite, solutions, ``others``, this package, libraries.
        """
        return _hash_files([*self.suite.rglob("*"), self.solutions, *others], self.suite)


def load_assignment(suite: Path) -> Assignment:
    """Read ``assignment.toml`` in a suite's directory. Raises SuiteFault with the place and the mend."""
    where = str(suite / SETTINGS)
    try:
        settings = tomllib.loads((suite / SETTINGS).read_text())
    except FileNotFoundError:
        raise SuiteFault(f"{where} does not exist: a hidden suite needs its settings there") from None
    except tomllib.TOMLDecodeError as error:
        raise SuiteFault(f"{where} is not TOML: {error}") from error
    if unknown := set(settings) - _TABLES:
        raise SuiteFault(f"{where}: unknown {sorted(unknown)}; known are {sorted(_TABLES)}")
    tables = {name: _table(settings, name, where) for name in ("environment", "limits", "banned", "functions")}
    root = suite.parent.parent.parent
    return Assignment(
        name=suite.name,
        title=str(settings.get("title", suite.name)),
        suite=suite,
        solutions=root / "solutions" / f"{suite.name}.py",
        environment=_environment(tables["environment"], where),
        limits=Limits.from_settings(tables["limits"], where),
        contract=Contract(_functions(tables["functions"], where), _banned(tables["banned"], where)),
    )


def _table(settings: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    value = settings.get(name, {})
    if not isinstance(value, dict):
        raise SuiteFault(f"{where}: {name} is {value!r}; expected a table")
    return value


def _names(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SuiteFault(f"{where} is {value!r}; expected a list of names")
    return tuple(value)


def _known(table: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    if unknown := set(table) - set(names):
        raise SuiteFault(f"{where}: unknown {sorted(unknown)}; known are {sorted(names)}")


def _environment(table: Mapping[str, Any], where: str) -> Environment:
    _known(table, ("preload", "banned_packages"), f"{where} [environment]")
    return Environment(
        preload=_names(table.get("preload", ["numpy"]), f"{where} [environment] preload"),
        banned_packages=_names(table.get("banned_packages", []), f"{where} [environment] banned_packages"),
    )


def _banned(table: Mapping[str, Any], where: str) -> Banned:
    _known(table, ("functions", "operators", "autograd"), f"{where} [banned]")
    autograd = table.get("autograd", False)
    if not isinstance(autograd, bool):
        raise SuiteFault(f"{where} [banned] autograd is {autograd!r}; expected true or false")
    return Banned(
        functions=_names(table.get("functions", []), f"{where} [banned] functions"),
        operators=_names(table.get("operators", []), f"{where} [banned] operators"),
        autograd=autograd,
    )


def _functions(table: Mapping[str, Any], where: str) -> dict[str, Function]:
    if not table:
        raise SuiteFault(f"{where}: no [functions.<name>] table; each function of an exercise needs one")
    return {name: _function(name, entry, f"{where} [functions.{name}]") for name, entry in table.items()}


def _function(name: str, entry: Any, where: str) -> Function:
    if not isinstance(entry, dict) or not isinstance(entry.get("exercise"), str) or not entry["exercise"]:
        raise SuiteFault(f'{where}: expected exercise = "..." and returns = ...')
    _known(entry, ("exercise", "returns", "cache_from"), where)
    declared, cache_from = entry.get("returns"), entry.get("cache_from", "")
    if not isinstance(cache_from, str):
        raise SuiteFault(f"{where}: cache_from is {cache_from!r}; expected the name of a function")
    returns: Returned | tuple[Returned, ...] | None = None
    if isinstance(declared, list) and declared:
        returns = tuple(Returned.parse(item, where) for item in declared)
    elif declared is not None:
        returns = Returned.parse(declared, where)
    return Function(name, entry["exercise"], returns, cache_from)


def _hash_files(paths: Iterable[Path], suite: Path) -> str:
    digest = hashlib.sha256(_own_fingerprint().encode())
    for path in sorted({p for p in paths if p.is_file() and "__pycache__" not in p.parts}):
        name = path.relative_to(suite) if path.is_relative_to(suite) else path.name
        digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@functools.cache
def _own_fingerprint() -> str:
    """This package's code and the libraries that computing rests on: a change of either may change a record."""
    package = Path(autograder.__file__).parent
    digest = hashlib.sha256()
    for part in ("student", "wire", "judge", "compare", "suite", "course"):
        for path in sorted((package / part).rglob("*.py")):
            digest.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes())
    versions = [f"{name}={_version(name)}" for name in ("numpy", "torch", "scikit-learn", "gpytorch", "botorch")]
    return f"{digest.hexdigest()} python={platform.python_version()} {' '.join(versions)}"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
