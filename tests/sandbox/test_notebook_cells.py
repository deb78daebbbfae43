"""Cells run as in Jupyter: magics, shell commands, displays, figures and await; what cannot work says so."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from autograder.judge.forkserver import Forkserver
from tests.sandbox.probe import run, text_of


def only(forkserver: Forkserver, source: str) -> list[Any]:
    (made,) = run(forkserver, source)
    assert made.note == ""
    return made.outputs


STREAMS = {
    "print": ("print('a', end=''); print('b')", [("stdout", "ab\n")]),
    "both streams in order": (
        "import sys\nprint('1')\nprint('2', file=sys.stderr)\nprint('3')",
        [("stdout", "1\n"), ("stderr", "2\n"), ("stdout", "3\n")],
    ),
    "nothing": ("", []),
    "a comment": ("# nothing", []),
    "unicode": ("print('∇²φ 🎓')", [("stdout", "∇²φ 🎓\n")]),
    "a lone surrogate": ("print('\\ud800')", [("stdout", "?\n")]),
    "a shell command": ("!echo hello", [("stdout", "hello\n")]),
    "its lines in a variable": ("lines = !printf 'a\\nb\\n'\nprint(len(lines))", [("stdout", "2\n")]),
    "%%capture": ("%%capture captured\nprint('kept back')", []),
    "%who after assignments": ("value = 1\n%who int", [("stdout", "value\t \n")]),
    "%cd": ("%cd -q /tmp\nimport os; print(os.getcwd())", [("stdout", "/tmp\n")]),
    "%env": ("%env KEY=value\nimport os", [("stdout", "env: KEY=value\n")]),
    "%%bash": ("%%bash\necho from bash", [("stdout", "from bash\n")]),
    "%%writefile": ("%%writefile part.txt\nhello", [("stdout", "Writing part.txt\n")]),
    "get_ipython": ("print(get_ipython() is not None)", [("stdout", "True\n")]),
    "top-level await": ("import asyncio\nprint(await asyncio.sleep(0, 'awaited'))", [("stdout", "awaited\n")]),
    "asyncio.run": ("import asyncio\nprint(asyncio.run(asyncio.sleep(0, 'ran')))", [("stdout", "ran\n")]),
    "logging": ("import logging; logging.warning('careful')", [("stderr", "WARNING:root:careful\n")]),
    "the main module": ("class A: pass\nimport pickle; print(__name__, len(pickle.dumps(A())) > 0)",
                        [("stdout", "__main__ True\n")]),
}  # fmt: skip


@pytest.mark.parametrize(("source", "streams"), STREAMS.values(), ids=STREAMS)
def test_streams(forkserver: Forkserver, source: str, streams: list[tuple[str, str]]) -> None:
    outputs = only(forkserver, source)
    assert [(output["name"], output["text"].replace("\r", "")) for output in outputs] == streams
    assert {output["output_type"] for output in outputs} <= {"stream"}


@pytest.mark.parametrize("source", ["%time x = 1", "%%time\nx = 1", "%timeit -n1 -r1 pass", "%%timeit -n1 -r1\npass"])
def test_timing_magics(forkserver: Forkserver, source: str) -> None:
    assert "s" in only(forkserver, source)[0]["text"]


def test_the_last_expression_is_the_result(forkserver: Forkserver) -> None:
    (result,) = only(forkserver, "1 + 1")
    assert result["output_type"] == "execute_result"
    assert result["data"] == {"text/plain": "2"}
    assert only(forkserver, "1 + 1;") == []
    assert only(forkserver, "None") == []


def test_history_and_cells_build_on_each_other(forkserver: Forkserver) -> None:
    first, second = run(forkserver, "20 + 1", "print(_ * 2, Out[1], In[1], len(In), _i1, _dh)")
    assert first.outputs[0]["data"]["text/plain"] == "21"
    assert text_of(second) == "42 21 20 + 1 3 20 + 1 [PosixPath('/home/student')]\n"


def test_rich_displays(forkserver: Forkserver) -> None:
    outputs = only(
        forkserver,
        """
        from IPython.display import HTML, Latex, Markdown, display
        class Rich:
            def _repr_html_(self): return "<b>rich</b>"
            def __repr__(self): return "poor"
        display(HTML("<i>html</i>"), Markdown("*text*"), Latex("$x$"))
        display({"text/plain": "own", "image/png": b"\\x89PNG"}, raw=True)
        Rich()
        """,
    )
    data = [output["data"] for output in outputs]
    assert data[0]["text/html"] == "<i>html</i>"
    assert data[1]["text/markdown"] == "*text*"
    assert data[2]["text/latex"] == "$x$"
    assert base64.b64decode(data[3]["image/png"]) == b"\x89PNG"
    assert data[4] == {"text/html": "<b>rich</b>", "text/plain": "poor"}


def test_clear_output(forkserver: Forkserver) -> None:
    outputs = only(forkserver, "from IPython.display import clear_output\nprint('old')\nclear_output()\nprint('new')")
    assert [output["text"] for output in outputs] == ["new\n"]


def test_errors_have_name_text_and_a_traceback_of_the_cell(forkserver: Forkserver) -> None:
    outputs = only(forkserver, "def f(x):\n    return 1 / x\nprint('before')\nf(0)")
    assert outputs[0]["text"] == "before\n"
    error = outputs[1]
    assert (error["output_type"], error["ename"], error["evalue"]) == ("error", "ZeroDivisionError", "division by zero")
    shown = "\n".join(error["traceback"])
    assert "return 1 / x" in shown
    assert "\x1b" not in shown
    assert "autograder" not in shown


def test_huge_errors_are_cut(forkserver: Forkserver) -> None:
    (error,) = only(forkserver, "raise ValueError('x' * 10**7)")
    assert error["ename"] == "ValueError"
    assert len(error["evalue"]) == 2000
    assert sum(map(len, error["traceback"])) < 20_000


@pytest.mark.parametrize("source", ["input('Your name? ')", "input()", "import getpass; getpass.getpass()"])
def test_questions_are_refused_clearly(forkserver: Forkserver, source: str) -> None:
    asking, after = run(forkserver, source, "print('alive')")
    assert asking.note == ""
    assert "EOFError" in text_of(asking)
    assert text_of(after) == "alive\n"


def test_an_unasked_question_names_its_prompt(forkserver: Forkserver) -> None:
    (error,) = only(forkserver, "input('Your name? ')")
    assert error["evalue"] == "input('Your name? '): nobody is there to answer while the notebook is graded"


def test_unknown_magics_and_programs(forkserver: Forkserver) -> None:
    magic, program, after = run(forkserver, "%no_such_magic", "!no_such_program", "print('alive')")
    assert "no_such_magic" in text_of(magic)
    assert "not found" in text_of(program)
    assert text_of(after) == "alive\n"


def test_objects_that_cannot_be_shown(forkserver: Forkserver) -> None:
    (shown,) = run(forkserver, "class Odd:\n    def __repr__(self): raise ValueError('no text')\nOdd()")
    assert "no text" in text_of(shown)
    assert shown.note == ""


def test_a_cell_may_replace_what_the_shell_is_made_of(forkserver: Forkserver) -> None:
    for source in (
        "import sys; sys.stdout = sys.stderr = None",
        "import sys; sys.displayhook = None",
        "import builtins; builtins.print = None",
        "get_ipython().display_pub = None",
        "import sys; sys.modules.clear()",
        "get_ipython().run_cell = lambda *args, **kwargs: None",
        "import os; os.getpid = lambda: 5",
    ):
        spoiling, after = run(forkserver, source, "x = 1")
        assert (spoiling.note == "" and after.note == "") or "left out" in spoiling.note + after.note


def test_figures_become_pictures(torch_forkserver: Forkserver) -> None:
    figure, two, shown, none = run(
        torch_forkserver,
        "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3]);",
        "for n in range(2):\n    fig, ax = plt.subplots()\n    ax.plot([n, 1])\nplt.show()",
        "fig = plt.figure(); plt.plot([1, 2]); plt.close(fig)\nfig",
        "print('no figure')",
    )
    (picture,) = figure.outputs
    assert picture["output_type"] == "display_data"
    assert base64.b64decode(picture["data"]["image/png"]).startswith(b"\x89PNG\r\n")
    assert picture["data"]["text/plain"] == "<Figure size 640x480 with 1 Axes>"
    assert [output["output_type"] for output in two.outputs] == ["display_data"] * 2
    assert "image/png" in shown.outputs[0]["data"]
    assert [output["output_type"] for output in none.outputs] == ["stream"]


BACKENDS = ["%matplotlib inline", "%matplotlib notebook", "import matplotlib; matplotlib.use('Agg')"]


@pytest.mark.parametrize("source", BACKENDS)
def test_choosing_a_backend_does_no_harm(torch_forkserver: Forkserver, source: str) -> None:
    chosen, figure = run(torch_forkserver, source, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    assert (chosen.note, figure.note) == ("", "")
    assert not [output for output in figure.outputs if output["output_type"] == "error"]


SHOUT = """
from IPython.core.inputtransformer2 import TokenTransformBase

class Shout(TokenTransformBase):
    @classmethod
    def find(cls, lines):
        return next((cls(line[0].start) for line in lines if line[0].string == "shout"), None)

    def transform(self, lines):
        return [*lines[:self.start_line], "print('AH')\\n", *lines[self.start_line + 1:]]

get_ipython().input_transformer_manager.token_transformers.append(Shout)
"""


def test_syntax_of_the_notebooks_own(forkserver: Forkserver) -> None:
    before, _, after = run(forkserver, "shout = 1\nprint(shout)", SHOUT, "shout")
    assert text_of(before) == "1\n"
    assert text_of(after) == "AH\n", "a cell that is Python without it"


def test_what_looks_like_ipython_in_a_text_is_left_alone(forkserver: Forkserver) -> None:
    made = only(forkserver, 'print("""\n!echo 1\n%time 2\nwhat?\n""")\nprint("end?")')
    assert made[0]["text"] == "\n!echo 1\n%time 2\nwhat?\n\nend?\n"
