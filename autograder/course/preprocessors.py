"""What nbgrader runs in place of its own steps; named in ``nbgrader_config.py``.

    SubmissionExporter  reads a submitted notebook; one that cannot be read becomes an empty one
    Canonicalize        first of Autograde.sanitize_preprocessors: the release's frame, harmless text, no stray files
    OverwriteCells      nbgrader's own, faster
    Judge               in Execute's place in Autograde.autograde_preprocessors: outputs and scores from the record
    ClearHiddenTests    after GetGrades in GenerateFeedback.preprocessors

nbgrader's scoring reads outputs and is generous in odd cases (no output is full marks, nan is full marks, any
stderr is zero), so a graded cell gets exactly a report and one number that has been checked. Nothing here
runs student code.
"""

from __future__ import annotations

import mimetypes
import os
import stat
from collections.abc import Set
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbgrader.converters.base
import nbgrader.preprocessors
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import CheckCellMetadata, NbGraderPreprocessor
from nbgrader.utils import find_all_files
from traitlets import Bool, List, Unicode

from autograder.course.canonical import canonicalize
from autograder.course.display import make_harmless
from autograder.course.layout import Course
from autograder.course.matching import is_locked, is_solution, label_of
from autograder.course.notebooks import read_notebook, to_node
from autograder.course.results import write_results
from autograder.course.submission import MAX_FILE_BYTES, load_submission, read_notebook_file, release_files
from autograder.errors import AutograderError, CourseFault, JudgeFault, UnreadableNotebook
from autograder.record import Record


def _copied_files(path: str, exclude: list[str] | None = None) -> list[str]:
    """What nbgrader may copy: its copy would follow a link to /dev/zero, stop at a pipe, and fill the disk."""
    return [name for name in find_all_files(path, exclude) if _is_small_file(name)]


def _submitted_at(course: CourseDirectory, directory: str) -> Any:
    """The time in ``timestamp.txt``; None where there is none to be read: nbgrader waits for a pipe's writer."""
    try:
        if _is_small_file(os.path.join(directory, "timestamp.txt")):
            return _existing_timestamp(course, directory)
    except (ValueError, SystemExit):  # no time: nbgrader ends the command over it
        pass
    return None


def _is_small_file(path: str) -> bool:
    found = os.lstat(path) if os.path.lexists(path) else None
    return found is not None and stat.S_ISREG(found.st_mode) and found.st_size <= MAX_FILE_BYTES


# Looked up by nbgrader's commands when they run: this module is loaded before, with their settings.
nbgrader.converters.base.find_all_files = _copied_files
_existing_timestamp = CourseDirectory.get_existing_timestamp
CourseDirectory.get_existing_timestamp = _submitted_at

Resources = dict[str, Any]
Processed = tuple[NotebookNode, Resources]

# Of these nbgrader's release_feedback makes the name under which a student's page is found.
_NBGRADER_FILES = {"timestamp.txt", "submission_secret.txt"}
_ACTIVE_TYPES = ("text/html", "text/xml", "text/javascript", "application/javascript", "application/xml")


class SubmissionExporter(NotebookExporter):
    """Reads notebooks as the grading job does, for ``Autograde.exporter_class``.

    nbformat's own reader would stop at a broken file with a traceback and no grade, would wait for ever at a named
    pipe, and follows links. A submission that cannot be read is an empty notebook here; the record says why.
    """

    # One validation after the last step, not one after each: half of nbconvert's time for a notebook of this size.
    optimistic_validation = Bool(True).tag(config=True)

    def from_filename(self, filename: str, resources: Resources | None = None, **kw: Any) -> tuple[Any, Resources]:
        """The notebook at ``filename`` after all preprocessors, as JSON text, and the resources."""
        path = Path(filename)
        resources = resources if resources is not None else {}
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        try:
            notebook = read_notebook(read_notebook_file(path), what=filename)
        except UnreadableNotebook as error:
            self.log.warning("%s", error)
            notebook = _empty()
        # nbconvert leaves this method without annotations.
        exported: tuple[str, Resources] = self.from_notebook_node(_Unshared(notebook), resources, **kw)  # type: ignore[no-untyped-call]
        return exported


