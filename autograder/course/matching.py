"""Which cell of a submitted notebook stands for which cell of the released one.

By nbgrader id where it is there. Editors lose it (copying cells into a new notebook, tools that drop unknown
metadata), so cells are also recognized by Jupyter's cell id, by unchanged text, by the functions they define
and, for written answers, by their place: losing an answer to an editor would be unfair, and none of these can
take a cell that belongs to another exercise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from nbformat import NotebookNode

_DEFINED = re.compile(r"^(?:async +def|def|class) +(\w+)|^(\w+) *(?::[^=\n]*)?=(?!=)", re.MULTILINE)


@dataclass
class Matching:
    """Which submitted cell (by position) takes the place of which release cell (by position)."""

    release: list[NotebookNode]
    submitted: list[NotebookNode]
    owner: dict[int, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def missing(self) -> list[int]:
        """Labelled release cells without a submitted one, in order."""
        return [slot for slot, cell in enumerate(self.release) if label_of(cell) and slot not in self.owner]

    def free(self) -> list[int]:
        """Submitted cells that stand for no release cell and carry no nbgrader id of the release."""
        taken, labels = set(self.owner.values()), {label_of(cell) for cell in self.release} - {None}
        return [n for n, cell in enumerate(self.submitted) if n not in taken and label_of(cell) not in labels]


def match_cells(release: list[NotebookNode], submitted: list[NotebookNode]) -> Matching:
    """Match by nbgrader id, cell id, text, definitions and place, in this order."""
    matching = Matching(release, submitted)
    _match_labels(matching)
    _match_cell_ids(matching)
    _match_sources(matching)
    _match_definitions(matching)
    _match_answers_by_place(matching)
    return matching


def label_of(cell: NotebookNode) -> str | None:
    """The cell's nbgrader ``grade_id``, None if it has none that could be one."""
    metadata = cell.metadata.get("nbgrader")
    label = metadata.get("grade_id") if isinstance(metadata, dict) else None
    return label if isinstance(label, str) and label else None


def is_solution(cell: NotebookNode) -> bool:
    """Whether the student is meant to edit this cell (also a manually graded answer)."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution", False))


def is_locked(cell: NotebookNode) -> bool:
    """Whether the released text of this cell is binding, by nbgrader's rules."""
    metadata = cell.metadata.get("nbgrader", {})
    return not is_solution(cell) and bool(metadata.get("grade", False) or metadata.get("locked", False))


def release_id(cell: NotebookNode) -> str:
    own = cell.get("id")
    return str(own) if own else re.sub(r"[^A-Za-z0-9_-]", "-", label_of(cell) or "cell")[:64]


def defined_names(cell: NotebookNode, *, variables: bool = False) -> frozenset[str]:
    """Functions, classes (with ``variables``, also assigned names) that a cell defines at its left margin.

    Found by pattern and not by parsing, so that a syntax error or a magic elsewhere in the cell does not
    matter.
    """
    if cell.cell_type != "code":
        return frozenset()
    return names_in(cell.source, variables)


@cache  # the same cells are looked through for each exercise that is missing
def names_in(source: str, variables: bool) -> frozenset[str]:
    return frozenset(match[1] or match[2] for match in _DEFINED.finditer(source) if match[1] or variables)


def text_of(cell: NotebookNode) -> str:
    return "\n".join(line.rstrip() for line in str(cell.source).strip().splitlines())


def same_text(one: NotebookNode, other: NotebookNode) -> bool:
    return text_of(one) == text_of(other)


def quoted(value: Any) -> str:
    """A value from a submission for a message: on one line, without control characters, not too long."""
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"


def _match_labels(matching: Matching) -> None:
    """By nbgrader id. Of several cells the first with an answer counts; the others stay plain cells."""
    for slot, cell in enumerate(matching.release):
        label = label_of(cell)
        found = [n for n, other in enumerate(matching.submitted) if label and label_of(other) == label]
        if not found:
            continue
        changed = [n for n in found if is_solution(cell) and not same_text(cell, matching.submitted[n])]
        matching.owner[slot] = (changed or found)[0]
        if len(found) > 1:
            counts = "the first one with an answer" if changed else "the first one"
            matching.notes.append(
                f"the cell {quoted(label)} is there {len(found)} times: {counts} counts, "
                "the others are the student's own cells"
            )


def _match_cell_ids(matching: Matching) -> None:
    """By Jupyter's cell id: some editors drop nbgrader's metadata and keep it."""
    free = {matching.submitted[n].id: n for n in reversed(matching.free()) if not label_of(matching.submitted[n])}
    for slot in matching.missing():
        number = free.get(release_id(matching.release[slot]))
        if number is not None:
            _recover(matching, slot, number, "its cell id")


def _match_sources(matching: Matching) -> None:
    """By unchanged text: locked cells without metadata, and the release's cells that never had a label."""
    texts: dict[tuple[str, str], int] = {}
    for number in reversed(matching.free()):
        cell = matching.submitted[number]
        texts[cell.cell_type, text_of(cell)] = number
    for slot, cell in enumerate(matching.release):
        if slot in matching.owner or (label_of(cell) and not is_locked(cell)) or not text_of(cell):
            continue
        number = texts.pop((cell.cell_type, text_of(cell)), -1)
        if number >= 0:
            matching.owner[slot] = number


def _match_definitions(matching: Matching) -> None:
    """By what it defines: the code cell that defines every function and class of a missing stub."""
    for slot in matching.missing():
        names = defined_names(matching.release[slot])
        if not names:
            continue
        found = [n for n in matching.free() if names <= defined_names(matching.submitted[n], variables=True)]
        if found:
            # The last definition is the one that is in force when the notebook has run.
            _recover(matching, slot, found[-1], "what it defines")


def _match_answers_by_place(matching: Matching) -> None:
    """A manually graded answer: the first plain cell of its type between the neighbors of its place."""
    for slot in matching.missing():
        cell = matching.release[slot]
        if not (is_solution(cell) and cell.metadata.nbgrader.get("grade", False)):
            continue
        before = [number for other, number in matching.owner.items() if other < slot]
        after = [number for other, number in matching.owner.items() if other > slot]
        low, high = max(before, default=-1), min(after, default=len(matching.submitted))
        found = [
            n
            for n in matching.free()
            if low < n < high and matching.submitted[n].cell_type == cell.cell_type and text_of(matching.submitted[n])
        ]
        if found:
            _recover(matching, slot, found[0], "its place")


def _recover(matching: Matching, slot: int, number: int, how: str) -> None:
    matching.owner[slot] = number
    label = quoted(label_of(matching.release[slot]))
    matching.notes.append(f"the cell {label} had lost its nbgrader metadata; it was recognized by {how}")
