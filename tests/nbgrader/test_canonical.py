"""The canonical form: the release's frame around the student's work, whatever an editor or a student did to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from autograder.course.canonical import Canonical, canonicalize
from autograder.course.matching import label_of
from autograder.course.notebooks import read_notebook
from autograder.errors import CourseFault
from tests.nbgrader.course_builder import cell, edited, find, released, source_tree

ANSWER = "def double(x):\n    return x + x"
STUB = find(released(), "double").source
PNG = "iVBORw0KGgoAAAAA"
RELEASE = read_notebook(json.dumps(released()).encode(), what="release")
LABELS = [label_of(one) for one in RELEASE.cells]


def canonical(edit: Callable[[NotebookNode], object]) -> Canonical:
    made = canonicalize(RELEASE, read_notebook(edited(released(), edit), what="scaling.ipynb"))
    nbformat.validate(made.notebook)
    return made


def labels(made: Canonical) -> list[str]:
    """The cells in order: nbgrader ids, and the cell ids of the student's own."""
    return [label_of(one) or one.id for one in made.notebook.cells]


def solve(notebook: NotebookNode) -> None:
    find(notebook, "double").source = ANSWER


def place(notebook: NotebookNode, label: str) -> int:
    return notebook.cells.index(find(notebook, label))


def copy_of(one: NotebookNode, **changes: Any) -> NotebookNode:
    return nbformat.from_dict({**json.loads(json.dumps(one)), **changes})


def test_honest_work_is_kept_without_a_remark():
    def edit(notebook: NotebookNode) -> None:
        solve(notebook)
        find(notebook, "explain_scaling").source = "Because."
        find(notebook, "check_double").outputs = [{"output_type": "stream", "name": "stdout", "text": "4"}]
        find(notebook, "check_double").execution_count = 3
        find(notebook, "setup").metadata |= {"collapsed": True, "editable": False}
        notebook.cells.insert(3, new_code_cell("y = double(3)\ny"))
        notebook.metadata.language_info = {"name": "python", "version": "3.12"}

    made = canonical(edit)

    assert made.alterations == ()
    assert labels(made) == [*LABELS[:3], "added-1", *LABELS[3:]]
    assert find(made.notebook, "double").source == ANSWER
    assert find(made.notebook, "explain_scaling").source == "Because."
    assert made.notebook.cells[3].source == "y = double(3)\ny"
    assert all(not one.get("outputs") and one.get("execution_count") is None for one in made.notebook.cells)
    assert made.notebook.metadata == RELEASE.metadata


def test_the_release_itself_is_its_own_canonical_form():
    made = canonicalize(RELEASE, RELEASE)

    assert (made.notebook, made.alterations) == (RELEASE, ())


def test_neither_argument_is_changed():
    release = read_notebook(json.dumps(released()).encode(), what="release")
    submitted = read_notebook(edited(released(), duplicated), what="x")
    before = json.dumps([release, submitted])

    canonicalize(release, submitted)

    assert json.dumps([release, submitted]) == before


def test_a_locked_cell_has_its_released_text_and_the_edited_one_runs_before_it():
    made = canonical(lambda n: find(n, "setup").update(source="import math\nimport os"))

    assert find(made.notebook, "setup").source == "import math"
    assert labels(made)[:3] == ["intro", "added-1", "setup"]
    assert made.notebook.cells[1].source == "import math\nimport os"
    assert made.alterations == (
        "the locked cell 'setup' was edited; its released text was used; "
        "the edited one stays before it as the student's own",
    )


def test_an_edited_cell_that_is_not_run_in_the_release_is_kept_too():
    """Students put an import, or a function of their own, anywhere."""
    made = canonical(lambda n: find(n, "plot_double").update(source="import math"))

    cell = next(cell for cell in made.notebook.cells if cell.source == "import math")
    assert "tags" not in cell.metadata, "it runs"
    assert find(made.notebook, "plot_double").metadata.tags == ["skip-execution"]


def test_an_edited_cell_that_is_empty_is_not_kept():
    made = canonical(lambda n: find(n, "setup").update(source=" "))

    assert labels(made) == LABELS
    assert made.alterations == ("the locked cell 'setup' was edited; its released text was used",)


def test_white_space_in_a_locked_cell_is_no_alteration():
    assert canonical(lambda n: find(n, "setup").update(source="import math  \r\n\n")).alterations == ()


@pytest.mark.parametrize("label", LABELS)
def test_a_deleted_cell_comes_back_in_its_place(label: str):
    made = canonical(lambda n: n.cells.remove(find(n, label)))

    assert labels(made) == LABELS
    assert find(made.notebook, label).source == find(RELEASE, label).source
    assert f"the cell '{label}' was missing" in made.alterations[0]


