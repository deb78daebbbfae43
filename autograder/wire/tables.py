"""pandas tables taken apart into plain values, and put together again.

A table crosses only if it consists of numbers, text, truth values and gaps, with such labels (or tuples of them, as
in a MultiIndex); any other one stays on its side. Both directions are here, so that they cannot drift apart.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

MAX_ROWS = 2**16 - 1
_CELLS = (type(None), bool, int, float, str)
_WIDEST = {"b": 1, "i": 8, "u": 8, "f": 8, "c": 16}  # bytes, by the kind of a column's dtype


def frame_parts(frame: Any) -> tuple[Any, ...] | None:
    """Return index, its names, column labels, their names and the columns of a DataFrame; None if it must stay."""
    columns = [_column_parts(frame.iloc[:, number]) for number in range(frame.shape[1])]
    labels = [_label_parts(frame.index), _label_parts(frame.columns)]
    if any(part is None for part in (*columns, *labels)):
        return None
    return (*labels[0], *labels[1], columns)  # type: ignore[misc]  # neither is None: checked just above


def series_parts(series: Any) -> tuple[Any, ...] | None:
    """Return index, its names, name and values of a Series; None if it must stay."""
    column, labels = _column_parts(series), _label_parts(series.index)
    if column is None or labels is None or not _is_label(series.name):
        return None
    return (*labels, series.name, column)


def build_frame(parts: Any) -> Any:
    """Return the DataFrame of ``frame_parts``. Raises ValueError for parts that do not fit together."""
    import pandas

    labels, names, column_labels, column_names, columns = parts
    index = _index(labels, names)
    if not isinstance(columns, list):
        raise ValueError("columns that are no list")
    rows = len(index)
    frame = pandas.DataFrame({number: _column(column, rows) for number, column in enumerate(columns)}, index=index)
    frame.columns = _index(column_labels, column_names)
    return frame


def build_series(parts: Any) -> Any:
    """Return the Series of ``series_parts``. Raises ValueError for parts that do not fit together."""
    import pandas

    labels, names, name, column = parts
    if not _is_label(name):
        raise ValueError("a name that is neither text nor number")
    index = _index(labels, names)
    return pandas.Series(_column(column, len(index)), index=index, name=name)


def _is_label(value: Any) -> bool:
    return type(value) in _CELLS or (type(value) is tuple and all(type(item) in _CELLS for item in value))


def _label_parts(index: Any) -> tuple[list[Any], list[Any]] | None:
    labels, names = index.tolist(), list(index.names)
    if len(labels) > MAX_ROWS or not all(_is_label(label) for label in [*labels, *names]):
        return None
    return labels, names


def _column_parts(series: Any) -> Any:
    values = series.to_numpy()
    if values.dtype.kind in _WIDEST:
        return values if values.dtype.itemsize <= _WIDEST[values.dtype.kind] else None
    missing = sys.modules["pandas"].isna
    if values.dtype.kind not in "OU" or len(values) > MAX_ROWS:
        return None
    cells = [None if not isinstance(cell, list | dict) and missing(cell) is True else cell for cell in values.tolist()]
    return cells if all(type(cell) in _CELLS for cell in cells) else None


def _index(labels: Any, names: Any) -> Any:
    import pandas

    if not isinstance(labels, list) or not isinstance(names, list) or not all(map(_is_label, [*labels, *names])):
        raise ValueError("labels that are neither text nor numbers")
    index = pandas.Index(labels)
    index.names = names
    return index


def _column(values: Any, rows: int) -> Any:
    if isinstance(values, np.ndarray) and values.shape == (rows,):
        return values
    if isinstance(values, list) and len(values) == rows and all(type(cell) in _CELLS for cell in values):
        column = np.empty(rows, dtype=object)
        column[:] = values
        return column
    raise ValueError("a column that is neither numbers nor text, or not as long as the index")
