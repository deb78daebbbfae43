"""The canonical form of a submitted notebook: the release's frame with the student's work in it.

nbgrader trusts a submission's metadata in places (a second cell with the same id stops a whole class, a
flipped flag fails the submission, deleted tests are full marks or none). So before anything is run or graded,
every labelled cell of the release is put back exactly once with the release's type, id, flags and points;
locked cells get their released text; what remains of the submission is plain cells of the student's own. The
same pure function serves the grading job and nbgrader's sanitizer: both see the same cells with the same ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from typing import Any

from nbformat import NotebookNode

from autograder.course.attachments import keep_images
from autograder.course.matching import (
    Matching,
    defined_names,
    is_locked,
    is_solution,
    label_of,
    match_cells,
    names_in,
    quoted,
    release_id,
    same_text,
)
from autograder.course.notebooks import to_node
from autograder.errors import CourseFault

SKIP_TAG = "skip-execution"  # nbclient's tag: the cell is not run
MAX_ALTERATIONS = 50

_FLAGS = ("grade", "solution", "locked", "task", "points")
_PUT_BACK = {"solution": "put back as released, without an answer", "other": "put back as released"}


@dataclass(frozen=True)
class Canonical:
    """A notebook in canonical form; ``alterations`` say in plain words what a teacher may want to know."""

    notebook: NotebookNode
    alterations: tuple[str, ...]


def canonicalize(release: NotebookNode, submitted: NotebookNode) -> Canonical:
    """Put ``submitted`` into the frame of ``release``, both as ``read_notebook`` returns them.

    Every cell of the release that has an nbgrader id is there exactly once, in the student's order; missing
    ones follow their predecessor. Cells of the student's own keep type, text and png/jpeg/gif attachments and
    lose all metadata; their ids are ``added-1``, ``added-2``, ... Outputs are empty. Neither argument is
    changed. Raises CourseFault if the release itself has two cells with one id.
    """
    matching = match_cells(_checked(release), list(submitted.cells))
    cells = _assemble(matching)
    names_in.cache_clear()  # it holds whole cells
    metadata = deepcopy(release.metadata)
    notebook = to_node({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})
    notes = list(dict.fromkeys(matching.notes))
    if len(notes) > MAX_ALTERATIONS:
        notes = [*notes[:MAX_ALTERATIONS], f"… and {len(notes) - MAX_ALTERATIONS} more"]
    return Canonical(notebook, tuple(notes))


def _checked(release: NotebookNode) -> list[NotebookNode]:
    labels = [label for cell in release.cells if (label := label_of(cell))]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise CourseFault(
            f"the released notebook has more than one cell with the id {', '.join(twice)}: mend the source"
        )
    return list(release.cells)


def _assemble(matching: Matching) -> list[NotebookNode]:
    slot_of = {number: slot for slot, number in matching.owner.items()}
    labels = {label_of(cell) for cell in matching.release}
    free_ids = _free_ids({release_id(cell) for cell in matching.release})
    cells: list[NotebookNode] = []
    place: dict[int, NotebookNode] = {}
    for number, cell in enumerate(matching.submitted):
        if number in slot_of:
            slot = slot_of[number]
            if _holds_work(matching.release[slot], cell):
                cells.append(_own_cell(cell, next(free_ids), labels, matching.notes))
            place[slot] = _restored(matching.release[slot], cell, matching.notes)
            cells.append(place[slot])
        elif not _is_copied_test(matching.release, cell):
            cells.append(_own_cell(cell, next(free_ids), labels, matching.notes))
    labelled = [slot for slot, cell in enumerate(matching.release) if label_of(cell)]
    _note_order(matching, labelled)
    for index, slot in enumerate(labelled):
        if slot not in place:
            before = next((place[other] for other in reversed(labelled[:index])), None)
            place[slot] = _insert_missing(cells, matching.release[slot], before, matching.notes)
    return cells


def _insert_missing(
    cells: list[NotebookNode], cell: NotebookNode, before: NotebookNode | None, notes: list[str]
) -> NotebookNode:
    """Put ``cell`` after its predecessor, but a stub never after the student's definitions of its names."""
    restored = _restored(cell, None, notes)
    at = next((n for n, other in enumerate(cells) if other is before), -1) + 1
    names = defined_names(cell) if is_solution(cell) else frozenset()
    # Without names there is nothing to look for, and looking through a large notebook takes seconds.
    defining = [n for n, other in enumerate(cells) if names and names & defined_names(other, variables=True)]
    cells.insert(min([at, *defining]), restored)
    kind = "solution" if is_solution(cell) else "other"
    notes.append(f"the cell {quoted(label_of(cell))} was missing; it was {_PUT_BACK[kind]}")
    return restored


