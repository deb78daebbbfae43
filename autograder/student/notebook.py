"""Run a notebook's code cells in IPython and capture what they print and show, as notebook outputs.

Runs in the notebook process. The shell is made once in the forkserver and inherited. Everything captured here is
untrusted: the judge checks and cleans it again.
"""

from __future__ import annotations

import ast
import base64
import builtins
import io
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder.student.text import stable

MAX_TRACEBACK_LINES = 60
MAX_LINE = 2000  # characters
ITEM_SIZE = 100  # what an output counts for beside its text: a million empty ones are not free


class Outputs:
    """The outputs of one cell, in order, up to ``limit`` bytes; what follows is dropped and said so once."""

    def __init__(self, limit: int) -> None:
        self.items: list[dict[str, Any]] = []
        self._left = limit
        self._cut = False

    def text(self, name: str, text: str) -> None:
        """Append text to the stream ``name`` (stdout or stderr); of the text that crosses the limit, the beginning."""
        fits, rest = text[: self._left], text[self._left :]
        self._append(name, fits)
        if rest:
            self._take(len(rest))

    def _append(self, name: str, text: str) -> None:
        if not text or not self._take(len(text)):
            return
        last = self.items[-1] if self.items else None
        if last is not None and last["output_type"] == "stream" and last["name"] == name:
            last["parts"].append(text)
        else:
            self.items.append({"output_type": "stream", "name": name, "parts": [text]})

    def add(self, item: dict[str, Any]) -> None:
        """Append a display, result or error."""
        if self._take(ITEM_SIZE + sum(len(str(value)) for value in item.get("data", item).values())):
            self.items.append(item)

    def finished(self) -> list[dict[str, Any]]:
        """Return the outputs as plain notebook outputs."""
        return [
            {"output_type": "stream", "name": item["name"], "text": stable("".join(item["parts"]))}
            if "parts" in item
            else item
            for item in self.items
        ]

    def _take(self, size: int) -> bool:
        if size <= self._left:
            self._left -= size
            return True
        if not self._cut:
            self._cut = True
            note = "\n[further output of this cell was dropped: the limit is reached]\n"
            self.items.append({"output_type": "stream", "name": "stdout", "parts": [note]})
        return False


class _Stream(io.TextIOBase):
    """sys.stdout or sys.stderr while a cell runs."""

    def __init__(self, outputs: Outputs, name: str) -> None:
        super().__init__()
        self._outputs, self.name = outputs, name

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute in typeshed, a descriptor in CPython
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._outputs.text(self.name, text)
        return len(text)


def _plain(data: dict[str, Any]) -> dict[str, str]:
    return {
        str(mime): base64.b64encode(value).decode() if isinstance(value, bytes) else stable(str(value))
        for mime, value in data.items()
    }


class CellPublisher(DisplayPublisher):
    """display() and figures."""

    outputs = Outputs(0)

    def publish(self, data: Any, metadata: Any = None, **kwargs: Any) -> None:  # type: ignore[override]  # narrower than IPython's
        """Append one display."""
        self.outputs.add({"output_type": "display_data", "data": _plain(data)})

    def clear_output(self, wait: bool = False) -> None:
        """Drop what was shown so far (progress displays call this)."""
        self.outputs.items.clear()


class CellDisplayHook(DisplayHook):
    """The value of a cell's last expression."""

    outputs = Outputs(0)

    def write_output_prompt(self) -> None:
        """No prompt: the notebook has execution counts."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Append the result."""
        self.outputs.add({"output_type": "execute_result", "data": _plain(format_dict)})

    def finish_displayhook(self) -> None:
        """Nothing was begun."""


