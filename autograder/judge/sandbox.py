"""What the student's side sees: the bubblewrap command that starts a forkserver.

Default deny: the file system is an empty, read-only tmpfs into which the system's libraries, the Python environment and
the student's half of this package are mounted read-only. No home, no course, no exchange, no network, no process of
ours.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import autograder
from autograder.errors import SandboxUnavailable, SuiteFault

PACKAGE_AT = "/opt/autograder-student"
ENVIRONMENT_AT = "/opt/autograder-python"
_COVERED = ("/tmp", "/dev", "/proc", "/home/student")  # what the sandbox or a submission's own mounts lie over
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


def check_kernel() -> None:
    """Raise SandboxUnavailable where the kernel lacks something that has no fallback."""
    if not os.path.exists("/proc/thread-self/children"):
        raise SandboxUnavailable(
            "this kernel does not list a process's children in /proc (CONFIG_PROC_CHILDREN), by which a submission's "
            "memory is counted and its processes are ended; use a distribution's own kernel"
        )


def python_trees() -> list[Path]:
    """The directories of the running Python environment, outermost first, without those under /usr."""
    trees = {Path(p).resolve() for p in (sys.base_prefix, sys.base_exec_prefix)} | {Path(sys.prefix).absolute()}
    outside = sorted(tree for tree in trees if not tree.is_relative_to("/usr"))
    return [tree for tree in outside if not any(tree != o and tree.is_relative_to(o) for o in outside)]


def inside(path: Path) -> Path:
    """Where a path of the Python environment is found in the sandbox: the same place, unless that gets covered there.

    Students have an own /tmp and home; an environment in one of those places is mounted elsewhere, which a Python (a
    virtual environment too) does not mind: it finds its packages from where its program lies.
    """
    for number, tree in enumerate(python_trees()):
        if path.is_relative_to(tree) and any(tree.is_relative_to(covered) for covered in _COVERED):
            return Path(ENVIRONMENT_AT, str(number)) / path.relative_to(tree)
    return path


def check_not_visible(secrets: Iterable[Path]) -> None:
    """Refuse to start where a mounted tree would show a home or one of the course's own directories to students."""
    for secret in [Path(os.path.expanduser("~")), *secrets]:
        for tree in _visible_trees():
            if secret.resolve().is_relative_to(tree):
                raise SandboxUnavailable(
                    f"{secret} lies inside {tree}, which students' code can read; move it out, or use another Python"
                )


def _visible_trees() -> list[Path]:
    return [Path("/usr"), *python_trees()]


def command(environment: Environment, runtime: Path, arguments: Sequence[str]) -> list[str]:
    """Return the command that starts the forkserver module with ``arguments`` inside bubblewrap."""
    root = os.geteuid() == 0
    parts = [bubblewrap(), "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--new-session"]
    # As root, a real change of user (in confine) is stronger than a namespace that maps to root: bubblewrap keeps just
    # that right, and the right to signal that user, without which the kernel would not let children die with a parent.
    kept = [part for right in ("CAP_SETUID", "CAP_SETGID", "CAP_KILL") for part in ("--cap-add", right)]
    parts += ["--cap-drop", "ALL", *kept] if root else ["--unshare-user"]
    parts += ["--hostname", "grader", *_directories(), "--ro-bind", "/usr", "/usr", *_system(), *_python(), *_package()]
    parts += [*_hidden(), *_banned(environment.banned_packages, runtime)]
    parts += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp"]
    parts += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*parts, "--", str(inside(_program())), "-m", "autograder.student.forkserver", *arguments]


def _program() -> Path:
    """This Python's program, with its directory's real name but as it is called: a virtual environment's is a link."""
    program = Path(sys.executable).absolute()
    return program if any(program.is_relative_to(tree) for tree in python_trees()) else Path(sys.executable)


def variables(confined: bool, runtime: Path) -> dict[str, str]:
    """The whole environment of the student's side: nothing of ours is inherited."""
    path = PACKAGE_AT if confined else str(Path(autograder.__file__).parent.parent)
    home, scratch = ("/home/student", "/tmp") if confined else (str(runtime), str(runtime))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
    return threads | {
        "PATH": f"{(inside(_program()) if confined else _program()).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "USER": "student",
        "LANG": "C.UTF-8",
        "PYTHONPATH": path,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "IPYTHONDIR": f"{scratch}/ipython",
        "MPLCONFIGDIR": f"{scratch}/matplotlib",
    }


def _directories() -> list[str]:
    """Make the parents of all mounts readable: bubblewrap's own default is 0700, closed to the student's user."""
    targets = [
        *map(inside, python_trees()),
        Path(PACKAGE_AT, "autograder", "x"),
        Path("/home/student/x"),
        Path("/etc/x"),
    ]
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
    return [part for tree in python_trees() for part in ("--ro-bind", str(tree), str(inside(tree)))]


def _package() -> list[str]:
    ours = Path(autograder.__file__).parent
    inside = f"{PACKAGE_AT}/autograder"
    names = ("__init__.py", "wire", "student")
    return [part for name in names for part in ("--ro-bind", str(ours / name), f"{inside}/{name}")]


def _hidden() -> list[str]:
    """Cover what these trees hold beside programs: settings of Jupyter and others, which may name passwords."""
    places = [str(inside(tree / "etc")) for tree in (Path("/usr/local"), *python_trees()) if (tree / "etc").is_dir()]
    return [part for place in places for part in ("--perms", "0555", "--tmpfs", place, "--remount-ro", place)]


def _banned(packages: Iterable[str], runtime: Path) -> list[str]:
    """Mount a package that only says why it is missing over each copy of a banned one that is visible."""
    parts: list[str] = []
    for name in packages:
        if not name.isidentifier():
            raise SuiteFault(f"banned package {name!r} is not the name of a top-level package")
        message = f"{name} is not available in this assignment: it is on the list of banned packages"
        stand_in = runtime / "banned" / name
        stand_in.mkdir(parents=True, exist_ok=True)
        (stand_in / "__init__.py").write_text(f"raise ImportError({message!r})\n")
        stand_in.chmod(0o755)  # whatever the umask: students are to read the message
        (stand_in / "__init__.py").chmod(0o644)
        for place in sorted({place for tree in _visible_trees() for place in _copies(tree, name)}):
            parts += ["--ro-bind", str(stand_in if place.is_dir() else stand_in / "__init__.py"), str(inside(place))]
    return parts


def _copies(tree: Path, name: str) -> Iterator[Path]:
    """Every place in a tree from where some Python could import ``name``; conda keeps whole environments inside."""
    for inner in ("", "local/", "envs/*/", "pkgs/*/"):
        for library in ("lib/python3*/", "lib64/python3*/", "lib/", "lib64/"):
            for packages in ("site-packages", "dist-packages"):
                for pattern in (name, f"{name}.*"):
                    found = tree.glob(f"{inner}{library}{packages}/{pattern}")
                    yield from (place.parent.resolve() / place.name for place in found)  # lib64 may be a link to lib
