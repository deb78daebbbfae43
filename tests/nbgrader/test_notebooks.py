"""Reading notebooks that nobody has checked."""

from __future__ import annotations

import json
import time
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course.notebooks import MAX_CELLS, read_notebook
from autograder.errors import UnreadableNotebook


def data(cells: object = (), **more: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **more}).encode()


def code(source: object = "x = 1", **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, **more}


def kernel(language: str) -> dict[str, Any]:
    return {"kernelspec": {"name": "k", "display_name": "K", "language": language}}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe{\x00", "is not UTF-8 text"),
        (b"{", "is not JSON"),
        (b"print('hello')", "is not JSON"),
        (b"9" * 5000, "is not JSON"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"[]", "is not a notebook (a JSON list)"),
        (b"null", "is not a notebook (a JSON null)"),
        (b'{"cells": []}', "without the key 'nbformat'"),
        (b'{"nbformat": 3, "worksheets": []}', "has notebook format 3.0"),
        (data(nbformat=5), "has notebook format 5.5"),
        (data(nbformat="4"), "has notebook format '4'"),
        (data(nbformat=True), "has notebook format True"),
        (data(cells={}), "no list of cells"),
        (data(metadata=[]), "no list of cells, or no metadata"),
        (data(["x"]), "cell 1 is of type None"),
        (data([{"cell_type": "heading", "source": ""}]), "cell 1 is of type 'heading'"),
        (data([{"cell_type": ["code"], "source": ""}]), "cell 1 is of type ['code']"),
        (data([code(), {"cell_type": "code"}]), "cell 2 has no text"),
        (data([code(3)]), "cell 1 has no text"),
        (data([code([1])]), "cell 1 has no text"),
        (data([{**code(), "metadata": []}]), "metadata of cell 1"),
        (data(metadata={"a": json.loads("[" * 60 + "]" * 60)}), "is nested too deeply"),
        (data([code()] * (MAX_CELLS + 1)), f"has {MAX_CELLS + 1} cells"),
        (data(metadata=kernel("R")), "is for the language 'R'"),
        (data(metadata={"language_info": {"name": "julia"}}), "is for the language 'julia'"),
    ],
)
def test_what_cannot_be_read_says_what_was_found_expected_and_to_do(content: bytes, found: str):
    with pytest.raises(UnreadableNotebook) as caught:
        read_notebook(content, what="dropout.ipynb")

    message = str(caught.value)
    assert message.startswith("dropout.ipynb ")
    assert found in message
    assert "; expected " in message
    assert len(message) < 400


def test_a_huge_file_is_refused_before_it_is_parsed():
    with pytest.raises(UnreadableNotebook, match=r"is 2\.0 MiB large; expected at most 1 MiB.*Clear its outputs"):
        read_notebook(b"x" * 2 * 2**20, what="x.ipynb", max_bytes=2**20)


@pytest.mark.parametrize("metadata", [{}, kernel("python"), kernel("Python3"), {"language_info": {"name": "ipython"}}])
def test_python_and_no_word_about_a_language_are_fine(metadata: dict[str, Any]):
    assert read_notebook(data([code()], metadata=metadata), what="x").cells[0].source == "x = 1"


def test_the_kernel_decides_over_what_it_was_last_run_with():
    metadata = {**kernel("python"), "language_info": {"name": "R"}}

    assert read_notebook(data(metadata=metadata), what="x").cells == []


def test_a_byte_order_mark_is_fine():
    assert read_notebook(b"\xef\xbb\xbf" + data([code()]), what="x").cells[0].source == "x = 1"


def test_saved_outputs_are_dropped_whatever_they_are():
    raw = data([code(outputs=[{"output_type": "nonsense"}, 7], execution_count="x")])

    cell = read_notebook(raw, what="x").cells[0]

    assert (cell.outputs, cell.execution_count) == ([], None)


def test_not_a_number_in_a_saved_output_does_not_matter():
    raw = b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "1", "outputs": [NaN]}]}'

    assert read_notebook(raw, what="x").cells[0].source == "1"


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity"])
def test_no_number_is_read_that_json_cannot_say(number: str):
    raw = data([code(metadata={"a": 7})]).replace(b"7", number.encode())

    notebook = read_notebook(raw, what="x")

    assert notebook.cells[0].metadata == {"a": None}
    assert "Infinity" not in nbformat.writes(notebook)


def test_older_minor_versions_and_unknown_keys_become_a_valid_notebook():
    raw = data([code(["a\n", "b"], collapsed=True, prompt_number=3)], nbformat_minor=0, signature="x")

    notebook = read_notebook(raw, what="x")

    nbformat.validate(notebook)
    assert (notebook.nbformat_minor, notebook.cells[0].source) == (5, "a\nb")


def test_every_cell_gets_a_valid_id_of_its_own():
    cells = [
        code(id="a"),
        code(id="a"),
        code(id="ä ö"),
        code(id=7),
        code(id="cell-2"),
        code(metadata={"id": "colab"}),
    ]

    ids = [cell.id for cell in read_notebook(data(cells), what="x").cells]

    assert ids == ["a", "cell-2-again", "cell-3", "cell-4", "cell-2", "colab"]


def test_lone_surrogates_are_replaced():
    raw = rb'{"nbformat": 4, "metadata": {"a\udc00": "\ud800"}, "cells": [{"cell_type": "code", "source": "\ud800"}]}'

    notebook = read_notebook(raw, what="x")

    assert nbformat.writes(notebook).encode("utf-8")
    assert notebook.cells[0].source == "\ufffd"


@pytest.mark.parametrize("metadata", [{"tags": "x"}, {"tags": ["a", "a"]}, {"collapsed": 3}, {"jupyter": 1}])
def test_metadata_that_an_editor_got_wrong_cost_nothing_but_themselves(metadata: dict[str, Any]):
    raw = data([code(metadata={"nbgrader": {"grade_id": "a"}, **metadata})], metadata={"kernelspec": 3})

    notebook = read_notebook(raw, what="x")

    assert notebook.cells[0].metadata == {"nbgrader": {"grade_id": "a"}}


@pytest.mark.parametrize("attachments", [3, {"a": 1}, {"a": {"image/png": [1]}}])
def test_attachments_that_are_none_are_dropped(attachments: object):
    cell = {"cell_type": "markdown", "source": "x", "metadata": {}, "attachments": attachments}

    assert "attachments" not in read_notebook(data([cell]), what="x").cells[0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
CELL = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | JSON,
        "source": st.text(max_size=5) | JSON,
        "metadata": st.just({}) | JSON,
        "id": st.text(max_size=5) | JSON,
        "attachments": JSON,
    },
)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=50) | st.lists(CELL | JSON, max_size=3).map(data))
def test_garbage_is_refused_or_becomes_a_valid_notebook(content: bytes):
    try:
        notebook = read_notebook(content, what="x")
    except UnreadableNotebook as error:
        assert len(str(error)) < 500  # noqa: PT017  # the other outcome is as good
    else:
        nbformat.validate(notebook)
        nbformat.writes(notebook).encode("utf-8")


def test_the_largest_notebook_is_read_in_a_moment():
    content = data([code("x" * 4000)] * MAX_CELLS)
    began = time.process_time()

    read_notebook(content, what="x")

    assert time.process_time() - began < 5
