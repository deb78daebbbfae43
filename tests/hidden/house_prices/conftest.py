"""What the checks of ``house_prices`` share: tables on the student's side, tables of numbers back, and stand-ins.

Nothing is read from the files beside the notebook: every table is made here and crosses the wire.

Tables: pandas 3 reads text as dtype ``str``, pandas 2 as ``object``. A submission may be written for the one or the
other, so a check of ``preprocess`` that fails is run once more with text of the other dtype. What comes back is turned
into an array on the student's side, whatever it is (a DataFrame, a sparse matrix): only one check asks for its kind.

Stand-ins: ``k_fold_score`` may call the student's own ``log_rmse``, and ``train_predict`` all the other exercises. So
these are judged with the student's functions and, where that fails, once more with ours: no mistake costs points
twice. Our code on the student's side holds no solution, it asks the judge. The fixtures are functions that take
``student``; none is bound to one, because checks run again on misconceptions.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder.compare import as_array, recording
from autograder.compare.checked import refuse
from autograder.errors import ArgumentChanged, BadReturn, BannedOperation, Mismatch, MissingName, StudentError

# Failures after which the student's process still answers, so that a second try is possible.
REPEATABLE = (ArgumentChanged, BadReturn, BannedOperation, Mismatch, MissingName, StudentError)

TABLES = """
import numpy as _np
import pandas as _pd

def _hold_text_as_objects(table):
    for name in table.columns:
        if not _pd.api.types.is_numeric_dtype(table[name]):
            values = [_np.nan if _pd.isna(value) else value for value in table[name]]
            table[name] = _pd.Series(values, index=table.index, dtype=object)

def _as_numbers(value):
    kind, dtype = type(value).__name__, str(getattr(value, "dtype", ""))
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    elif hasattr(value, "toarray"):
        value = value.toarray()
    try:
        return kind, dtype, _np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return kind, dtype, None
"""

OWN = """
if "_own_functions" not in globals():
    _own_functions = {name: globals().get(name) for name in ("preprocess", "log_rmse", "k_fold_score")}
globals().update({name: function for name, function in _own_functions.items() if function is not None})
"""

ASK = """
def _ask_the_judge(preprocessed, error, folds):
    global _judge_preprocess, _judge_log_rmse, _judge_folds
    _judge_preprocess, _judge_log_rmse, _judge_folds = preprocessed, error, folds
"""

STAND_INS = {
    "log_rmse": """
def log_rmse(prediction, target):
    return _judge_log_rmse(prediction, target)
""",
    "preprocess": """
def preprocess(train, test):
    return _judge_preprocess(train, test)
""",
    "k_fold_score": """
def k_fold_score(fit, X, y, k):
    scores = []
    for rest, held_out in _judge_folds(len(y), k):
        scores.append(_judge_log_rmse(fit(X[rest], y[rest])(X[held_out]), y[held_out]))
    return sum(scores) / k, _np.array(scores)
""",
}
USED_BY = {"k_fold_score": ("log_rmse",), "train_predict": ("log_rmse", "preprocess", "k_fold_score")}

Check = Callable[[], None]


@pytest.fixture(scope="session")
def houses() -> ModuleType:
    """The generating process, ``make_data.py``."""
    return _make_data()


@functools.cache
def _make_data() -> ModuleType:
    path = Path(__file__).with_name("make_data.py")
    spec = importlib.util.spec_from_file_location("house_prices_make_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks for its module there
    spec.loader.exec_module(module)
    return module


def _table(student: Any, name: str, handle: Any) -> tuple[np.ndarray, tuple[str, str]]:
    """What a handle holds as a float64 array of two axes, and the names of the class and dtype that it had."""
    answer = student._as_numbers(handle)
    if not (isinstance(answer, tuple) and len(answer) == 3 and all(isinstance(text, str) for text in answer[:2])):
        refuse(name, f"{name} cannot be read as an array of numbers")
    kind, dtype, numbers = answer
    if numbers is None:
        refuse(name, f"{name} cannot be read as an array of numbers: does it hold text, or gaps in text?")
    table = as_array(numbers, what=name)
    if table.ndim != 2:
        refuse(name, f"{name} has {table.ndim} axes; expected 2: a row for each house, a column for each feature")
    return table, (kind, dtype)


def _preprocessed(
    student: Any, train: pd.DataFrame, test: pd.DataFrame, text: str = "str", guard: bool = False
) -> tuple[Any, ...]:
    """((X_train, X_test), ((class, dtype), (class, dtype))) for tables whose text columns have the dtype ``text``.

    Whether arguments are changed has a check of its own, and costs no more than that one.
    """
    handles = [student.put(table) for table in (train, test)]
    if text == "object":
        for handle in handles:
            student._hold_text_as_objects.may_mutate(handle)
    results = (student.preprocess if guard else student.preprocess.may_mutate)(*handles)
    named = zip(("X_train", "X_test"), results, (train, test), strict=True)
    tables = []
    for name, handle, given in named:
        table, kind = _table(student, name, handle)
        if len(table) != len(given):
            refuse(name, f"{name} has {len(table)} rows; expected {len(given)}, one for each house")
        tables.append((table, kind))
    return tuple(zip(*tables, strict=True))


def _with_either_text(student: Any, check: Callable[[Callable[..., Any]], None]) -> None:
    """Run ``check(preprocessed)`` with text as this pandas reads it; if it fails, once more with text as objects."""
    student.define(TABLES)
    try:
        check(functools.partial(_preprocessed, student, text="str"))
    except REPEATABLE as first:
        with recording():  # what the second try sees is no evidence of the mistake
            try:
                check(functools.partial(_preprocessed, student, text="object"))
            except REPEATABLE:
                raise first from None


@pytest.fixture
def with_either_text() -> Callable[..., None]:
    """See ``_with_either_text``."""
    return _with_either_text


def _folds(n: Any, k: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    rows = np.arange(int(n))
    return [(np.setdiff1d(rows, fold), fold) for fold in np.array_split(rows, int(k))]


def _on_its_own(reference: Any, student: Any, exercise: str, check: Check) -> None:
    """Run the check of ``exercise``; if it fails, once more with sound functions in place of the student's others."""
    student.define(TABLES)
    student.define(OWN)
    try:
        check()
    except REPEATABLE as with_own:
        with recording():  # what the second try sees is no evidence of the mistake
            try:
                student.define(ASK)
                student._ask_the_judge(reference.preprocess, reference.log_rmse, _folds)
                for name in USED_BY[exercise]:
                    student.define(STAND_INS[name])
                check()
            except REPEATABLE:
                raise with_own from None


@pytest.fixture
def on_its_own(reference: Any) -> Callable[[Any, str, Check], None]:
    """See ``_on_its_own``; a function of ``student``, and not bound to one."""
    return functools.partial(_on_its_own, reference)