class _Step(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader is not annotated
    """What our preprocessors share: the course, and whose notebook this is."""

    def _course(self) -> Course:
        """The course of the running nbgrader command, with the settings of its command line."""
        converter = getattr(self.parent, "parent", None)
        coursedir = getattr(converter, "coursedir", None)
        return Course.of(coursedir) if coursedir is not None else Course.find(Path.cwd())

    def _names(self, resources: Resources) -> tuple[str, str]:
        """(assignment, student). Raises CourseFault for a second notebook: there is no suite for it."""
        names = resources["nbgrader"]
        if names["notebook"] != names["assignment"]:
            raise CourseFault(
                f"the assignment {names['assignment']!r} has a notebook {names['notebook']!r}; "
                "expected one notebook, named like the assignment"
            )
        return str(names["assignment"]), str(names["student"])


class Canonicalize(_Step):
    """The submitted notebook in canonical form, its text made harmless, and no stray files beside it.

    Reads the submission itself, with the grading job's functions, so that both see the same cells.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Processed:
        """The canonical notebook in place of ``nb``. Raises CourseFault if release and gradebook do not agree."""
        course = self._course()
        assignment, student = self._names(resources)
        path = course.release_notebook(assignment)
        state = _state(path)
        release = _release(path, state)
        _check_gradebook(path, state, resources["nbgrader"]["db_url"])
        given = set(release_files(path.parent))
        try:
            taken = load_submission(course.submitted(student, assignment), assignment, release=path.parent)
            files = {name for name in taken.extra_files if not _is_active(name)}
            submitted = read_notebook(taken.notebook_bytes, what=f"{assignment}.ipynb")
        except UnreadableNotebook:
            files, submitted = set(), _empty()
        canonical = canonicalize(release, submitted)
        for alteration in canonical.alterations:
            self.log.warning("%s: %s", student, alteration)
        self._remove_stray_files(course.autograded(student, assignment), files | given | _NBGRADER_FILES)
        make_harmless(canonical.notebook, release)
        return canonical.notebook, resources

    def _remove_stray_files(self, directory: Path, kept: Set[str]) -> None:
        """Take out of ``autograded/`` what was not taken from the submission, and what a browser would run.

        nbgrader has already copied every file of the submission, following links (to the gradebook, say), and
        will copy them on to the student's feedback; the formgrader serves them from its own site.
        """
        for parent, _, names in os.walk(directory):
            for name in names:
                path = Path(parent) / name
                relative = path.relative_to(directory).as_posix()
                if relative not in kept and path.suffix != ".ipynb":
                    self.log.warning("%r is left out of %s", relative, directory)
                    path.unlink()


class OverwriteCells(nbgrader.preprocessors.OverwriteCells):  # type: ignore[misc]  # nbgrader is not annotated
    """nbgrader's own, with the notebook's cells read from the gradebook at once: it asks for each one by itself.

    No cell of the release is missing after Canonicalize, so none is added here.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Processed:
        """``nb`` with the settings, and the text of locked cells, that the gradebook holds."""
        names = resources["nbgrader"]
        self.notebook_id, self.assignment_id = names["notebook"], names["assignment"]
        with Gradebook(names["db_url"]) as gradebook:
            self.gradebook = _CellsAtHand(gradebook.find_notebook(self.notebook_id, self.assignment_id))
            processed: Processed = NbGraderPreprocessor.preprocess(self, nb, resources)
        return processed


class _CellsAtHand:
    """A gradebook's answers about the cells of one notebook."""

    def __init__(self, notebook: Any) -> None:
        self._source = {cell.name: cell for cell in notebook.source_cells}
        self._graded = {cell.name: cell for cell in notebook.grade_cells}

    def find_source_cell(self, name: str, notebook: str, assignment: str) -> Any:
        """See ``nbgrader.api.Gradebook``."""
        return self._found(self._source, name)

    def find_graded_cell(self, name: str, notebook: str, assignment: str) -> Any:
        """See ``nbgrader.api.Gradebook``."""
        return self._found(self._graded, name)

    @staticmethod
    def _found(cells: dict[str, Any], name: str) -> Any:
        if name not in cells:
            raise MissingEntry(f"No such cell: {name}")
        return cells[name]


class Judge(_Step):
    """Outputs and scores from the record of this submission, in place of running it.

    A submission that could not be judged fails here with the reason: nbgrader then goes on with the next one,
    and this one's grades stay as they were, marked for review.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Processed:
        """``nb`` with outputs and scores. Raises JudgeFault if there is no sound score for every exercise."""
        from autograder.grading import record_for  # brings what judging needs; nbgrader's other commands do not

        assignment, student = self._names(resources)
        try:
            record = record_for(self._course(), assignment, student)
            _check_record(record, assignment, student)
            return write_results(nb, record), resources
        except AutograderError as error:
            self.log.error("%s of %s was not judged: %s", assignment, student, error)
            _mark_for_review(resources)
            raise


class ClearHiddenTests(nbgrader.preprocessors.ClearHiddenTests):  # type: ignore[misc]  # nbgrader is not annotated
    """Removes hidden tests from feedback, in the instructor's cells only.

    In a student's cell nbgrader's own would stop at the words BEGIN HIDDEN TESTS, and there would be no
    feedback.
    """

    # nbconvert sets this for all preprocessors, and warns once a notebook of those that do not know it.
    display_data_priority = List(Unicode()).tag(config=True)

    def preprocess_cell(self, cell: NotebookNode, resources: Resources, cell_index: int) -> Processed:
        """``cell`` without the regions between the delimiters, if it is a test cell."""
        if not is_locked(cell):
            return cell, resources
        processed: Processed = super().preprocess_cell(cell, resources, cell_index)
        return processed


class _Unshared(NotebookNode):
    """A notebook that was read a moment ago and is nobody else's: nbconvert copies it three times to be safe."""

    def __deepcopy__(self, memo: dict[int, Any]) -> _Unshared:
        return self


def _state(path: Path) -> tuple[int, int]:
    """What changes when the released notebook does. Raises CourseFault where there is none."""
    if not path.is_file():
        raise CourseFault(f"{path} does not exist: run `autograder release {path.stem}` first")
    state = path.stat()
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=8)
def _release(path: Path, state: tuple[int, int]) -> NotebookNode:
    """The released notebook, read once for each ``state``; not to be changed."""
    try:
        return read_notebook(path.read_bytes(), what=str(path))
    except UnreadableNotebook as error:
        raise CourseFault(f"the released notebook cannot be read: {error}") from error


