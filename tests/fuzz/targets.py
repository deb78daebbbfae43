"""What must hold for any bytes: a valid value or the documented error, nothing else, at a bounded cost.

A target takes bytes and raises on a broken property. Each reads what nobody has checked yet: what a student's process
sends (``wire``, ``frames``), what a student hands in or displays (``notebook``, ``outputs``, ``markdown``), and what
lies in the store of records (``record``, ``store``).
"""

from __future__ import annotations

import functools
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgpack
import nbformat
import numpy as np
import pandas as pd
import torch
from nbconvert.filters.ansi import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.course.canonical import canonicalize
from autograder.course.display import make_harmless
from autograder.course.markdown import MAX_CHARACTERS, clean_markdown
from autograder.course.matching import label_of
from autograder.course.notebooks import read_notebook
from autograder.course.sanitize import MAX_OUTPUTS, clean_outputs
from autograder.errors import CourseFault, UnreadableNotebook
from autograder.grading import store as records
from autograder.record import CellResult, Check, ExerciseResult, Record
from autograder.wire import Callback, ConnectionClosed, FrameTooLarge, Remote, Undecodable, decode, encode
from autograder.wire.frames import HEADER, pair
from autograder.wire.structure import Malformed, check_structure
from tests.nbgrader import course_builder

Target = Callable[[bytes], None]

MOST_SECONDS = 1.0  # of one input of at most MOST_BYTES
MOST_MEMORY = 200 * 2**20
MOST_BYTES = 2**16


class TooCostly(Exception):
    """An input took more time or memory than it may."""


def check(target: Target, data: bytes, seconds: float = MOST_SECONDS) -> None:
    """Run ``target``; raises what it raises, and TooCostly (also for what the target does to check the result)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    target(data)
    took = time.process_time() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024
    if len(data) <= MOST_BYTES and (took > seconds or grown > MOST_MEMORY):
        raise TooCostly(f"{len(data)} bytes took {took:.2f} s and {grown / 2**20:.0f} MiB")


# --- the wire ---------------------------------------------------------------------------------------------------------

PLAIN = (type(None), bool, int, float, complex, str, bytes, torch.dtype, Remote, Callback)
SCALARS = {np.dtype(f"{kind}{size}").type for kind, size in (*zip("iiiiuuuu", "12481248", strict=True), ("b", 1))} | {
    np.dtype(name).type for name in ("f2", "f4", "f8", "c8", "c16")
}


def wire(data: bytes) -> None:
    """A message becomes a value of the closed list, which crosses again as the same bytes, or Undecodable."""
    try:
        check_structure(data)
    except Malformed:
        sound = False
    else:
        sound = True
        msgpack.unpackb(data, raw=True, strict_map_key=False)  # what the outline lets pass is whole
    try:
        value = decode(data, lambda remote: remote)
    except Undecodable:
        return
    assert sound
    for part in _parts(value):
        _check_part(part)
    sent = encode(value)
    again = decode(sent, lambda remote: remote)
    assert type(again) is type(value)
    assert encode(again) == sent


def _parts(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        if type(part) is dict:
            waiting += [*part.keys(), *part.values()]
        elif type(part) in (list, tuple):
            waiting += part


def _check_part(part: Any) -> None:
    kind = type(part)
    if kind is np.ndarray:
        assert part.dtype.type in SCALARS
        assert part.flags.writeable
        assert part.flags.owndata
    elif kind is torch.Tensor:
        assert part.device.type == "cpu"
        assert part.is_leaf
        assert part.is_contiguous()
    elif kind is torch.device:
        assert part.type == "cpu"
    elif kind is pd.DataFrame:
        for number in range(part.shape[1]):
            _check_column(part.iloc[:, number])
    elif kind is pd.Series:
        _check_column(part)
    else:
        assert kind in PLAIN or kind in SCALARS or kind in (list, tuple, dict), kind


def _check_column(column: Any) -> None:
    values = column.to_numpy()
    assert values.dtype.type in SCALARS or all(type(cell) in PLAIN for cell in values.tolist())


def frames(data: bytes) -> None:
    """A stream is cut into the frames that it announces, in order, up to its end or the first that is too large."""
    most = 2**12
    ours, theirs = pair(max_frame=most)
    with theirs:
        theirs.setblocking(False)
        data = data[: theirs.send(data)] if data else data
    found: list[bytes] = []
    reason = ""
    try:
        while not reason:
            try:
                found.append(ours.receive(time.monotonic() + 5))
            except (ConnectionClosed, FrameTooLarge) as error:
                reason = type(error).__name__
    finally:
        ours.close()
    whole = b"".join(HEADER.pack(len(frame)) + frame for frame in found)
    rest = data[len(whole) :]
    assert data.startswith(whole)
    announced = HEADER.unpack(rest[: HEADER.size])[0] if len(rest) >= HEADER.size else 0
    assert reason == ("FrameTooLarge" if announced > most else "ConnectionClosed")
    assert announced > most or len(rest) < HEADER.size + announced or not rest


# --- what students hand in and display --------------------------------------------------------------------------------

RELEASE = read_notebook(json.dumps(course_builder.released()).encode(), what="release")
LABELS = [label_of(cell) for cell in RELEASE.cells]
SHOWN = {
    "p", "em", "strong", "code", "pre", "a", "img", "br", "hr", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6",
    "blockquote", "table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td", "del", "dl", "dt",
    "dd", "div", "span", "b", "i", "u", "s", "ins", "sub", "sup", "small", "mark", "kbd", "input",
}  # fmt: skip
LINKS = ("http:", "https:", "mailto:", "#", "data:image/", "attachment:")


def notebook(data: bytes) -> None:
    """A notebook becomes a valid one that reads the same again, and takes its place in the release's frame."""
    try:
        read = read_notebook(data, what="x.ipynb")
    except UnreadableNotebook as error:
        assert len(str(error)) < 500  # noqa: PT017  # the other outcome is as good
        return
    nbformat.validate(read)
    assert len({cell.id for cell in read.cells}) == len(read.cells)
    assert all(not cell.get("outputs") for cell in read.cells)
    text = nbformat.writes(read)
    json.loads(text, parse_constant=_not_json)
    assert read_notebook(text.encode(), what="again") == read
    _submitted(read)


