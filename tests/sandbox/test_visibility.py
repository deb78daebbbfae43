"""What student code can see: programs, libraries and its own files; nothing of the machine, the course or the judge."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

import autograder
from autograder.errors import SandboxUnavailable, SuiteFault
from autograder.judge import sandbox
from autograder.judge.forkserver import Forkserver
from autograder.judge.sandbox import Environment
from autograder.judge.session import Session
from tests.sandbox.probe import LIMITS, attempted, cells, run, student_of, text_of, told

TREE = """
import json, os
found = []
for place, folders, files in os.walk({start!r}, onerror=lambda error: None):
    folders[:] = [f for f in folders if os.path.join(place, f) not in {skip!r}]
    found += [os.path.join(place, name) for name in files]
print(json.dumps(found[:5000]))
"""


def files_outside_the_environment(forkserver: Forkserver) -> list[str]:
    trees = [str(sandbox.inside(tree)) for tree in sandbox.python_trees()]
    skip = ["/usr", "/dev", "/proc", "/etc/alternatives", *trees]
    found = told(forkserver, TREE.format(start="/", skip=skip))
    assert isinstance(found, list)
    return found


def test_every_file_outside_the_system_and_python(forkserver: Forkserver) -> None:
    ours = Path(autograder.__file__).parent
    allowed = {f"/opt/autograder-student/autograder/{part}" for part in ("wire", "student")}
    loader = ("/etc/ld.so.c", "/etc/localtime")
    for path in files_outside_the_environment(forkserver):
        if path.startswith(loader) or path == "/opt/autograder-student/autograder/__init__.py":
            continue
        assert any(path.startswith(f"{folder}/") for folder in allowed), path
    assert (ours / "judge").is_dir()  # it is there, and not in there


def test_the_judges_half_of_the_package_is_absent(forkserver: Forkserver) -> None:
    found = told(
        forkserver,
        """
        import importlib, json
        found = {}
        for name in ("errors", "judge", "suite", "compare", "grading", "course", "student", "wire"):
            try:
                found[name] = importlib.import_module("autograder." + name).__file__
            except ImportError as error:
                found[name] = None
        print(json.dumps(found))
        """,
    )
    assert [name for name, place in found.items() if place] == ["student", "wire"]
    assert found["wire"].startswith(sandbox.PACKAGE_AT)


def test_the_course_and_the_homes_are_absent(forkserver: Forkserver, tmp_path: Path) -> None:
    secret = tmp_path / "gradebook.db"
    secret.write_text("grades")
    root = Path(autograder.__file__).parents[1]
    others = [Path(os.path.expanduser("~")), *map(Path, ("/etc/passwd", "/var", "/srv", "/boot", "/sys"))]
    places = [secret, root / "tests", root / "solutions", root / "pyproject.toml", *others]
    tries = "\n".join(f"attempt({str(place)!r}, os.listdir, {str(place)!r})" for place in places)
    results = attempted(forkserver, tries)
    # The parents of a virtual environment inside the course exist as names, and hold nothing else.
    for place, result in results.items():
        assert result in ("ENOENT", "worked")
        visible = any(sandbox.inside(tree).is_relative_to(place) for tree in sandbox.python_trees())
        assert result == "ENOENT" or visible, place
    assert told(forkserver, "import json, os; print(json.dumps(os.listdir('/home')))") == ["student"]


def test_no_variable_of_the_judge_is_passed_on(forkserver: Forkserver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    with Forkserver(Environment(preload=("json",))) as other:
        names = told(other, "import json, os; print(json.dumps(dict(os.environ)))")
    assert not set(names) & {"DATABASE_PASSWORD", "PYTEST_CURRENT_TEST", "LOGNAME", "MAIL", "SSH_AUTH_SOCK"}
    expected = sandbox.variables(True, Path("/"))
    assert set(names) <= {*expected, "PWD", "MPLBACKEND"}
    assert {name: names[name] for name in expected} == expected


def test_arguments_and_process_say_nothing_of_the_judge(forkserver: Forkserver) -> None:
    found = told(
        forkserver,
        """
        import json, os, sys, socket
        print(json.dumps([sys.argv, os.getpid(), os.getppid(), socket.gethostname(), os.getcwd()]))
        """,
    )
    argv, pid, parent, host, directory = found
    assert len(argv) == 1
    assert (pid, parent) == (1, 0)  # the first of its namespace
    assert host == "grader"
    assert directory == "/home/student"


def test_exactly_the_expected_descriptors_are_open(forkserver: Forkserver) -> None:
    found, null = told(
        forkserver,
        """
        import json, os, stat
        found = {}
        for fd in range(256):
            try:
                mode = os.fstat(fd).st_mode
            except OSError:
                continue
            found[fd] = "socket" if stat.S_ISSOCK(mode) else "device" if stat.S_ISCHR(mode) else oct(mode)
        null = os.stat("/dev/null")
        print(json.dumps([found, [os.fstat(fd).st_rdev == null.st_rdev for fd in (0, 1, 2)]]))
        """,
    )
    assert sorted(found.values()) == ["device", "device", "device", "socket"]
    assert set(found) >= {"0", "1", "2"}
    assert null == [True, True, True]


def test_descriptors_of_an_exercise_process(forkserver: Forkserver) -> None:
    with Session(forkserver, LIMITS) as session:
        session.run_notebook(
            cells(
                """
                import os, stat
                def look():
                    found = []
                    for fd in range(256):
                        try:
                            found.append(stat.S_IFMT(os.fstat(fd).st_mode))
                        except OSError:
                            pass
                    return found
                """
            )
        )
        found = student_of(session).look()
    # The connection of this exercise alone: not the notebook's, nor another exercise's; and /dev/null.
    assert found.count(stat.S_IFSOCK) == 1
    assert set(found) == {stat.S_IFSOCK, stat.S_IFCHR}


def test_programs_that_students_start_inherit_no_connection(forkserver: Forkserver) -> None:
    found = told(
        forkserver,
        """
        import json, subprocess, sys
        code = "import os\\nfor fd in range(3, 256):\\n  try: os.fstat(fd); print(fd)\\n  except OSError: pass"
        ran = subprocess.run([sys.executable, "-c", code], close_fds=False, capture_output=True, text=True)
        print(json.dumps(ran.stdout + ran.stderr))
        """,
    )
    assert found == ""


PLACES = [
    "/",
    "/usr",
    "/usr/bin",
    "/etc",
    "/opt",
    "/dev",
    "/proc",
    "/home",
    f"{sandbox.PACKAGE_AT}/autograder",
    sys.prefix,
]


@pytest.mark.parametrize("where", PLACES)
def test_nothing_but_the_private_directories_can_be_written(forkserver: Forkserver, where: str) -> None:
    results = attempted(
        forkserver,
        f"""
        attempt("create", open, {where!r} + "/probe", "w")
        attempt("directory", os.mkdir, {where!r} + "/probe.d")
        attempt("rename", os.rename, {where!r}, {where!r} + ".old")
        attempt("mode", os.chmod, {where!r}, 0o777)
        attempt("times", os.utime, {where!r})
        """,
    )
    assert not [name for name, result in results.items() if result == "worked"], results


def test_private_directories_start_empty_and_can_be_written(forkserver: Forkserver) -> None:
    found = told(
        forkserver,
        """
        import json, os
        before = {place: os.listdir(place) for place in (".", "/tmp", "/dev/shm", "/dev/pts")}
        for place in (".", "/tmp", "/dev/shm"):
            open(os.path.join(place, "mine"), "w").write("x")
        print(json.dumps(before))
        """,
    )
    assert found == {".": [], "/tmp": [], "/dev/shm": [], "/dev/pts": ["ptmx"]}


def test_files_of_the_submission_lie_beside_the_notebook(forkserver: Forkserver) -> None:
    files = {"data/values.csv": b"1,2\n", "notes.txt": b"hello", "helper.py": b"def f(): return 5"}
    reading, importing = run(
        forkserver,
        "print(open('data/values.csv').read(), open('notes.txt').read())",
        "import helper; print(helper.f())",
        files=files,
    )
    assert text_of(reading) == "1,2\n hello\n"
    assert text_of(importing) == "5\n"


def test_links_lead_nowhere(forkserver: Forkserver, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    results = attempted(
        forkserver,
        f"""
        os.symlink({str(tmp_path / "secret")!r}, "link")
        attempt("symbolic", lambda: open("link").read())
        attempt("hard", os.link, "/usr/bin/env", "hard")
        attempt("upwards", lambda: open("../" * 30 + {str(tmp_path / "secret")!r}).read())
        """,
    )
    assert set(results.values()) <= {"ENOENT", "EXDEV", "EPERM"}


def test_settings_within_the_visible_trees_are_covered(forkserver: Forkserver) -> None:
    trees = (Path("/usr/local"), *sandbox.python_trees())
    places = [str(sandbox.inside(tree / "etc")) for tree in trees if (tree / "etc").is_dir()]
    found = told(forkserver, f"import json, os; print(json.dumps([os.listdir(place) for place in {places!r}]))")
    assert all(names == [] for names in found)


def test_banned_packages_are_absent_wherever_a_copy_lies(forkserver: Forkserver) -> None:
    runs = run(
        forkserver,
        "import sklearn",
        "import sklearn.linear_model",
        """
        import glob, sys
        trees = ["/usr", "/usr/local", sys.prefix, sys.base_prefix]
        found = [name for tree in trees for name in glob.glob(tree + "/lib*/python3*/*-packages/sklearn/*")]
        print({name.rpartition("/")[2] for name in found})
        """,
        "import numpy; print('numpy works')",
    )
    for banned in runs[:2]:
        assert "ImportError: sklearn is not available in this assignment" in text_of(banned)
    assert text_of(runs[2]) == "{'__init__.py'}\n"
    assert text_of(runs[3]) == "numpy works\n"


def test_banned_package_names_are_checked(tmp_path: Path) -> None:
    with pytest.raises(SuiteFault, match=r"torch\.nn"):
        sandbox.command(Environment(banned_packages=("torch.nn",)), tmp_path, [])


def test_every_copy_of_a_banned_package_is_found(tmp_path: Path) -> None:
    for place in (
        "lib/python3.11/site-packages/sklearn/__init__.py",
        "lib/python3.12/site-packages/sklearn.py",
        "lib64/python3.11/site-packages/sklearn.cpython-311-x86_64-linux-gnu.so",
        "envs/other/lib/python3.10/site-packages/sklearn/__init__.py",
        "pkgs/scikit-learn-1.4/lib/python3.10/site-packages/sklearn/__init__.py",
        "local/lib/python3.11/dist-packages/sklearn/__init__.py",
        "lib/python3/dist-packages/sklearn/__init__.py",
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    (tmp_path / "lib/python3.11/site-packages/sklearnex").mkdir()
    found = {path.relative_to(tmp_path).as_posix() for path in sandbox._copies(tmp_path, "sklearn")}
    assert len(found) == 7
    assert "lib/python3.11/site-packages/sklearnex" not in found


def test_a_course_inside_a_visible_tree_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SandboxUnavailable, match="move it out"):
        sandbox.check_not_visible([Path("/usr/share/course")])
    with pytest.raises(SandboxUnavailable, match="move it out"):
        sandbox.check_not_visible([Path(sys.prefix, "course")])
    (tmp_path / "link").symlink_to("/usr/share")
    with pytest.raises(SandboxUnavailable, match="move it out"):
        sandbox.check_not_visible([tmp_path / "link" / "course"])
    sandbox.check_not_visible([tmp_path])
    monkeypatch.setenv("HOME", "/usr/home/me")
    with pytest.raises(SandboxUnavailable, match="another Python"):
        sandbox.check_not_visible([])
