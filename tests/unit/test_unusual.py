"""What is told of code that no exercise has a use for."""

from __future__ import annotations

import pytest

from autograder.suite.banned import MAX_CELL, MAX_CELLS, unsearched
from autograder.suite.unusual import MOST, unusual

SAID = "uses what an exercise has no need of: "


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import ctypes", "ctypes"),
        ("from os import fork as clone", "os.fork"),
        ("import torch as t\nt._C._jit_pass_inline", "torch._C"),
        ("import torch\n@torch.jit.script\ndef f(x):\n    return x", "torch.jit"),
        ("def f():\n    return eval('1')", "eval"),
        ("import importlib.util", "importlib.util"),
        ("%matplotlib inline\nimport gc\ngc.get_objects()", "gc.get_objects"),
    ],
)
def test_it_is_named(code: str, told: str) -> None:
    assert unusual([code]) == SAID + told


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nimport torch.nn.functional as F\nx = np.linalg.norm([1.0])\nF.linear",
        "ctypes = 1\nctypes + 1",
        "'import ctypes'  # eval",
        "def broken(:",
        "x = y.modules",
    ],
)
def test_of_what_is_usual_nothing_is_said(code: str) -> None:
    assert unusual([code]) == ""


def test_imports_of_one_cell_count_in_the_others_and_the_list_is_short() -> None:
    assert unusual(["import sys", "sys.modules['torch']"]) == SAID + "sys.modules"
    many = "\n".join(f"import ctypes.part{number}" for number in range(MOST + 5))
    assert unusual([many]).count(",") < MOST


def test_cells_that_are_too_large_are_left_out() -> None:
    large = "#" * (MAX_CELL + 1)
    assert unsearched(["x = 1", large]) == {large}
    cell = "y" * (MAX_CELL - 1)
    cells = [f"{cell}{number}" for number in range(7)]
    assert unsearched(cells) == set(cells[MAX_CELLS // MAX_CELL :])


def test_a_name_without_end_is_no_fault_of_ours() -> None:
    assert unusual(["x" + ".a" * 3000]) == ""
