"""The audit as an HTML page: for every comparison, where right and wrong solutions lie against its tolerance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from autograder.audit.audit import Audit
from autograder.audit.margins import Margin

LOWEST, HIGHEST = -6.0, 8.0  # decades of the share that are drawn; what lies beyond is drawn at the edge
WIDTH = 700  # of the drawing, in its own units
SHOWN = 40  # comparisons of an exercise that are drawn: those with the least room


@dataclass(frozen=True)
class Dot:
    """One solution in the drawing of one comparison."""

    x: float
    right: bool
    title: str


@dataclass(frozen=True)
class Line:
    """One comparison: its check, what it compares, its dots, and its nearest solutions in words."""

    check: str
    label: str
    dots: tuple[Dot, ...]
    nearest_right: str
    nearest_wrong: str


def page(audits: Sequence[Audit]) -> str:
    """The page. All that it needs is in it; every text is escaped."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string((Path(__file__).parent / "page.html.jinja").read_text())
    decades = range(int(LOWEST), int(HIGHEST) + 1, 2)
    ticks = [(_x(10.0**decade), "the tolerance" if decade == 0 else f"10^{decade}") for decade in decades]
    return template.render(audits=audits, lines=lines, ticks=ticks, width=WIDTH, one=_x(1.0), shown=SHOWN)


def lines(audit: Audit, exercise: str) -> list[Line]:
    """The comparisons of an exercise with the least room between right and wrong, tightest first."""
    mine = [margin for margin in audit.margins if margin.exercise == exercise and (margin.right or margin.wrong)]
    return [_line(margin) for margin in sorted(mine, key=_room)[:SHOWN]]


def _room(margin: Margin) -> float:
    """Decades from the tolerance to the nearest solution on either side."""
    right, wrong = margin.nearest_right[1], margin.nearest_wrong[1]
    return min(-math.log10(right) if right > 0 else math.inf, math.log10(wrong) if wrong < math.inf else math.inf)


def _line(margin: Margin) -> Line:
    right = [Dot(_x(share), True, f"{name}: {share:.2g}") for name, share in sorted(margin.right.items())]
    wrong = [Dot(_x(share), False, f"{name}: {share:.2g}") for name, share in sorted(margin.wrong.items())]
    return Line(
        margin.check, margin.label, (*right, *wrong), _words(margin.nearest_right), _words(margin.nearest_wrong)
    )


def _words(nearest: tuple[str, float]) -> str:
    name, share = nearest
    return f"{name} ({share:.2g})" if name else "none"


def _x(share: float) -> float:
    decade = LOWEST if share <= 0 else max(LOWEST, min(HIGHEST, math.log10(share) if share < math.inf else HIGHEST))
    return round(10 + (WIDTH - 20) * (decade - LOWEST) / (HIGHEST - LOWEST), 1)
