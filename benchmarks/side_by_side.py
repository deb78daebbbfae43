"""Grade the same notebooks with this autograder (1 and 2 workers) and with nbgrader's own Execute, side by side in
one run.

    .venv/bin/python benchmarks/side_by_side.py [--styles] [--submissions 40] [--execute 4] [--rounds 3] [--json FILE]

Both write nbgrader's gradebook. The class has no traps: everybody hands in the reference solutions or, with --styles,
one exercise in another right style, some of which compute entry by entry: then more of the time is the students' own.
Each round times ours on a small and on the whole class and nbgrader's on a few, one after the other, so that noise
of the machine meets all; the cost of a submission is the difference of the two classes over the difference of their
sizes (start-up apart), medians over the rounds. nbgrader's start-up is left out likewise.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat

from autograder.suite.variants import load_variants

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT = "normalization"
BIN = Path(sys.executable).parent
SMALL = 2
EXECUTED = "nbgrader's Execute"
EXECUTE = "\nc.Autograde.autograde_preprocessors = ['nbgrader.preprocessors.Execute' if p.endswith('.Judge') else p "
EXECUTE += "for p in c.Autograde.autograde_preprocessors]\n"


def make_course(root: Path, submissions: int, styles: bool = False, assignment: str = ASSIGNMENT) -> None:
    """A course directory with one released assignment and a class of right submissions."""
    for name in ("source", "solutions", "tests/hidden"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    run(root, "autograder", "release", assignment)
    released = root / "release" / assignment
    release = nbformat.read(released / f"{assignment}.ipynb", as_version=4)
    source = nbformat.read(root / "source" / assignment / f"{assignment}.ipynb", as_version=4)
    solutions = {cell.id: cell.source for cell in source.cells if cell.cell_type == "code"}
    equivalents = [v for v in load_variants(root / "tests/hidden" / assignment) if v.kind == "equivalent"]
    for number in range(submissions):
        style = equivalents[number % len(equivalents)] if styles else None
        for cell in release.cells:
            if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
                cell.source = style.cell if style and cell.id == style.exercise else solutions[cell.id]
        path = root / "class" / f"s{number:04}" / assignment / f"{assignment}.ipynb"
        shutil.copytree(released, path.parent)  # its data too
        nbformat.write(release, path)


def run(root: Path, *command: str) -> float:
    """Run one of the environment's commands in the course; returns wall seconds."""
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    began = time.perf_counter()
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=root, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return time.perf_counter() - began


def hand_in(root: Path, submissions: int) -> None:
    """Make the first ``submissions`` of the class the submitted ones, and forget all grades."""
    for name in ("submitted", "autograded", "records"):
        shutil.rmtree(root / name, ignore_errors=True)
    for student in sorted((root / "class").iterdir())[:submissions]:
        shutil.copytree(student, root / "submitted" / student.name)


def cost(root: Path, small: int, large: int, *command: str) -> float:
    """Seconds a submission, start-up apart."""
    seconds = []
    for size in (small, large):
        hand_in(root, size)
        seconds.append(run(root, *command))
    return (seconds[1] - seconds[0]) / (large - small)


def measure(submissions: int, executed: int, rounds: int, styles: bool) -> dict[str, list[float]]:
    """Seconds a submission of each, by round."""
    ours_by_workers = {1: "autograder, 1 worker", 2: "autograder, 2 workers"}
    results: dict[str, list[float]] = {name: [] for name in (*ours_by_workers.values(), EXECUTED)}
    with tempfile.TemporaryDirectory(prefix="side-by-side-") as name:
        ours, theirs = Path(name) / "ours", Path(name) / "theirs"
        make_course(ours, submissions, styles)
        shutil.copytree(ours, theirs)
        with (theirs / "nbgrader_config.py").open("a") as config:
            config.write(EXECUTE)
        for number in range(rounds):
            for workers, label in ours_by_workers.items():
                command = ("autograder", "grade", ASSIGNMENT, "--workers", str(workers), "--json")
                results[label].append(cost(ours, SMALL, submissions, *command))
            command = ("nbgrader", "autograde", ASSIGNMENT, "--create", "--force")
            results[EXECUTED].append(cost(theirs, SMALL, SMALL + executed, *command))
            latest = {who: round(values[-1], 3) for who, values in results.items()}
            print(f"round {number + 1}: seconds a submission {latest}", flush=True)
    return results


def main(arguments: Sequence[str]) -> None:
    """Measure and print medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--styles", action="store_true", help="right solutions in other styles")
    parser.add_argument("--submissions", type=int, default=40, help="size of our class (default 40)")
    parser.add_argument("--execute", type=int, default=4, help="executed by nbgrader, beyond two (default 4)")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    results = measure(options.submissions, options.execute, options.rounds, options.styles)
    medians = {who: statistics.median(values) for who, values in results.items()}
    ratios = {who: medians[EXECUTED] / seconds for who, seconds in medians.items()}
    for who, seconds in medians.items():
        rate = f"{seconds:.3f} s a submission, {60 / seconds:.0f} a minute"
        print(f"{who:>22}: {rate}, {ratios[who]:.1f} times nbgrader (median of {options.rounds})")
    if options.json:
        options.json.write_text(json.dumps({"seconds": results, "medians": medians, "ratios": ratios}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