def _restored(release: NotebookNode, submitted: NotebookNode | None, notes: list[str]) -> NotebookNode:
    """The release's cell with the submitted text, unless it is locked (or nothing was submitted)."""
    cell = deepcopy(release)
    cell.id = release_id(release)
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    if submitted is None:
        return cell
    label = quoted(label_of(release) or cell.id)
    _note_metadata(release, submitted, label, notes)
    if is_locked(release):
        if not same_text(release, submitted):
            kept = "; the edited one stays before it as the student's own" if _holds_work(release, submitted) else ""
            notes.append(f"the locked cell {label} was edited; its released text was used{kept}")
        return cell
    cell.source = submitted.source
    cell.pop("attachments", None)
    if cell.cell_type != "code" and (images := keep_images(submitted.get("attachments", {}), label, notes)):
        cell.attachments = images
    return cell


def _holds_work(release: NotebookNode, submitted: NotebookNode) -> bool:
    """Whether an edited locked cell may hold what the student's own cells rest on: an import, or an answer.

    Not every editor keeps locked cells from being edited. Kept before the released one, it can change nothing that
    a cell of the student's own could not, and the released text has the last word.
    """
    return is_locked(release) and not same_text(release, submitted) and bool(submitted.source.strip())


def _own_cell(submitted: NotebookNode, cell_id: str, labels: set[str | None], notes: list[str]) -> NotebookNode:
    """A cell of the student's own: type, text and images, no metadata."""
    label = label_of(submitted)
    if label and label not in labels:
        notes.append(f"a cell has the unknown nbgrader id {quoted(label)}; it is the student's own cell")
    if SKIP_TAG in _tags(submitted):
        notes.append(f"the tag {SKIP_TAG!r} was taken off a cell of the student's own")
    cell: dict[str, Any] = {
        "id": cell_id,
        "cell_type": submitted.cell_type,
        "metadata": {},
        "source": submitted.source,
    }
    if submitted.cell_type == "code":
        cell |= {"outputs": [], "execution_count": None}
    elif images := keep_images(submitted.get("attachments", {}), repr(cell_id), notes):
        cell["attachments"] = images
    return to_node(cell)


def _note_metadata(release: NotebookNode, submitted: NotebookNode, label: str, notes: list[str]) -> None:
    if release.cell_type != submitted.cell_type:
        notes.append(f"the cell {label} was turned into a {submitted.cell_type} cell; it was turned back")
    if SKIP_TAG in _tags(submitted) and SKIP_TAG not in _tags(release):
        notes.append(f"the tag {SKIP_TAG!r} was taken off the cell {label}")
    ours, theirs = release.metadata.get("nbgrader"), submitted.metadata.get("nbgrader")
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return
    changed = [
        f"{key} is {quoted(theirs[key])} instead of {quoted(ours.get(key))}"
        for key in _FLAGS
        if key in theirs and not _same_setting(theirs[key], ours.get(key))
    ]
    known = {*_FLAGS, "grade_id", "checksum", "cell_type", "schema_version"}
    changed += [f"unknown key {quoted(key)}" for key in sorted(set(theirs) - known - set(ours))]
    if changed:
        notes.append(f"the nbgrader settings of the cell {label} were changed ({', '.join(changed[:5])}); ours hold")


def _note_order(matching: Matching, labelled: list[int]) -> None:
    order = [matching.owner[slot] for slot in labelled if slot in matching.owner]
    if order != sorted(order):
        matching.notes.append("the cells are in another order than in the released notebook")


def _is_copied_test(release: Iterable[NotebookNode], cell: NotebookNode) -> bool:
    """Whether ``cell`` is an unchanged copy of a test cell: it holds no work and would read as a result."""
    label = label_of(cell)
    return label is not None and any(
        label_of(other) == label and other.metadata.nbgrader.get("grade", False) and is_locked(other)
        and same_text(other, cell)
        for other in release
    )  # fmt: skip


def _free_ids(taken: set[str]) -> Iterator[str]:
    return (name for number in count(1) if (name := f"added-{number}") not in taken)


def _tags(cell: NotebookNode) -> list[Any]:
    tags = cell.metadata.get("tags")
    return list(tags) if isinstance(tags, list) else []


def _same_setting(theirs: Any, ours: Any) -> bool:
    if ours is None:
        return theirs in (None, False)
    return bool(theirs == ours) and isinstance(theirs, bool) == isinstance(ours, bool)
