"""Start-up files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

PYTHON = (
    ".ipython/profile_default/startup/00-start.py",
    ".ipython/profile_default/ipython_config.py",
    "ipython_config.py",
    "nbgrader_config.py",
    ".jupyter/jupyter_config.py",
    ".jupyter/nbgrader_config.py",
    "jupyter_nbconvert_config.py",
    ".pythonrc.py",
)
SHELL = (".bashrc", ".profile", ".bash_profile", ".zshenv", "Makefile", ".envrc")


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Each writes to a place that it should not have, and to its own home."""
    marks = [f"{place['SCRATCH']}/{place['MARK']}-start", "started"]
    for name in (*PYTHON, *SHELL):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        python = "import os\n"
        for mark in marks:
            python += f"if os.path.isdir(os.path.dirname({mark!r}) or '.'):\n    open({mark!r}, 'a').write('x')\n"
        path.write_text(python if name in PYTHON else "".join(f"echo x >> {mark}\n" for mark in marks))
    (directory / "matplotlibrc").write_text("backend: module://evil\nfont.size: 900\n")
    (directory / ".jupyter" / "jupyter_config.json").write_text('{"Autograde": {"autograde_preprocessors": []}}')
