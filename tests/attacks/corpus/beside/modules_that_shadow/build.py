"""Files that imports and interpreters find."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = ("numpy", "torch", "random", "msgpack", "pandas", "sklearn", "pytest", "nbgrader", "autograder", "json", "io")
MODULE = """
import builtins

try:
    open({mark!r}, "w").write(__file__)
except OSError:
    pass
builtins.shadowed = getattr(builtins, "shadowed", 0) + 1
"""


def build(directory: Path, notebook: dict[str, Any], place: Mapping[str, str]) -> None:
    """Modules, packages and start files."""
    text = MODULE.format(mark=f"{place['SCRATCH']}/{place['MARK']}-module")
    for name in (*NAMES, "sitecustomize", "usercustomize"):
        (directory / f"{name}.py").write_text(text)
    for name in ("torch", "autograder", "pandas"):
        (directory / name).mkdir()
        (directory / name / "__init__.py").write_text(text)
    (directory / "a.pth").write_text("import sitecustomize\n")
    (directory / "pyvenv.cfg").write_text("home = .\n")
