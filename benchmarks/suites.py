"""How long each hidden suite takes for a reference submission, on one core, imports and start-up apart.

    .venv/bin/python benchmarks/suites.py [ASSIGNMENT ...] [--rounds 3]

Each round grades a class of one and a class of three references with one worker, everything on one core; a submission's
cost is half the difference. The exit code is 1 if a median is above what the suite may take.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from side_by_side import ROOT, cost, make_course

MAY_TAKE = {"bayesian_optimization": 15.0, "house_prices": 15.0}  # seconds
OTHERS = 3.0
ONE, THREE = 1, 3


def main(arguments: Sequence[str]) -> int:
    """Measure and print; returns the exit code."""
    known = sorted(path.parent.name for path in (ROOT / "tests" / "hidden").glob("*/assignment.toml"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    options = parser.parse_args(arguments)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    slow = False
    for assignment in options.assignments or known:
        with tempfile.TemporaryDirectory(prefix="suites-") as name:
            course = Path(name) / "course"
            make_course(course, THREE, assignment=assignment)
            command = ("autograder", "grade", assignment, "--workers", "1", "--json")
            seconds = [cost(course, ONE, THREE, *command) for _ in range(options.rounds)]
        median, most = statistics.median(seconds), MAY_TAKE.get(assignment, OTHERS)
        slow |= median > most
        found = f"{median:6.2f} s  of {most:g} s{'  TOO SLOW' if median > most else ''}"
        print(f"{assignment:<22} {found}  (rounds: {', '.join(f'{value:.2f}' for value in seconds)})", flush=True)
    return int(slow)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
