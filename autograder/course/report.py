"""What a student reads about one exercise: the checks, what went wrong, the mistake's name, the score.

The HTML stands in the output of the exercise's test cell, in nbgrader's feedback and formgrader pages and in
JupyterLab, light or dark: it inherits the page's colors, and an outcome is a sign and a word on a ground of
its own. Parameter ids of the hidden tests may tell hidden values, so only dtypes and devices are shown of
them.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from autograder.course.text import plain_text
from autograder.record import Check, CheckOutcome, ExerciseResult, Record

MAX_MESSAGE = 2000

_SIGN: dict[CheckOutcome, str] = {"passed": "✓", "failed": "✗", "not judged": "?"}
_GROUND: dict[CheckOutcome, str] = {"passed": "#1a7f37", "failed": "#b42318", "not judged": "#57606a"}
_LABEL = re.compile(r"(?:torch\.|numpy\.)?(?:b?float\d+|u?int\d+|complex\d+|bool|cpu|cuda)")
_RULE = "1px solid rgba(128, 128, 128, 0.4)"
# MathJax runs over the whole page; without this class a dollar sign in a message would start a formula.
_OPEN = '<div class="tex2jax_ignore" style="font-size: 14px; line-height: 1.4;">'
_TD = f"padding: 4px 10px; border: none; border-top: {_RULE}; text-align: left; vertical-align: top;"


@dataclass(frozen=True)
class Row:
    """The checks of one test function: how many of its cases passed, and what the others say."""

    sentence: str
    outcome: CheckOutcome
    weight: float
    passed: int
    cases: int
    messages: tuple[str, ...]


def rows(checks: Iterable[Check]) -> list[Row]:
    """One row a test function, in the order of the suite."""
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.id.partition("[")[0], []).append(check)
    return [_row(group) for group in groups.values()]


def exercise_html(result: ExerciseResult) -> str:
    """The exercise's result as an HTML fragment; every text in it is escaped."""
    grouped = rows(result.checks)
    body = "".join(_row_html(row, _unequal(grouped)) for row in grouped)
    head = "".join(f'<th scope="col" style="{_TD} font-weight: bold;">{name}</th>' for name in ("Result", "Check"))
    table = f'<table style="border-collapse: collapse; margin: 6px 0; width: 100%;"><tr>{head}</tr>{body}</table>'
    return (
        f'{_OPEN}<p style="margin: 0 0 6px 0;">'
        f"<strong>{_escaped(result.name)}</strong>: {score_line(result)}</p>"
        f"{table if result.checks else ''}{_mistake_html(result.mistake)}</div>"
    )


def exercise_text(result: ExerciseResult, width: int = 100) -> str:
    """The same for a terminal, lines at most ``width`` characters long."""
    lines = [f"{plain_text(result.name, 200)}: {score_line(result)}"]
    grouped = rows(result.checks)
    for row in grouped:
        mark = f"  {_SIGN[row.outcome]} {row.outcome:<10} "
        lines += _wrapped(mark, _told(row, _unequal(grouped)), width)
        for message in row.messages:
            lines += _wrapped(" " * len(mark), message, width)
    if result.mistake:
        lines += _wrapped("  Likely mistake: ", plain_text(result.mistake, MAX_MESSAGE), width)
    return "\n".join(lines)


def reason_html(name: str, points: float, reason: str) -> str:
    """Zero points for an exercise that could not be looked at, and why."""
    return (
        f'{_OPEN}<p style="margin: 0 0 6px 0;">'
        f"<strong>{_escaped(name)}</strong>: 0 of {_number(points)} points</p>"
        f'<p style="margin: 0;">{_chip("failed")} {_escaped(reason)}</p></div>'
    )


def reason_text(name: str, points: float, reason: str) -> str:
    """The same as plain text."""
    return f"{plain_text(name, 200)}: 0 of {_number(points)} points. {plain_text(reason, MAX_MESSAGE)}"


