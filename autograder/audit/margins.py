"""How near the nearest right and the nearest wrong answer come to each tolerance.

The measure is the share of what is allowed that an error takes: a right answer takes less than 1, a wrong one more. A
suite is safe where both are far from 1; orders of magnitude are what to look at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from autograder.audit.jobs import Earned

RIGHT = ("reference", "equivalent")


@dataclass
class Margin:
    """One comparison of one check: the shares that right and wrong solutions took, by the solution's name."""

    exercise: str
    check: str
    label: str
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


def margins(earned: Iterable[Earned], exercise_of: Mapping[str, str]) -> list[Margin]:
    """The margins of all comparisons, in the order of the checks. ``exercise_of`` maps a check's id to its exercise."""
    found: dict[tuple[str, str], Margin] = {}
    shares: dict[tuple[str, str], list[tuple[Earned, float]]] = defaultdict(list)
    for solution in earned:
        for key, share in solution.taken.items():
            shares[key].append((solution, share))
    for (check, label), entries in shares.items():
        margin = Margin(exercise_of.get(check, ""), check, label)
        for solution, share in entries:
            if solution.kind in RIGHT:
                margin.right[solution.name] = share
            elif solution.kind == "misconception" and solution.exercise == margin.exercise and share > 1:
                margin.wrong[solution.name] = share
        found[check, label] = margin
    return sorted(found.values(), key=lambda margin: (margin.exercise, margin.check, margin.label))
