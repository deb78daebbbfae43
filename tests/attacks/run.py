"""Run the corpus of attacks and oddities: a table of what came of each. ``make attacks``.

    python -m tests.attacks.run [--only PATTERN] [--workers N] [--json FILE] [--show]

The exit code is 1 if an attack earned, reached, changed or left anything that it must not, or an honest oddity lost
points.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.attacks.case import CORPUS, ODDITIES, Case, load_all
from tests.attacks.hostile_class import Outcome, Result, grade_among, said

WIDTH = 150  # where there is no terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="cases whose name matches this pattern")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write what came of each to this file")
    parser.add_argument("--show", action="store_true", help="print all that each record tells")
    parser.add_argument("--no-feedback", action="store_true", help="make no pages of feedback")
    options = parser.parse_args(arguments)
    cases = [case for case in load_all(CORPUS, ODDITIES) if re.search(options.only, case.name)]
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    if not cases:
        console.print(f"no case matches {options.only!r}", markup=False)
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="autograder-attacks-") as place, console.status(f"{len(cases)} cases"):
        outcome = grade_among(cases, Path(place), workers=options.workers, feedback=not options.no_feedback)
    console.print(_table(outcome.results))
    if options.show:
        for result in outcome.results:
            console.rule(result.case.name)
            console.print(said(result.record) if result.record else "no record", markup=False)
    _summary(console, outcome, time.monotonic() - began)
    if options.json:
        options.json.write_text(json.dumps([_entry(result) for result in outcome.results], indent=1))
    return 0 if outcome.held else 1


def _table(results: Sequence[Result]) -> Table:
    table = Table(header_style="bold", pad_edge=False)
    for name, right in (("case", False), ("what it attempts", False), ("points", True), ("s", True), ("held", False)):
        table.add_column(name, justify="right" if right else "left", ratio=1 if "attempts" in name else None)
    for result in results:
        score = f"{result.record.score:g} / {result.record.points:g}" if result.record else ""
        held = "; ".join(result.wrong) or "yes"
        table.add_row(
            result.case.name, Text(result.case.title), score, f"{result.seconds:.1f}",
            Text(held, style="bold red" if result.wrong else ""),
        )  # fmt: skip
    return table


def _summary(console: Console, outcome: Outcome, seconds: float) -> None:
    attacks = [result for result in outcome.results if not _is_oddity(result.case)]
    oddities = [result for result in outcome.results if _is_oddity(result.case)]
    for what in outcome.wrong:
        console.print(f"WRONG: {what}", style="bold red", markup=False)
    for what, some in (("attacks", attacks), ("honest oddities", oddities)):
        console.print(f"{len(some)} {what}, {sum(not result.wrong for result in some)} as they must be")
    console.print(
        f"graded in {outcome.together:.1f} s (the victims alone: {outcome.alone:.1f} s); all together {seconds:.1f} s"
    )
    if outcome.held:
        console.print("Nothing was earned, reached, changed or left behind.", style="bold green")


def _is_oddity(case: Case) -> bool:
    return case.directory.is_relative_to(ODDITIES)


def _entry(result: Result) -> dict[str, object]:
    record = result.record
    return {
        "case": result.case.name,
        "title": result.case.title,
        "score": record.score if record else None,
        "points": record.points if record else None,
        "seconds": result.seconds,
        "wrong": list(result.wrong),
        "flags": list(record.flags) if record else [],
    }


if __name__ == "__main__":
    sys.exit(main())