def notes_html(record: Record) -> str:
    """What a reader should know about the whole submission, "" if there is nothing; one line without line
    breaks.
    """
    notes = [record.reason] if record.outcome != "graded" and record.reason else []
    notes += [*record.alterations, *record.flags]
    if not record.confined:
        notes.append("graded without confinement: the submission was trusted (--trust-submissions)")
    if not notes:
        return ""
    items = "".join(f"<li>{_escaped(note)}</li>" for note in notes).replace("\n", "<br>")
    return f"{_OPEN}<p><strong>Notes of the autograder</strong></p><ul>{items}</ul></div>"


def score_line(result: ExerciseResult) -> str:
    """For example "2.67 of 4 points (4 of 6 checks passed)"."""
    outcomes = Counter(check.outcome for check in result.checks)
    told = f"{outcomes['passed']} of {len(result.checks)} checks passed"
    if outcomes["not judged"]:
        told += f", {outcomes['not judged']} could not be judged"
    return f"{_number(result.score)} of {_number(result.points)} points ({told})"


def _row(group: Sequence[Check]) -> Row:
    outcomes = {check.outcome for check in group}
    worst: CheckOutcome = "passed" if outcomes == {"passed"} else "failed" if "failed" in outcomes else "not judged"
    sentences = list(dict.fromkeys(check.sentence for check in group))
    return Row(
        sentence=plain_text(sentences[0] or group[0].id.rpartition("::")[2].partition("[")[0], MAX_MESSAGE),
        outcome=worst,
        weight=sum(check.weight for check in group),
        passed=sum(check.outcome == "passed" for check in group),
        cases=len(group),
        messages=tuple(_messages(group)),
    )


def _messages(group: Sequence[Check]) -> Iterable[str]:
    """What the cases that did not pass say, each text once, with the dtypes and devices it was said for."""
    said: dict[str, list[str]] = {}
    for check in group:
        if check.outcome != "passed" and check.message:
            said.setdefault(plain_text(check.message.strip(), MAX_MESSAGE), []).append(_case(check.id))
    for message, cases in said.items():
        labels = ", ".join(dict.fromkeys(case for case in cases if case))
        yield f"{labels}: {message}" if labels else message


def _case(check_id: str) -> str:
    labels = check_id.partition("[")[2].rstrip("]").split("-")
    return " ".join(label for label in labels if _LABEL.fullmatch(label))


def _row_html(row: Row, weighted: bool) -> str:
    style = "margin-top: 2px; white-space: pre-wrap; overflow-wrap: anywhere;"
    messages = "".join(f'<div style="{style}">{_escaped(message)}</div>' for message in row.messages)
    told = _escaped(_told(row, weighted))
    chip = f'<td style="{_TD} white-space: nowrap;">{_chip(row.outcome)}</td>'
    return f'<tr>{chip}<td style="{_TD}">{told}{messages}</td></tr>'


def _told(row: Row, weighted: bool) -> str:
    remarks = [f"{row.passed} of {row.cases} cases passed"] if row.cases > 1 else []
    remarks += [f"weight {_number(row.weight)}"] if weighted else []
    return f"{row.sentence} ({', '.join(remarks)})" if remarks else row.sentence


def _unequal(grouped: Sequence[Row]) -> bool:
    """Whether weights are worth telling."""
    return len({row.weight / row.cases for row in grouped}) > 1


def _chip(outcome: CheckOutcome) -> str:
    style = f"background-color: {_GROUND[outcome]}; color: #ffffff; padding: 1px 8px; border-radius: 8px;"
    return f'<span style="{style} white-space: nowrap;">{_SIGN[outcome]} {outcome}</span>'


def _mistake_html(mistake: str | None) -> str:
    if not mistake:
        return ""
    style = f"margin: 6px 0 0 0; padding: 4px 10px; border-left: 4px solid {_GROUND['failed']};"
    return f'<p style="{style}"><strong>Likely mistake:</strong> {_escaped(mistake)}</p>'


def _escaped(text: str) -> str:
    return escape(plain_text(text, MAX_MESSAGE))


def _wrapped(mark: str, text: str, width: int) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        lines += textwrap.wrap(line, max(width - len(mark), 20)) or [""]
    return [mark + lines[0], *(" " * len(mark) + line for line in lines[1:])]


def _number(value: float) -> str:
    return f"{round(value, 2):g}"
