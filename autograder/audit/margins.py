"""How near the nearest right and the nearest wrong answer come to each tolerance.

The measure is the share of what is allowed that an error takes: a right answer takes less than 1, a wrong one more. A
suite is safe where both are far from 1: by ``ROOM``, or for the reason that ``margins.toml`` beside the suite gives.
Statistics have no such room: their limit is a false-alarm rate, and right answers are draws within it.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from autograder.audit.jobs import Comparison, Earned
from autograder.errors import SuiteFault

RIGHT = ("reference", "equivalent")
ROOM = 10.0  # right answers take at most a tenth of a tolerance; each wrong one takes ten times one
ACCEPTED = "margins.toml"


@dataclass
class Margin:
    """One comparison of one check: the shares that right and wrong solutions took, by the solution's name."""

    exercise: str
    check: str
    label: str
    kind: str
    right: dict[str, float] = field(default_factory=dict)
    wrong: dict[str, float] = field(default_factory=dict)

    @property
    def nearest_right(self) -> tuple[str, float]:
        """The right solution that took most: its name and share."""
        return max(self.right.items(), key=lambda item: item[1], default=("", 0.0))

    @property
    def nearest_wrong(self) -> tuple[str, float]:
        """The wrong solution that was found out by least; "" and infinity where none failed here."""
        return min(self.wrong.items(), key=lambda item: item[1], default=("", float("inf")))


@dataclass(frozen=True)
class Accepted:
    """Solutions of an exercise that come nearer to a tolerance than they should, and why they may; patterns allowed."""

    exercise: str
    solution: str
    reason: str
    check: str = "*"


@dataclass(frozen=True)
class Tight:
    """A solution that comes too near to a tolerance: by which share, in which check, at what."""

    exercise: str
    solution: str
    share: float
    check: str
    label: str
    right: bool


def margins(earned: Iterable[Earned], exercise_of: Mapping[str, str]) -> list[Margin]:
    """The margins of all comparisons, in the order of the checks. ``exercise_of`` maps a check's id to its exercise."""
    found: list[Margin] = []
    shares: dict[Comparison, list[tuple[Earned, float]]] = defaultdict(list)
    for solution in earned:
        for key, share in solution.taken.items():
            shares[key].append((solution, share))
    for (check, label, kind), entries in shares.items():
        margin = Margin(exercise_of.get(check, ""), check, label, kind)
        for solution, share in entries:
            if solution.kind in RIGHT:
                margin.right[solution.name] = share
            elif solution.kind == "misconception" and solution.exercise == margin.exercise and share > 1:
                margin.wrong[solution.name] = share
        found.append(margin)
    return sorted(found, key=lambda margin: (margin.exercise, margin.check, margin.label))


def tight(found: Sequence[Margin], earned: Iterable[Earned]) -> Iterator[Tight]:
    """Right solutions with too little room at a comparison, and wrong ones that every comparison finds out by little.

    A wrong solution has room if one comparison of its exercise finds it out by much, or if it fails a check in another
    way: by an exception, a wrong kind, a property, a statistic.
    """
    for margin in found:
        if margin.kind == "value":
            for solution, share in margin.right.items():
                if share > 1 / ROOM:
                    yield Tight(margin.exercise, solution, share, margin.check, margin.label, right=True)
    for one in earned:
        if one.kind == "misconception" and one.failed and (near := _by_little(one, found)):
            yield near


def _by_little(wrong: Earned, found: Sequence[Margin]) -> Tight | None:
    """The comparison that finds a wrong solution out best, if that is by little, and nothing else does."""
    mine = [margin for margin in found if margin.exercise == wrong.exercise and wrong.name in margin.wrong]
    measured = {margin.check for margin in mine if margin.kind == "value"}
    failed = {text.partition(": ")[0] for text in wrong.failed}
    if not measured or failed - measured:
        return None
    best = max((margin for margin in mine if margin.kind == "value"), key=lambda margin: margin.wrong[wrong.name])
    share = best.wrong[wrong.name]
    if share >= ROOM:
        return None
    return Tight(wrong.exercise, wrong.name, share, best.check, best.label, right=False)


def accepts(entry: Accepted, one: Tight) -> bool:
    """Whether an entry of ``margins.toml`` is about this solution and check."""
    fits = fnmatchcase(one.solution, entry.solution) and fnmatchcase(one.check, entry.check)
    return entry.exercise == one.exercise and fits


def accepted(suite: Path) -> list[Accepted]:
    """The exceptions that a suite states. Raises SuiteFault for an entry without its reason."""
    path = suite / ACCEPTED
    if not path.exists():
        return []
    try:
        result = [Accepted(**entry) for entry in tomllib.loads(path.read_text()).get("accepted", [])]
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise SuiteFault(
            f"{path}: {error}; each [[accepted]] has exercise, solution, reason, and maybe check"
        ) from error
    for entry in result:
        if len(entry.reason) < 10:
            raise SuiteFault(f"{path}: {entry.solution!r} has no reason; say why it may come so near to a tolerance")
    return result
