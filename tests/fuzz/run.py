"""Fuzz one target, led by coverage: ``python -m tests.fuzz.run TARGET --seconds N``.

libFuzzer, by way of atheris, makes inputs that reach new branches of the autograder's own modules. What it has learnt
stays in build/fuzz/TARGET/corpus for the next run. An input that breaks the target's property is made shorter and kept
in tests/fuzz/found/TARGET/, as Python writes bytes, where tests/fuzz/test_fuzz.py runs it from then on.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib
import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

FOUND = Path(__file__).parent / "found"
WORK = Path(__file__).parents[2] / "build" / "fuzz"
TARGETS = ("wire", "frames", "notebook", "outputs", "markdown", "record", "store")
NO_ATHERIS = "atheris is not installed: run 'make fuzz', or pip install -c constraints.txt -e '.[fuzz]' (x86-64 Linux)"
SHORTEN_SECONDS = 20
CHATTER = ("INFO:", "WARNING: Failed to find function", "stat::", "#", '"', "Done ")
STATUS = re.compile(r"^#\d+\s+\w+\s+(?P<figures>cov: \d+ ft: \d+).*?(?P<corpus>corp: \d+)")


def main() -> int:
    """Run the target in a process of its own, keep what it finds, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60, help="how long to look (default 60)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)  # the process that libFuzzer ends
    options = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print(NO_ATHERIS, file=sys.stderr)
        return 2
    work = WORK / options.target
    if options.inside:
        _fuzz(options.target, options.seconds, work)
    return _watch(options.target, options.seconds, work)


def _fuzz(target: str, seconds: int, work: Path) -> None:
    """Does not return: libFuzzer ends the process."""
    import atheris
    import pandas  # noqa: F401  # the wire builds tables and tensors only where these are loaded
    import torch  # noqa: F401

    with atheris.instrument_imports(include=["autograder"]):
        targets = importlib.import_module("tests.fuzz.targets")
        seeds = importlib.import_module("tests.fuzz.seeds")
    mutations = importlib.import_module("tests.fuzz.mutations")
    for name in ("corpus", "seeds"):
        (work / name).mkdir(parents=True, exist_ok=True)
    for data in [*seeds.SEEDS[target], *map(read_found, found(target))]:
        (work / "seeds" / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        if seed % 4 == 0:
            return bytes(atheris.Mutate(data, max_size))
        return bytes(mutations.mutated(bytes(data), seeds.MUTATIONS[target], Random(seed))[:max_size])

    command = [
        "fuzz", str(work / "corpus"), str(work / "seeds"), f"-max_total_time={seconds}", f"-artifact_prefix={work}/",
        f"-max_len={targets.MOST_BYTES}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1", "-len_control=0",
    ]  # fmt: skip
    atheris.Setup(command, lambda data: targets.check(targets.TARGETS[target], data), custom_mutator=mutate)
    atheris.Fuzz()


def _watch(target: str, seconds: int, work: Path) -> int:
    work.mkdir(parents=True, exist_ok=True)
    for path in work.glob("*-*"):  # what a run before this one left
        path.unlink()
    command = [sys.executable, "-m", "tests.fuzz.run", target, "--seconds", str(seconds), "--inside"]
    began = time.monotonic()
    status, total = "", {"number_of_executed_units": "0", "average_exec_per_sec": "0"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, **pipes, encoding="utf-8", errors="replace") as run:
        assert run.stdout is not None
        for line in run.stdout:
            seen = STATUS.match(line)
            status = f"{seen['figures']} {seen['corpus']}" if seen else status
            total |= re.findall(r"^stat::(\w+):\s+(\d+)", line)
            if not line.startswith(CHATTER):
                print(line, end="")
    took = time.monotonic() - began
    runs, rate = total["number_of_executed_units"], total["average_exec_per_sec"]
    print(f"{target}: {status} runs: {runs} exec/s: {rate} seconds: {took:.0f}")
    broken = sorted(work.glob("*-*"))
    for path in broken:
        print(f"kept: {os.path.relpath(_keep(target, path))}")
    return 1 if broken or run.returncode else 0


def _keep(target: str, path: Path) -> Path:
    targets = importlib.import_module("tests.fuzz.targets")
    data = path.read_bytes()
    if path.name.startswith("crash-"):  # a run out of time or memory is not repeated
        data = shortened(data, lambda some: _fault(targets, target, some))
    kept = FOUND / target / f"{hashlib.sha256(data).hexdigest()[:12]}.txt"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(f"{data!r}\n")
    return kept


def found(target: str) -> list[Path]:
    """The files of the inputs that were kept for a target."""
    return sorted((FOUND / target).glob("*.txt"))


def read_found(path: Path) -> bytes:
    """The input in one of these files."""
    data = ast.literal_eval(path.read_text())
    assert isinstance(data, bytes)
    return data


def _fault(targets: object, target: str, data: bytes) -> str:
    try:
        targets.check(targets.TARGETS[target], data)  # type: ignore[attr-defined]  # the module, loaded by name
    except Exception as error:
        return type(error).__name__
    return ""


def shortened(data: bytes, fault: Callable[[bytes], str]) -> bytes:
    """A shorter input with the same fault, without the pieces that it does not need."""
    wanted, until = fault(data), time.monotonic() + SHORTEN_SECONDS
    size = len(data) // 2
    while wanted and size:
        at = 0
        while at < len(data) and time.monotonic() < until:
            shorter = data[:at] + data[at + size :]
            if fault(shorter) == wanted:
                data = shorter
            else:
                at += size
        size //= 2
    return data


if __name__ == "__main__":
    sys.exit(main())
