"""``autograder audit``: prove suites with a progress bar; a table in the terminal, JSON, and a page."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from autograder.course.layout import Course
from autograder.errors import CourseFault

try:
    from autograder.audit.audit import Audit, Options, as_json, audit
    from autograder.audit.page import page
except ModuleNotFoundError as error:  # without the extra the other commands still work
    if error.name is None or not error.name.startswith("cosmic_ray"):
        raise
    raise CourseFault("autograder audit needs cosmic-ray: pip install 'autograder[audit]'") from error

__all__ = ["Options", "audit_all"]


def audit_all(
    start: Path,
    names: Sequence[str],
    options: Options,
    *,
    html: Path | None,
    json_output: bool,
) -> bool:
    """Audit the assignments (all, if none is named), report, and tell whether every suite is proved."""
    course = Course.find(start)
    chosen = [course.require(name) for name in names] or course.assignments()
    console = Console(stderr=json_output, highlight=False)
    if not console.is_terminal:
        console = Console(stderr=json_output, highlight=False, width=150)
    audits = []
    columns = (TextColumn("{task.description:>22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=not console.is_terminal) as progress:
        for name in chosen:
            task = progress.add_task(name, total=None)
            audits.append(
                audit(
                    course,
                    name,
                    options,
                    lambda total, task=task: progress.update(task, total=total),  # type: ignore[misc]
                    lambda count, task=task: progress.advance(task, count),  # type: ignore[misc]
                )
            )
    if html is not None:
        html.write_text(page(audits))
    if json_output:
        json.dump(as_json(audits), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        for one in audits:
            console.print(table(one))
            _print_findings(console, one)
        if html is not None:
            console.print(f"margins drawn: {html}")
    return all(one.proved for one in audits)


def table(one: Audit) -> Table:
    """One row an exercise: what was run on it, and how near the tolerances its nearest solutions come."""
    result = Table(title=one.assignment.name, title_justify="left", header_style="bold", pad_edge=False)
    result.add_column("exercise", no_wrap=True)
    for header in ("misconceptions", "equivalents", "mutants killed", "nearest right", "nearest wrong"):
        result.add_column(header, justify="right")
    result.add_column("proved")
    for exercise in one.assignment.exercises:
        counts = one.counts(exercise)
        right = max((m.nearest_right[1] for m in one.margins if m.exercise == exercise), default=0.0)
        wrong = min((m.nearest_wrong[1] for m in one.margins if m.exercise == exercise), default=math.inf)
        killed = f"{counts['killed']} of {counts['mutant']}" + (
            f", {counts['listed']} listed" if counts["listed"] else ""
        )
        wrongs = sum(finding.exercise == exercise for finding in one.findings)
        verdict = Text("yes", style="green") if not wrongs else Text(f"no: {wrongs} to mend", style="bold red")
        result.add_row(
            exercise,
            str(counts["misconception"]),
            str(counts["equivalent"]),
            killed,
            share_text(right),
            share_text(wrong),
            verdict,
        )
    return result


def share_text(share: float) -> str:
    """A share of a tolerance, for people: "0.3 %", "4 times"; a dash where nothing was measured."""
    if not math.isfinite(share):
        return "-"
    if share < 1:
        return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1g} %"
    return f"{share:.2g} times" if share < 100 else f"{share:.0e} times"


def _print_findings(console: Console, one: Audit) -> None:
    for finding in one.findings:
        where = finding.exercise or "suite"
        console.print(Text.assemble(("to mend  ", "bold red"), (where, "bold"), "  ", finding.text))
    ran = len(one.earned)
    if one.proved:
        console.print(f"{one.assignment.name}: proved by {ran} solutions, nothing to mend\n")
    else:
        console.print(f"{one.assignment.name}: {len(one.findings)} to mend, after {ran} solutions\n")
