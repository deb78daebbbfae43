"""The last step before a submitted notebook is stored for people to open: nothing of the student's in it can
run.

Code cells are escaped by nbgrader's pages. Markdown is rendered raw by them, and raw cells may carry ids that
shadow the inputs for scores; both are taken care of here, in cells of the student's own and in written
answers.
"""

from __future__ import annotations

from nbformat import NotebookNode

from autograder.course.markdown import as_code, clean_markdown
from autograder.course.matching import is_locked, label_of, same_text
from autograder.course.text import cut

MAX_CODE = 400_000  # characters of the student's code in one notebook: a page takes minutes to color more
MAX_LEFT = 200  # of each further cell
MAX_RENDERED = 200_000  # characters of Markdown in one notebook; what is beyond is shown as it was typed


def make_harmless(notebook: NotebookNode, release: NotebookNode) -> None:
    """Clean the student's Markdown and raw cells of a canonical notebook, in place.

    Text that is the release's own stays as it is, to the letter: nbgrader recognizes an unanswered question
    by it.
    """
    originals = {label_of(cell): cell for cell in release.cells if label_of(cell)}
    reserved = _page_ids(release)
    budget, room = MAX_RENDERED, MAX_CODE
    for cell in notebook.cells:
        original = originals.get(label_of(cell))
        if original and (is_locked(original) or same_text(original, cell)):
            continue
        if cell.cell_type == "code":
            cell.source = cut(cell.source, max(room, MAX_LEFT))
            room -= len(cell.source)
            continue
        if cell.cell_type == "raw":
            cell.cell_type, cell.source = "markdown", as_code(cell.source)
            continue
        budget -= len(cell.source)
        attachments = cell.get("attachments")
        if budget < 0:
            cell.source = as_code(cell.source)
        else:
            cell.source = clean_markdown(cell.source, attachments=attachments, is_taken=reserved.__contains__)


def _page_ids(release: NotebookNode) -> set[str]:
    """Ids by which the formgrader's page finds the inputs of a cell: a heading of the same id would take its
    place.
    """
    labels = [label for cell in release.cells if (label := label_of(cell))]
    return {f"{label}{ending}" for label in labels for ending in ("", "-comment", "_extra_credit")}