def test_an_empty_notebook_becomes_the_release():
    made = canonical(lambda n: n.cells.clear())

    assert made.notebook == RELEASE
    assert len(made.alterations) == len(LABELS)


def duplicated(notebook: NotebookNode) -> None:
    solve(notebook)
    notebook.cells.append(copy_of(find(notebook, "double"), source="def double(x):\n    return 3 * x"))


def test_of_a_duplicated_solution_the_first_counts_and_all_run():
    made = canonical(duplicated)

    assert labels(made) == [*LABELS, "added-1"]
    assert find(made.notebook, "double").source == ANSWER
    assert made.notebook.cells[-1].source == "def double(x):\n    return 3 * x"
    assert made.notebook.cells[-1].metadata == {}
    assert "is there 2 times" in made.alterations[0]


@pytest.mark.parametrize("label", ["double", "explain_scaling"])
def test_of_a_duplicated_answer_the_first_that_is_an_answer_counts(label: str):
    def edit(notebook: NotebookNode) -> None:
        one = find(notebook, label)
        notebook.cells.insert(place(notebook, label) + 1, copy_of(one, source="answer = 42"))

    made = canonical(edit)

    assert find(made.notebook, label).source == "answer = 42"
    assert labels(made).count("added-1") == 1


def test_a_copied_test_cell_is_dropped_and_an_edited_copy_is_the_students_own():
    def edit(notebook: NotebookNode) -> None:
        one = find(notebook, "test_double")
        notebook.cells += [copy_of(one), copy_of(one, source="print('mine')")]

    made = canonical(edit)

    assert labels(made) == [*LABELS, "added-1"]
    assert made.notebook.cells[-1].source == "print('mine')"


def test_an_unknown_id_is_the_students_own_cell():
    def edit(notebook: NotebookNode) -> None:
        notebook.cells.append(nbformat.from_dict(cell("code", "x = 1", "test_other", grade=True, points=100)))

    made = canonical(edit)

    assert labels(made) == [*LABELS, "added-1"]
    assert made.alterations == ("a cell has the unknown nbgrader id 'test_other'; it is the student's own cell",)


@pytest.mark.parametrize(
    ("label", "change", "told"),
    [
        ("test_double", {"points": 100}, "points is 100 instead of 4.0"),
        ("test_double", {"points": True}, "points is True instead of 4.0"),
        (
            "test_double",
            {"grade": False, "solution": True},
            "grade is False instead of True, solution is True",
        ),
        ("setup", {"locked": False}, "locked is False instead of True"),
        (
            "double",
            {"grade": True, "points": 5},
            "grade is True instead of False, points is 5 instead of None",
        ),
        ("double", {"score": 4, "\x1b": 1}, r"unknown key '\x1b', unknown key 'score'"),
        ("double", {"locked": ["x"] * 100}, "locked is ['x', 'x'"),
    ],
)
def test_changed_settings_are_put_back_and_told(label: str, change: dict[str, Any], told: str):
    made = canonical(lambda n: find(n, label).metadata.nbgrader.update(change))

    assert find(made.notebook, label).metadata == find(RELEASE, label).metadata
    assert told in made.alterations[0]
    assert all(text.isprintable() and len(text) < 500 for text in made.alterations)


def test_settings_that_say_the_same_are_not_told():
    def edit(notebook: NotebookNode) -> None:
        del find(notebook, "setup").metadata.nbgrader["task"]
        find(notebook, "test_double").metadata.nbgrader |= {"points": 4, "checksum": "x", "schema_version": 2}

    assert canonical(edit).alterations == ()


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_solution_turned_into_text_is_turned_back(kind: str):
    def edit(notebook: NotebookNode) -> None:
        solve(notebook)
        one = find(notebook, "double")
        one.cell_type = kind
        del one["outputs"], one["execution_count"]

    made = canonical(edit)

    assert (find(made.notebook, "double").cell_type, find(made.notebook, "double").source) == ("code", ANSWER)
    assert made.alterations == (f"the cell 'double' was turned into a {kind} cell; it was turned back",)


def test_an_answer_turned_into_code_is_turned_back():
    def edit(notebook: NotebookNode) -> None:
        one = find(notebook, "explain_scaling")
        one |= {"cell_type": "code", "outputs": [], "execution_count": None, "source": "Because."}

    one = find(canonical(edit).notebook, "explain_scaling")

    assert (one.cell_type, one.source, "outputs" in one) == ("markdown", "Because.", False)