def _not_json(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def _submitted(read: nbformat.NotebookNode) -> None:
    before = deepcopy(read)
    made = canonicalize(RELEASE, read).notebook
    assert read == before
    nbformat.validate(made)
    assert sorted(label for cell in made.cells if (label := label_of(cell))) == sorted(LABELS)
    assert len({cell.id for cell in made.cells}) == len(made.cells)
    for cell in made.cells:
        label = label_of(cell)
        original = course_builder.find(RELEASE, label) if label else None
        assert cell.metadata == (original.metadata if original else {})
        assert original is None or cell.cell_type == original.cell_type
        assert label in (None, "double", "explain_scaling") or cell.source == original.source
    assert canonicalize(RELEASE, made).notebook.cells == made.cells
    make_harmless(made, RELEASE)
    nbformat.validate(made)
    for cell in made.cells:
        assert cell.cell_type != "raw"
        if cell.cell_type == "markdown":
            _check_page(render(cell.source, cell.get("attachments", {})))


def outputs(data: bytes) -> None:
    """What a cell displayed (here as JSON) becomes valid outputs that hold nothing active."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        return
    made = clean_outputs(given if isinstance(given, list) else [given])
    assert len(made) <= MAX_OUTPUTS
    cell = {"id": "x", "cell_type": "code", "metadata": {}, "source": "", "execution_count": None, "outputs": made}
    nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})
    json.dumps(made, allow_nan=False, ensure_ascii=False).encode()
    assert clean_outputs(made) == made
    for output in made:
        bundle = output.get("data", {})
        _check_page(bundle.get("text/html", ""))
        _check_page(render(bundle.get("text/markdown", "")))
        for text in (output.get("text", ""), bundle.get("text/plain", ""), *output.get("traceback", ())):
            ansi2html(text)


def markdown(data: bytes) -> None:
    """Markdown is rendered without anything active; cleaning it once more changes nothing."""
    source = data.decode("utf-8", "replace")
    made = clean_markdown(source)
    _check_page(render(made))
    if len(made) <= MAX_CHARACTERS:
        assert clean_markdown(made) == made


def render(source: str, attachments: Mapping[str, Any] | None = None) -> str:
    """The HTML that nbconvert makes."""
    renderer = IPythonRenderer(escape=False, attachments=dict(attachments or {}))
    return str(MarkdownWithMath(renderer=renderer).render(source))


class _Page(HTMLParser):
    """Finds what a page may not hold."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHOWN, tag
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name not in ("href", "src") or _is_harmless(tag, str(value)), value
            assert name != "style" or "(" not in str(value), value


def _is_harmless(tag: str, address: str) -> bool:
    if tag == "img" and not address.startswith("data:"):  # an image beside the notebook
        return ":" not in address and ".." not in address and not address.startswith("/")
    return address.lower().startswith(LINKS)


def _check_page(html: str) -> None:
    parser = _Page()
    parser.feed(html)
    parser.close()


# --- records ----------------------------------------------------------------------------------------------------------

GOOD = course_builder.record(
    "ada",
    exercises=(
        ExerciseResult("double", 4, 4.0, (Check("test_double.py::test_twice", "Twice.", 1, "passed"),), None),
        ExerciseResult("half", 2.5, 0.0, (Check("test_half.py::test", "Half.", 0.5, "failed", "no"),), "You double."),
    ),
    cells=(CellResult("double", ({"output_type": "stream", "name": "stdout", "text": "é\n"},), "cut"),),
    alterations=("a cell was missing",),
    flags=("flag",),
)
KEY = records.Key(GOOD.submission_sha256, GOOD.suite_sha256, GOOD.device, GOOD.confined)


def record(data: bytes) -> None:
    """A record has every field of its type, and reads the same again; anything else is a CourseFault."""
    try:
        read = Record.from_json(data.decode())
    except UnicodeDecodeError:
        return
    except CourseFault as error:
        assert len(str(error).encode()) < 900  # noqa: PT017  # the other outcome is as good
        return
    _check_record(read)
    text = read.to_json()
    text.encode()
    assert Record.from_json(text) == read
    assert Record.from_json(text).to_json() == text


def _check_record(read: Record) -> None:
    texts = [read.assignment, read.student, read.submission_sha256, read.suite_sha256, read.device, read.reason]
    numbers = [read.score, read.points]
    assert type(read.confined) is bool
    assert read.outcome in ("graded", "unreadable", "not judged")
    for exercise in read.exercises:
        texts += [exercise.name, exercise.mistake or ""]
        numbers += [exercise.points, exercise.score]
        for each in exercise.checks:
            texts += [each.id, each.sentence, each.message]
            numbers.append(each.weight)
            assert each.outcome in ("passed", "failed", "not judged")
    for cell in read.cells:
        texts += [cell.cell_id, cell.note]
        assert all(type(output) is dict for output in cell.outputs)
    assert all(type(text) is str for text in [*texts, *read.alterations, *read.flags])
    assert all(type(number) in (int, float) and f"{number:g}" not in ("nan", "inf", "-inf") for number in numbers)


def store(data: bytes) -> None:
    """A record file, or the one beside it, that is not what was written: judged again, never another grade."""
    directory = Path(_records().name) / GOOD.assignment / GOOD.student
    path, beside = directory / f"{KEY.name}.json", directory / f"{KEY.name}.run.json"
    written, facts = path.read_bytes(), beside.read_bytes()
    try:
        path.write_bytes(data)
        assert records.read(directory, KEY) == (GOOD if data == written else None)
        path.write_bytes(written)
        beside.write_bytes(data)
        assert records.read(directory, KEY) == (GOOD if data == facts else None)
    finally:
        path.write_bytes(written)
        beside.write_bytes(facts)
    assert records.read(directory, KEY) == GOOD


@functools.cache
def _records() -> tempfile.TemporaryDirectory[str]:
    """A store with the one record, which ends with the process."""
    root = tempfile.TemporaryDirectory(prefix="fuzz-")
    records.write(Path(root.name) / GOOD.assignment / GOOD.student, KEY, GOOD, {"seconds": 1.0})
    return root


TARGETS: dict[str, Target] = {
    "wire": wire,
    "frames": frames,
    "notebook": notebook,
    "outputs": outputs,
    "markdown": markdown,
    "record": record,
    "store": store,
}
