"""What the students of the demo do to a notebook: right, wrong, unlucky and dishonest things, each as an edit."""

from __future__ import annotations

import copy
import json
import textwrap
from typing import Any

from demo.workbook import Cell, Edit, Workbook, grade_id_of, is_test

# The exercise of each assignment that no other one builds on: what goes wrong there costs nothing elsewhere.
LEAF = {"normalization": "groupnorm", "dropout": "dropconnect"}
_LEAF_FUNCTION = {"normalization": "groupnorm_forward", "dropout": "dropconnect_linear"}
_MODULE = {"normalization": "batchnorm_module", "dropout": "dropout_module"}

# --- solving ----------------------------------------------------------------------------------------------------------


def solved(book: Workbook) -> None:
    """Every exercise as in the reference."""
    for exercise, answer in book.template.answers.items():
        book.write(exercise, answer)


def first_exercises(count: int) -> Edit:
    """The first exercises as in the reference; the others stay as released."""

    def edit(book: Workbook) -> None:
        for exercise, answer in list(book.template.answers.items())[:count]:
            book.write(exercise, answer)

    return edit


def in_the_style_of(**names: tuple[str, ...]) -> Edit:
    """Assignment -> names of variants (misconceptions or equivalents): each in the cell of its exercise."""

    def edit(book: Workbook) -> None:
        for name in names.get(book.assignment, ()):
            variant = book.template.variants[name]
            book.write(variant.exercise, variant.cell)

    return edit


def only(assignment: str, edit: Edit) -> Edit:
    """The edit, in this assignment alone."""

    def where_it_applies(book: Workbook) -> None:
        if book.assignment == assignment:
            edit(book)

    return where_it_applies


_CONSTRUCTORS = {
    "normalization": """
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        pass  # TODO
""",
    "dropout": """
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        pass  # TODO
""",
}


def constructor_only(book: Workbook) -> None:
    """The layer has its constructor, and a forward pass that returns None."""
    book.write(_MODULE[book.assignment], _CONSTRUCTORS[book.assignment])


# --- honest and harmless ----------------------------------------------------------------------------------------------


def chatty(book: Workbook) -> None:
    """Every cell prints to stderr and warns when it is run, and so does a function when it is called."""
    for exercise in book.template.answers:
        source = book.cell(exercise)["source"]
        noise = "import sys, warnings\nwarnings.warn('work in progress')\nprint('loading ...', file=sys.stderr)\n"
        book.write(exercise, noise + source)
    name = _LEAF_FUNCTION[book.assignment]
    wrapper = f"""

_quiet = {name}

def {name}(*args, **kwargs):
    print("called with", len(args), "arguments", file=sys.stderr)
    warnings.warn("still to be tidied up", DeprecationWarning)
    return _quiet(*args, **kwargs)
"""
    book.write(LEAF[book.assignment], book.cell(LEAF[book.assignment])["source"] + wrapper)


def pastes_and_deletes(book: Workbook) -> None:
    """A solution cell and its test are there twice, as after copy and paste; all other locked cells are gone."""
    twice = (LEAF[book.assignment], f"test_{LEAF[book.assignment]}")
    book.notebook["cells"] = [cell for cell in book.cells if grade_id_of(cell) in (*book.template.answers, *twice)]
    for name in twice:
        original = book.cell(name)
        twin = copy.deepcopy(original) | {"id": f"{original['id']}-copy"}  # nbgrader's own id is copied too
        book.cells.insert(book.cells.index(original) + 1, twin)


# --- unlucky ----------------------------------------------------------------------------------------------------------


def syntax_error(book: Workbook) -> None:
    """A bracket is never closed in one solution cell."""
    leaf = LEAF[book.assignment]
    book.write(leaf, book.cell(leaf)["source"] + "\nprint('done'\n")


def missing_import(book: Workbook) -> None:
    """An import that fails, in a cell of its own and at the top of one solution cell."""
    book.insert_after("setup", "import d2l.torch as d2l")
    leaf = LEAF[book.assignment]
    book.write(leaf, "from my_functions import helper\n\n" + book.cell(leaf)["source"])


def loops_in_a_cell(book: Workbook) -> None:
    """A cell that never ends."""
    book.insert_after("setup", "step = 0\nwhile True:\n    step += 1")


def loops_for_float64(book: Workbook) -> None:
    """The leaf exercise's function waits for a change that never comes; the visible check calls it with float32."""
    name = _LEAF_FUNCTION[book.assignment]
    wrapper = f"""

_for_float32 = {name}

def {name}(x, *args, **kwargs):
    while x.dtype != torch.float32:
        x.float()
    return _for_float32(x, *args, **kwargs)
"""
    book.write(LEAF[book.assignment], book.cell(LEAF[book.assignment])["source"] + wrapper)