def test_only_the_releases_tags_count():
    def edit(notebook: NotebookNode) -> None:
        find(notebook, "double").metadata.tags = ["skip-execution"]
        find(notebook, "plot_double").metadata.tags = []
        notebook.cells.append(new_code_cell("x", metadata={"tags": ["skip-execution"], "nbgrader": {"a": 1}}))

    made = canonical(edit)

    tagged = [one.id for one in made.notebook.cells if one.metadata.get("tags")]
    assert tagged == ["plot_double"]
    assert made.alterations == (
        "the tag 'skip-execution' was taken off the cell 'double'",
        "the tag 'skip-execution' was taken off a cell of the student's own",
    )


def test_cells_in_another_order_stay_so_and_it_is_told():
    made = canonical(lambda n: n.cells.reverse())

    assert labels(made) == LABELS[::-1]
    assert made.alterations == ("the cells are in another order than in the released notebook",)


def test_attachments_are_images_or_left_out():
    def edit(notebook: NotebookNode) -> None:
        find(notebook, "explain_scaling").attachments = {
            "a.png": {"image/png": PNG, "text/html": "<script>"},
            "b.svg": {"image/svg+xml": "<svg/>"},
            "c.png": {"image/png": "not base64!"},
            "d.png": {"image/jpeg": PNG},
            "e": {},
        }
        notebook.cells.append(new_markdown_cell("x", attachments={"f.png": {"image/png": PNG}}))

    made = canonical(edit)

    assert find(made.notebook, "explain_scaling").attachments == {"a.png": {"image/png": PNG}}
    assert made.notebook.cells[-1].attachments == {"f.png": {"image/png": PNG}}
    assert len(made.alterations) == 1


def strip(notebook: NotebookNode) -> None:
    for one in notebook.cells:
        one.metadata = {}


def renew_ids(notebook: NotebookNode) -> None:
    for number, one in enumerate(notebook.cells):
        one.id = f"n{number}"


def test_an_editor_that_drops_metadata_but_keeps_ids_costs_nothing():
    def edit(notebook: NotebookNode) -> None:
        solve(notebook)
        strip(notebook)
        notebook.cells[-1].source = "My answer."

    made = canonical(edit)

    assert labels(made) == LABELS
    assert find(made.notebook, "double").source == ANSWER
    assert find(made.notebook, "explain_scaling").source == "My answer."
    assert "recognized by its cell id" in made.alterations[0]


def test_cells_copied_into_a_new_notebook_are_recognized():
    def edit(notebook: NotebookNode) -> None:
        solve(notebook)
        strip(notebook)
        renew_ids(notebook)
        notebook.cells[-1].source = "My answer."
        notebook.cells.insert(2, new_code_cell("def halve(x):\n    return x / 2"))

    made = canonical(edit)

    assert labels(made) == [*LABELS[:2], "added-1", *LABELS[2:]]
    assert find(made.notebook, "double").source == ANSWER
    assert find(made.notebook, "explain_scaling").source == "My answer."
    assert made.alterations == (
        "the cell 'double' had lost its nbgrader metadata; it was recognized by what it defines",
        "the cell 'explain_scaling' had lost its nbgrader metadata; it was recognized by its place",
    )


@pytest.mark.parametrize(
    "source",
    [
        ANSWER,
        "@cache\ndef double(x):\n    return x + x",
        "double = lambda x: 2 * x",
        "%matplotlib inline\ndef double(x): return 2 *",
        "import torch\nclass double: ...",
    ],
)
def test_a_lost_solution_is_found_by_what_it_defines(source: str):
    def edit(notebook: NotebookNode) -> None:
        notebook.cells[place(notebook, "double")] = new_code_cell(source)

    made = canonical(edit)

    assert labels(made) == LABELS
    assert find(made.notebook, "double").source == source


def test_of_several_lost_definitions_the_last_is_the_answer():
    def edit(notebook: NotebookNode) -> None:
        at = place(notebook, "double")
        notebook.cells[at : at + 1] = [new_code_cell("def double(x): return x"), new_code_cell(ANSWER)]

    made = canonical(edit)

    assert labels(made) == [*LABELS[:2], "added-1", *LABELS[2:]]
    assert find(made.notebook, "double").source == ANSWER


TWO = nbformat.from_dict(source_tree())
find(
    TWO, "double"
).source = "def double(x):\n    raise NotImplementedError()\n\ndef halve(x):\n    raise NotImplementedError()"


def test_a_stub_that_comes_back_does_not_hide_what_the_student_defined_elsewhere():
    halves = [new_code_cell("def double(x): return 2 * x"), new_code_cell("def halve(x): return x / 2")]

    def edit(notebook: NotebookNode) -> None:
        notebook.cells.remove(find(notebook, "double"))
        notebook.cells[1:1] = halves

    release = read_notebook(json.dumps(TWO).encode(), what="release")
    made = canonicalize(release, read_notebook(edited(TWO, edit), what="x"))

    order = labels(made)
    assert order.index("double") < order.index("added-1")
    assert "put back as released, without an answer" in made.alterations[0]