class _Transformers(TransformerManager):
    """IPython's own; but valid Python has none of IPython's syntax, so that its tokens need not be searched for it.

    The search is written in Python and takes longer than running most cells.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # IPython leaves it untyped
        self._searched_for = list(self.token_transformers)

    def do_token_transforms(self, lines: list[str]) -> list[str]:
        """Return ``lines`` with IPython's syntax put into Python, or with what the notebook has registered applied."""
        if self.token_transformers == self._searched_for and _is_python("".join(lines)):
            return lines
        transformed: list[str] = super().do_token_transforms(lines)  # type: ignore[no-untyped-call]  # as above
        return transformed


def _is_python(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what there is to warn of is said when the cell is run
        try:
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


class NotebookShell(InteractiveShell):
    """IPython without a terminal or kernel: magics, ``!`` commands, top-level await and figures work."""

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False  # a history file means a database thread, and fork under threads
        config.InteractiveShell.colors = "NoColor"
        config.InteractiveShell.display_page = True
        super().__init__(  # type: ignore[no-untyped-call]  # IPython leaves it untyped
            config=config, displayhook_class=CellDisplayHook, display_pub_class=CellPublisher
        )
        self.input_transformer_manager = _Transformers()
        self._error: dict[str, Any] | None = None

    def enable_gui(self, gui: str | None = None) -> None:
        """Accept ``%gui`` and ``%matplotlib``: there is no event loop to integrate."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        lines = [stable(str(line)[:MAX_LINE]) for line in stb][-MAX_TRACEBACK_LINES:]
        name = str(getattr(etype, "__name__", "Error"))
        self._error = {"ename": name, "evalue": stable(_safe_text(evalue)), "traceback": lines}

    def run(self, source: str, limit: int) -> tuple[list[dict[str, Any]], bool]:
        """Run one cell. Returns its outputs (at most ``limit`` bytes) and whether it ended without an error."""
        outputs = Outputs(limit)
        self.display_pub.outputs = outputs  # type: ignore[attr-defined]  # display_pub_class above
        self.displayhook.outputs = outputs  # type: ignore[attr-defined]  # displayhook_class above
        self._error = None
        succeeded = False
        with _streams(outputs):
            try:
                result = self.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]  # as above
                succeeded = bool(result.success)
            except KeyboardInterrupt as error:  # it came while IPython itself was at work: formatting, drawing
                self._showtraceback(type(error), error, ["KeyboardInterrupt"])
        if self._error is not None:
            outputs.add({"output_type": "error", **self._error})
        return outputs.finished(), succeeded

    def forget(self) -> None:
        """Be as new: no variables, no history, and the next cell is the first."""
        self.reset(new_session=False)  # type: ignore[no-untyped-call]  # IPython leaves it untyped
        for history in (self._history.input_hist_parsed, self._history.input_hist_raw):
            history[:] = [""]
        self.execution_count = 1

    def begin_in(self, directory: Path) -> None:
        """Say where the notebook lies, for ``%cd -`` and ``_dh[0]``."""
        self._history.dir_hist[:] = [directory]

    @property
    def _history(self) -> Any:
        return self.history_manager


def _safe_text(value: object) -> str:
    try:
        return str(value)[:MAX_LINE]
    except Exception as error:  # a student's __str__ may raise anything
        return f"<{type(value).__name__} whose text cannot be made: {type(error).__name__}>"


@contextmanager
def _streams(outputs: Outputs) -> Iterator[None]:
    saved = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Stream(outputs, "stdout"), _Stream(outputs, "stderr")
    try:
        yield
    finally:
        sys.stdout, sys.stderr = saved


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT stop what runs inside, and nothing outside."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _no_input(prompt: object = "") -> str:
    raise EOFError(f"input({str(prompt)[:100]!r}): nobody is there to answer while the notebook is graded")


def make_shell(preload: list[str]) -> NotebookShell:
    """Make the shell; with matplotlib among ``preload``, figures become PNG displays as in Jupyter."""
    builtins.input = _no_input
    shell = NotebookShell.instance()
    if any(name.split(".")[0] == "matplotlib" for name in preload):
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        shell.run_line_magic("matplotlib", "inline")
    return shell