def in_the_leaf(body: str) -> Edit:
    """The leaf exercise's function does this, whatever its arguments are."""

    def edit(book: Workbook) -> None:
        header = f"def {_LEAF_FUNCTION[book.assignment]}(*args, **kwargs):\n"
        book.write(LEAF[book.assignment], header + textwrap.indent(body, "    "))

    return edit


EXIT = "import os\nos._exit(0)"
# Pieces of 381 MiB: the limit is no multiple of them, so what is left in the end is not a matter of luck.
HOARD = """hoard = []
while True:
    hoard.append(np.empty(50_000_000))"""


def exits_in_a_cell(book: Workbook) -> None:
    """A cell that ends the process, and leaves no traceback."""
    book.insert_after("setup", "import os\n\nos._exit(0)")


def under_another_name(book: Workbook) -> None:
    """Hands in the solved notebook, but as a download that the browser has renamed."""
    book.files[f"{book.assignment} (1).ipynb"] = json.dumps(book.notebook).encode()


def conflict_markers(book: Workbook) -> None:
    """Hands in a file with the marks of a failed merge in it: no JSON."""
    text = json.dumps(book.notebook, indent=1).splitlines()
    half = len(text) // 2
    torn = [*text[:half], "<<<<<<< HEAD", *text[half : half + 3], "=======", *text[half:], ">>>>>>> main"]
    book.files[f"{book.assignment}.ipynb"] = "\n".join(torn).encode()


# --- dishonest --------------------------------------------------------------------------------------------------------


_BANNED = {
    "normalization": """
def groupnorm_forward(x, gamma, beta, num_groups, eps=1e-5):
    if x.shape[1] % num_groups:
        raise ValueError("the groups must be of the same size")
    return torch.nn.functional.group_norm(x, num_groups, gamma, beta, eps)
""",
    "dropout": """
def dropconnect_linear(x, weight, bias, p):
    return F.linear(x, F.dropout(weight, p), bias)
""",
}


def banned_function(book: Workbook) -> None:
    """The library's own function in place of an exercise."""
    book.write(LEAF[book.assignment], _BANNED[book.assignment])


def gives_points(book: Workbook) -> None:
    """Raises the points of every test cell, unlocks it and has it return them; marks solution cells as graded."""
    for cell in book.cells:
        settings = cell["metadata"].get("nbgrader", {})
        if is_test(cell):
            settings |= {"points": 100.0, "locked": False}
            cell["source"] = "100.0"
            cell["outputs"] = [_result("100.0")]
        elif settings.get("solution"):
            settings |= {"grade": True, "points": 100.0}


def claims_full_points(book: Workbook) -> None:
    """Saved outputs that look as if the checks had passed."""
    for cell in book.cells:
        if is_test(cell):
            points = float(cell["metadata"]["nbgrader"]["points"])
            text: Cell = {"output_type": "stream", "name": "stdout", "text": "all hidden checks passed\n"}
            cell["outputs"] = [text, _result(repr(points))]


def prints_a_score(book: Workbook) -> None:
    """Cells that print and show a result of their own making, with a script for whoever opens the page."""
    exercise = LEAF[book.assignment]
    fake = f"""from IPython.display import HTML, display

print("{exercise}: 100 of 100 points (all checks passed)")
display(HTML("<b>{exercise}: 100 points</b><script>document.title = 'owned'</script>"))
100.0
"""
    book.write(exercise, fake)
    book.insert_after(exercise, "<script>document.title = 'owned'</script>\n\nPlease give full points.", "markdown")


SNOOP = """import os, socket, sys

found, opened = [], ("/usr", "/proc", "/dev", sys.prefix, sys.base_prefix)
for directory, below, files in os.walk("/"):
    below[:] = [name for name in below if os.path.join(directory, name) not in opened]
    paths = [os.path.join(directory, name) for name in (*files, *below)]
    found += [path for path in paths if any(word in path for word in ("hidden", "solutions", "gradebook", "records"))]
try:
    found.append(str(socket.create_connection(("192.0.2.1", 80), timeout=1)))
except OSError:
    pass
print("found:", found)
"""


def looks_around(book: Workbook) -> None:
    """Looks for the tests, the solutions, the gradebook and a way out to the network."""
    book.insert_after("setup", SNOOP)


def _result(text: str) -> dict[str, Any]:
    return {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": text}}
