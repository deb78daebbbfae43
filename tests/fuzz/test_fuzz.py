"""Each target on its seeds, on what was found, and on a bounded number of changed seeds; no atheris is needed."""

from __future__ import annotations

import json
import resource
import sys
import time
import tracemalloc
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.course.notebooks import read_notebook
from autograder.record import Record
from autograder.wire import Undecodable, decode
from tests.fuzz import run
from tests.fuzz.mutations import JSON, WIRE, mutated
from tests.fuzz.seeds import MUTATIONS, SEEDS
from tests.fuzz.targets import GOOD, MOST_BYTES, MOST_MEMORY, MOST_SECONDS, TARGETS, TooCostly, check

# Not among the files in found/: these are too long, or easier to read as they are made.
LONG: dict[str, dict[str, bytes]] = {
    "wire": {
        "an integer of 4000 digits": msgpack.packb([9, "9" * 4000]),
        "lists of lists": b"\xdc\xff\xff\x00" + b"\x91\x00" * 32000,
    },
    "notebook": {
        "as many cells as 64 KiB hold": json.dumps(
            {"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "<"}] * 1700}, separators=(",", ":")
        ).encode(),
    },
    "markdown": {
        **{piece: (piece * 20000)[:19000].encode() for piece in ("\\\\(", "\\\\[", "\\begin{a}", "> - ", "[[", "<!--")},
        "spaces in a heading": b"# a" + b" " * 19000 + b"b",
    },
    "record": {
        "lists in lists": b"[" * 60000,
        "a number larger than any": GOOD.to_json().replace("4.0", "1e999").encode(),
    },
}  # fmt: skip


BOUNDED: dict[str, Any] = {
    "derandomize": True, "deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow],
}  # fmt: skip
EXAMPLES = {"notebook": 60, "markdown": 60}  # these take longest


def holds(name: str, data: bytes) -> None:
    """The target's property holds, on a machine three times as slow and busy as fuzzing asks for."""
    check(TARGETS[name], data, 3 * MOST_SECONDS)


def name_of(part: object) -> str:
    return part.stem if isinstance(part, Path) else str(part)


def test_the_runner_and_the_folders_know_the_same_targets() -> None:
    assert tuple(TARGETS) == run.TARGETS
    assert set(SEEDS) == set(MUTATIONS) == set(TARGETS)
    assert {path.name for path in run.FOUND.iterdir()} <= set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    for data in SEEDS[name]:
        holds(name, data)


@pytest.mark.parametrize(("name", "kept"), [(name, path) for name in TARGETS for path in run.found(name)], ids=name_of)
def test_what_was_found(name: str, kept: Path) -> None:
    holds(name, run.read_found(kept))


@pytest.mark.parametrize(("name", "case"), [(name, case) for name in LONG for case in LONG[name]])
def test_long_inputs(name: str, case: str) -> None:
    data = LONG[name][case]
    assert len(data) <= MOST_BYTES
    holds(name, data)


@pytest.mark.parametrize("name", ["wire", "record"])
def test_the_memory_that_python_takes(name: str) -> None:
    for data in LONG[name].values():
        tracemalloc.start()
        try:
            TARGETS[name](data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < MOST_MEMORY / 10


@pytest.mark.parametrize("name", TARGETS)
def test_changed_seeds(name: str) -> None:
    @settings(max_examples=EXAMPLES.get(name, 200), **BOUNDED)
    @given(st.sampled_from(SEEDS[name]), st.integers(0, 2**32 - 1).map(Random), st.integers(1, 4))
    def run_changed(data: bytes, randomness: Random, times: int) -> None:
        for _ in range(times):
            data = mutated(data, MUTATIONS[name], randomness)
        holds(name, data)

    run_changed()


@pytest.mark.parametrize("name", TARGETS)
def test_bytes_without_any_form(name: str) -> None:
    @settings(max_examples=50, **BOUNDED)
    @given(st.binary(max_size=200))
    def run_any(data: bytes) -> None:
        holds(name, data)

    run_any()


def test_the_seeds_are_valid() -> None:
    for data in SEEDS["wire"]:
        decode(data, lambda remote: remote)
    assert [len(read_notebook(data, what="seed").cells) for data in SEEDS["notebook"]] == [7, 9, 7]
    assert [Record.from_json(data.decode()).outcome for data in SEEDS["record"]] == ["graded", "unreadable"]
    assert {kind for data in SEEDS["outputs"] for kind in map(_kind_of, json.loads(data))} == {
        "stream", "error", "execute_result", "display_data",
    }  # fmt: skip


def _kind_of(output: dict[str, str]) -> str:
    return output["output_type"]


def test_changes_get_past_the_first_check() -> None:
    randomness = Random(0)
    accepted = 0
    for _ in range(400):
        data = mutated(randomness.choice(SEEDS["wire"]), MUTATIONS["wire"], randomness)
        try:
            decode(data, lambda remote: remote)
        except Undecodable:
            continue
        accepted += 1
    assert 40 < accepted < 360


def test_what_is_put_in_can_be_written() -> None:
    for leaf in WIRE:
        msgpack.packb(leaf, unicode_errors="surrogatepass")
    assert json.loads(json.dumps(JSON))[0] is None


def test_a_slow_or_large_input_is_too_costly(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_: bytes) -> None:
        until = time.process_time() + 0.1
        while time.process_time() < until:
            pass

    with pytest.raises(TooCostly, match=r"1 bytes took 0\.1"):
        check(slow, b"x", 0.05)
    check(slow, bytes(MOST_BYTES + 1), 0.05)  # what is longer may cost more
    peaks = iter([2**20, 2**20 + MOST_MEMORY // 1024 + 1])
    monkeypatch.setattr(resource, "getrusage", lambda who: SimpleNamespace(ru_maxrss=next(peaks)))
    with pytest.raises(TooCostly, match="200 MiB"):
        check(lambda _: None, b"x")


def test_an_input_is_made_as_short_as_its_fault_allows() -> None:
    def fault(data: bytes) -> str:
        return "ValueError" if b"a" in data and b"b" in data else "TypeError" if b"a" in data else ""

    assert run.shortened(b"xxxaxxxxxxxbxx" * 3, fault) == b"ab"
    assert run.shortened(b"xxx", fault) == b"xxx"


def test_without_atheris_the_runner_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run", "wire"])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    assert run.main() == 2
    assert "make fuzz" in capsys.readouterr().err
