"""What the student's side sees: the bubblewrap command that starts a forkserver.

Default deny: the file system is an empty, read-only tmpfs into which the system's libraries, the Python environment and the
student's half of this package are mounted read-only. No home, no course, no exchange, no network, no process of ours.
"""

from __future__ import annotations

import importlib.machinery
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import autograder
from autograder.errors import SandboxUnavailable

PACKAGE_AT = "/opt/autograder-student"
STUDENT_UID = 65534  # "nobody": the user that student code becomes where the grader itself is root
_SYSTEM_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/alternatives")
INSTALL = "install it: apt-get install bubblewrap"


@dataclass(frozen=True)
class Environment:
    """What one forkserver offers: the modules it imports ahead, and the packages that must not exist in it."""

    preload: tuple[str, ...] = ("numpy",)
    banned_packages: tuple[str, ...] = ()
    confined: bool = True


def bubblewrap() -> str:
    """Return the path of the bwrap program. Raises SandboxUnavailable if there is none."""
    found = shutil.which("bwrap")
    if found is None:
        raise SandboxUnavailable(f"bubblewrap (bwrap) was not found; {INSTALL}")
    return found


def python_trees() -> list[Path]:
    """The directories of the running Python environment, outermost first, without those under /usr."""
    trees = {Path(p).resolve() for p in (sys.base_prefix, sys.base_exec_prefix)} | {Path(sys.prefix).absolute()}
    outside = sorted(tree for tree in trees if not tree.is_relative_to("/usr"))
    return [tree for tree in outside if not any(tree != o and tree.is_relative_to(o) for o in outside)]


def check_not_visible(secrets: Iterable[Path]) -> None:
    """Refuse to start where a mounted tree would show one of the course's own directories to students."""
    for secret in secrets:
        for tree in [Path("/usr"), *python_trees()]:
            if secret.resolve().is_relative_to(tree):
                raise SandboxUnavailable(
                    f"{secret} lies inside {tree}, which students' code can read; move the course out of it"
                )


def command(environment: Environment, runtime: Path, arguments: Sequence[str]) -> list[str]:
    """Return the command that starts the forkserver module with ``arguments`` inside bubblewrap."""
    root = os.geteuid() == 0
    parts = [bubblewrap(), "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--new-session"]
    # As root, a real change of user (in confine) is stronger than a namespace that maps to root: bubblewrap keeps just
    # that right, and the right to signal that user, without which the kernel would not let children die with a parent.
    kept = [part for right in ("CAP_SETUID", "CAP_SETGID", "CAP_KILL") for part in ("--cap-add", right)]
    parts += ["--cap-drop", "ALL", *kept] if root else ["--unshare-user"]
    parts += ["--hostname", "grader", *_directories(), "--ro-bind", "/usr", "/usr", *_system(), *_python(), *_package()]
    parts += _banned(environment.banned_packages, runtime)
    parts += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp"]
    parts += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*parts, "--", sys.executable, "-m", "autograder.student.forkserver", *arguments]


def variables(confined: bool) -> dict[str, str]:
    """The whole environment of the student's side: nothing of ours is inherited."""
    path = PACKAGE_AT if confined else str(Path(autograder.__file__).parent.parent)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
    return threads | {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/home/student",
        "USER": "student",
        "LANG": "C.UTF-8",
        "PYTHONPATH": path,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "IPYTHONDIR": "/tmp/ipython",
        "MPLCONFIGDIR": "/tmp/matplotlib",
    }


def _directories() -> list[str]:
    """Make the parents of all mounts readable: bubblewrap's own default is 0700, closed to the student's user."""
    targets = [*python_trees(), Path(PACKAGE_AT, "autograder", "x"), Path("/home/student/x"), Path("/etc/x")]
    parents = dict.fromkeys(parent for target in targets for parent in [*reversed(target.parents)][1:])
    return [part for parent in parents for part in ("--perms", "0755", "--dir", str(parent))]


def _system() -> list[str]:
    parts: list[str] = []
    for path in _SYSTEM_LINKS:
        if os.path.islink(path):
            parts += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            parts += ["--ro-bind", path, path]
    for path in _SYSTEM_FILES:
        parts += ["--ro-bind-try", path, path]
    return parts


def _python() -> list[str]:
    return [part for tree in python_trees() for part in ("--ro-bind", str(tree), str(tree))]


def _package() -> list[str]:
    ours = Path(autograder.__file__).parent
    inside = f"{PACKAGE_AT}/autograder"
    names = ("__init__.py", "wire", "student")
    return [part for name in names for part in ("--ro-bind", str(ours / name), f"{inside}/{name}")]


def _banned(packages: Iterable[str], runtime: Path) -> list[str]:
    """Mount a package that only says why it is missing over each banned one that is installed."""
    parts: list[str] = []
    for name in packages:
        spec = importlib.machinery.PathFinder.find_spec(name)
        if spec is None:
            continue
        message = f"{name} is not available in this assignment: it is on the list of banned packages"
        stand_in = runtime / "banned" / name
        stand_in.mkdir(parents=True, exist_ok=True)
        (stand_in / "__init__.py").write_text(f"raise ImportError({message!r})\n")
        places = list(spec.submodule_search_locations or ())
        for place in places:
            parts += ["--ro-bind", str(stand_in), place]
        if not places and spec.origin is not None:
            parts += ["--ro-bind", str(stand_in / "__init__.py"), spec.origin]
    return parts