def test_a_solution_cell_that_is_there_is_never_replaced_by_another_cell():
    made = canonical(lambda n: n.cells.insert(2, new_code_cell(ANSWER)))

    assert find(made.notebook, "double").source == STUB
    assert labels(made)[2] == "added-1"


def test_a_note_elsewhere_is_not_taken_for_the_lost_answer():
    def edit(notebook: NotebookNode) -> None:
        notebook.cells.remove(find(notebook, "explain_scaling"))
        notebook.cells.insert(1, new_markdown_cell("To do: coffee."))
        notebook.cells.append(new_code_cell("1"))
        notebook.cells.append(new_raw_cell("raw"))

    made = canonical(edit)

    assert find(made.notebook, "explain_scaling").source == "YOUR ANSWER HERE"


def test_unlabelled_cells_of_the_release_keep_their_tags_while_unchanged_and_are_the_students_to_delete():
    free = {"id": "demo", "cell_type": "code", "metadata": {"tags": ["skip-execution"]}, "source": "demo()"}
    tree = source_tree()
    tree["cells"].insert(2, {**free, "outputs": [], "execution_count": None})
    release = read_notebook(json.dumps(tree).encode(), what="release")

    kept = canonicalize(release, release).notebook
    edited_cell = read_notebook(edited(release, lambda n: n.cells[2].update(source="mine()")), what="x")
    deleted = read_notebook(edited(release, lambda n: n.cells.pop(2)), what="x")

    assert kept == release
    changed = canonicalize(release, edited_cell).notebook.cells[2]
    assert (changed.source, changed.metadata) == ("mine()", {})
    assert len(canonicalize(release, deleted).notebook.cells) == len(LABELS)


def test_a_student_cannot_take_the_id_of_another_cell():
    def edit(notebook: NotebookNode) -> None:
        notebook.cells.insert(0, new_code_cell("x", id="added-1"))
        notebook.cells[1].id = "test_double"

    ids = [one.id for one in canonical(edit).notebook.cells]

    assert ids == ["added-1", *LABELS]


def test_a_release_with_an_id_twice_is_our_fault():
    twice = read_notebook(edited(released(), duplicated), what="release")

    with pytest.raises(CourseFault, match="more than one cell with the id double"):
        canonicalize(twice, RELEASE)


def test_countless_alterations_are_counted():
    def edit(notebook: NotebookNode) -> None:
        notebook.cells += [
            nbformat.from_dict(cell("code", "1", f"x{number}") | {"id": f"x{number}"}) for number in range(80)
        ]

    alterations = canonical(edit).alterations

    assert (len(alterations), alterations[-1]) == (51, "… and 30 more")


SETTING = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
NBGRADER = (
    st.dictionaries(st.sampled_from(["grade", "solution", "locked", "task", "points", "schema_version", "x"]), SETTING)
    | SETTING
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_shuffling_of_cells_and_metadata_gives_a_valid_frame(data: st.DataObject):
    def edit(notebook: NotebookNode) -> None:
        cells = [copy_of(one) for one in data.draw(st.lists(st.sampled_from(notebook.cells), max_size=10))]
        for one in cells:
            if data.draw(st.booleans()):
                one.metadata["nbgrader"] = data.draw(NBGRADER)
            if data.draw(st.booleans()) and isinstance(one.metadata.get("nbgrader"), dict):
                one.metadata["nbgrader"]["grade_id"] = data.draw(st.sampled_from([*LABELS, "", "new", 3, None]))
            one.source = data.draw(st.sampled_from([one.source, ANSWER, "x = 1", ""]))
        notebook.cells = cells

    made = canonical(edit)

    found = [label for one in made.notebook.cells if (label := label_of(one))]
    assert sorted(found) == sorted(LABELS)
    assert len({one.id for one in made.notebook.cells}) == len(made.notebook.cells)
    for one in made.notebook.cells:
        if label_of(one):
            assert one.metadata == find(RELEASE, label_of(one)).metadata
            assert one.cell_type == find(RELEASE, label_of(one)).cell_type
        else:
            assert one.metadata == {}
    for label in ("intro", "setup", "check_double", "plot_double", "test_double"):
        assert find(made.notebook, label).source == find(RELEASE, label).source
    # The same once more changes nothing: what was autograded is canonical.
    assert canonicalize(RELEASE, made.notebook).notebook.cells == made.notebook.cells
