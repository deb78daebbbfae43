"""Inputs to begin with, made from valid values by the code that writes them, and how each target's are changed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import torch

from autograder.wire import Callback, Remote, encode
from autograder.wire.frames import HEADER
from tests.fuzz import mutations, targets
from tests.nbgrader import course_builder

PNG = "iVBORw0KGgoAAAAA"
VALUES: list[Any] = [
    {"op": "call", "args": (1, -2.5, None, True, "text", b"bytes"), "kwargs": {"a": [1j, 2**70], (1, "b"): {}}},
    [np.arange(6.0).reshape(2, 3), np.float32(1.5), np.array([True, False]), np.array(3, dtype="i1"), np.zeros((0, 2))],
    (torch.ones(2, 2, requires_grad=True), torch.tensor([True]), torch.bfloat16, torch.device("cpu"), torch.tensor(1j)),
    [Remote(3, "Module"), Callback(0), [[[[]]]]],
    pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, 2.5]}, index=["r", "s"]),
    pd.DataFrame({("a", 1): [True], ("b", 2): [1j]}, index=pd.MultiIndex.from_tuples([(1, "x")], names=["m", None])),
    pd.Series([1.5, 2.5], name="s"),
    pd.Series(["a", None], index=[1.5, float("nan")], name=("s", 1)),
]
ANSWER = "def double(x):\n    return x + x"
MARKDOWN = [
    "# Title\nText with *emphasis*, `code`, $x < y$ and [a link](https://example.org).\n\n- one\n- two\n",
    "a <b>bold</b> <script>alert(1)</script> ![x](attachment:x.png) ![y](y.png)\n\n```python\nx < 1\n```\n",
    "|a|b|\n|-|-|\n|1|2|\n\n> quoted\n\n\\\\(x\\\\) \\begin{align}x\\end{align}\n\n[a]: javascript:b\n[a] <a@b.c>\n",
    f"![p](data:image/png;base64,{PNG})\n\nHead\n====\n\n1. <img src=x onerror=y>\n",
]
OUTPUTS: list[Any] = [
    {"output_type": "stream", "name": "stderr", "text": ["a\rb\n", "\x1b[31mred\x1b[0m\x1b[38;5;28m"]},
    {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[0;31mE\x1b[0m: v"]},
    {"output_type": "execute_result", "execution_count": 3, "metadata": {}, "data": {"text/plain": "42"}},
    {
        "output_type": "display_data",
        "metadata": {"a": 1},
        "data": {
            "text/html": "<table class='dataframe' style='color: red'><tr><td colspan=2>1</td></tr></table><script>x",
            "text/markdown": MARKDOWN[1],
            "text/latex": "$a < b$",
            "image/png": PNG,
            "image/jpeg": "/9j/",
        },
    },
]


def _notebooks() -> list[bytes]:
    released = course_builder.released()

    def edit(notebook: Any) -> None:
        course_builder.find(notebook, "double").source = ANSWER
        course_builder.find(notebook, "explain_scaling").source = MARKDOWN[1]
        notebook.cells.insert(1, {"cell_type": "raw", "metadata": {}, "source": ["a\n", "b"]})
        notebook.cells[0].metadata["tags"] = ["skip-execution"]
        notebook.cells.append(
            {
                "cell_type": "markdown",
                "metadata": {"nbgrader": {"grade_id": "new"}},
                "source": "![x](attachment:x.png)",
                "attachments": {"x.png": {"image/png": [PNG]}},
            }
        )

    def strip(notebook: Any) -> None:
        for cell in notebook.cells:
            cell.metadata.pop("nbgrader")
            if cell.id == "double":
                cell.source = ANSWER
            del cell["id"]

    return [course_builder.edited(released, change) for change in (lambda _: None, edit, strip)]


RECORDS = [targets.GOOD.to_json().encode(), course_builder.record("ada", outcome="unreadable").to_json().encode()]
SEEDS: dict[str, list[bytes]] = {
    "wire": [encode(value) for value in [*VALUES, *(part for value in VALUES[1:3] for part in value)]],
    "frames": [b"".join(HEADER.pack(size) + bytes(size) for size in sizes) for sizes in ([0, 1, 5], [4096], [4097, 1])],
    "notebook": _notebooks(),
    "outputs": [json.dumps(OUTPUTS).encode(), *(json.dumps([output]).encode() for output in OUTPUTS)],
    "markdown": [source.encode() for source in MARKDOWN],
    "record": RECORDS,
    "store": [*RECORDS, b'{"record_sha256": "0"}', b"null"],
}
MUTATIONS: dict[str, mutations.Mutation] = {
    "wire": mutations.wire_tree,
    "frames": mutations.frames,
    "notebook": mutations.json_tree,
    "outputs": mutations.json_tree,
    "markdown": mutations.markdown_pieces,
    "record": mutations.json_tree,
    "store": mutations.json_tree,
}
