"""What no exercise has a use for, and what gets round bans: told to the instructor, never counted.

Reading the code is the instructor's; this says where it is worth it. An honest notebook may hold some of it.
"""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Sequence

from autograder.suite.banned import dotted, parsed, unsearched

PATHS = (
    "ctypes*", "cffi*", "numpy.ctypeslib*", "subprocess*", "multiprocessing*", "threading*", "_thread*",
    "concurrent.futures*", "importlib*", "inspect*", "autograder*", "pytest*", "_pytest*",
    "os.fork*", "os.exec*", "os.spawn*", "os.posix_spawn*", "os.system", "os.popen",
    "sys.modules", "sys._getframe", "sys.settrace", "sys.setprofile", "sys.meta_path", "gc.get_*",
    "types.FunctionType", "types.CodeType",
    "torch.jit*", "torch._C*", "torch.fx*", "torch.compile", "torch.ops*", "torch.library*",
    "torch.multiprocessing*", "torch.utils.cpp_extension*", "torch.utils._python_dispatch*", "torch.overrides*",
)  # fmt: skip
BUILTINS = frozenset({"exec", "eval", "compile", "__import__"})
MOST = 12  # names told of one submission


def unusual(sources: Sequence[str]) -> str:
    """A sentence on what these cells use that is seldom honest; "" if they use nothing of the kind."""
    left_out = unsearched(sources)
    trees = [tree for source in sources if source not in left_out and (tree := parsed(source)) is not None]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    aliases = _aliases(nodes)
    names = set(aliases.values())
    names |= {path for node in nodes if isinstance(node, ast.Attribute) and (path := dotted(node, aliases))}
    found = {_shown(name) for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in PATHS)}
    found |= {node.id for node in nodes if isinstance(node, ast.Name) and node.id in BUILTINS}
    told = sorted(found)[:MOST]
    return f"uses what an exercise has no need of: {', '.join(told)}" if told else ""


def _aliases(nodes: Sequence[ast.AST]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for name in node.names:
                aliases[name.asname or name.name.partition(".")[0]] = name.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            aliases.update({name.asname or name.name: f"{node.module}.{name.name}" for name in node.names})
    return aliases


def _shown(name: str) -> str:
    """The first two parts: of ``ctypes.util.find_library`` the module."""
    return ".".join(name.split(".")[:2])[:60]