def _empty() -> NotebookNode:
    return to_node({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})


@lru_cache(maxsize=64)
def _check_gradebook(path: Path, state: tuple[int, int], db_url: str) -> None:
    """nbgrader takes locked cells and points from its database; a stale one fails with "Inconsistent checksums".

    The metadata of the release are checked here too: every submission gets them, whatever it had. Once for each state
    of the released notebook, as nbgrader's checks of a long notebook cost more than all its other steps.
    """
    release = _release(path, state)
    cells = {label: cell for cell in release.cells if (label := label_of(cell))}
    graded = {label: cell for label, cell in cells.items() if cell.metadata.nbgrader.get("grade", False)}
    CheckCellMetadata().preprocess(deepcopy(release), {})
    ours = {(label, cell.cell_type, float(cell.metadata.nbgrader.points)) for label, cell in graded.items()}
    stored = {label for label, cell in cells.items() if label in graded or is_solution(cell) or is_locked(cell)}
    with Gradebook(db_url) as gradebook:
        notebook = gradebook.find_notebook(path.stem, path.stem)
        theirs = {(cell.name, cell.cell_type, float(cell.max_score)) for cell in notebook.grade_cells}
        known = {cell.name for cell in notebook.source_cells}
    if ours != theirs or stored != known:
        different = sorted({item[0] for item in ours ^ theirs} | (stored ^ known))
        raise CourseFault(
            f"the gradebook holds another version of {path.stem} than the release "
            f"(cells: {', '.join(different[:5])}): run `autograder release {path.stem}` again"
        )


def _check_record(record: Record, assignment: str, student: str) -> None:
    if record.outcome == "not judged":
        raise JudgeFault(record.reason or "no reason was recorded")
    if (record.assignment, record.student) != (assignment, student):
        raise JudgeFault(f"the record is of {record.assignment} of {record.student}: delete it and grade again")


def _mark_for_review(resources: Resources) -> None:
    """In the gradebook, "needs manual grade" for a submission that stays ungraded; its scores are not
    touched.
    """
    names = resources["nbgrader"]
    with Gradebook(names["db_url"]) as gradebook:
        try:
            notebook = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
        except MissingEntry:
            return
        for grade in notebook.grades:
            grade.needs_manual_grade = True
        gradebook.db.commit()


def _is_active(name: str) -> bool:
    """Whether a browser would run what is in a file of this name."""
    kind = mimetypes.guess_type(name)[0] or ""
    return kind in _ACTIVE_TYPES or kind.endswith("+xml")
