"""A process that ends, crashes or refuses to: what it costs, what is said, and that nothing is left behind."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time

import pytest

from autograder.errors import MissingName, ProcessEnded, StudentError, StudentFault, WireViolation
from autograder.judge.forkserver import Forkserver
from autograder.judge.session import Session
from tests.sandbox.probe import (
    LIMITS,
    cells,
    eventually,
    host_processes_of_student,
    living,
    run,
    student_of,
    student_processes,
    text_of,
)

CELL_ENDINGS = {
    "os._exit": ("import os; os._exit(3)", "left out: it ended its process (exit code 3)"),
    "os._exit(0)": ("import os; os._exit(0)", "left out: it ended its process (exit code 0)"),
    "null pointer": ("import ctypes; ctypes.string_at(0)", "left out: it crashed or was killed (signal SIGSEGV)"),
    "abort": ("import os; os.abort()", "left out: it crashed or was killed (signal SIG"),
    "stack overflow": (
        "import ctypes, sys\nsys.setrecursionlimit(10**9)\n"
        "class A:\n    def __repr__(self): return repr(self)\n"
        "f = ctypes.CFUNCTYPE(None)(lambda: f())\nf()",
        "signal SIG",
    ),
    "closing the connection": ("import os; os.closerange(3, 256)", "left out: it"),
    "replacing the connection": (
        "import os\nfor fd in range(3, 256):\n    try: os.dup2(0, fd)\n    except OSError: pass",
        "left out: it",
    ),
}


@pytest.mark.parametrize(("source", "note"), CELL_ENDINGS.values(), ids=CELL_ENDINGS)
def test_a_cell_that_ends_its_process_is_left_out(forkserver: Forkserver, source: str, note: str) -> None:
    before, ending, after = run(forkserver, "x = 1", source, "print('x', x)")
    assert note in ending.note
    assert (before.note, after.note) == ("", "")
    assert text_of(after) == "x 1\n"


CELL_EXCEPTIONS = {
    "sys.exit": ("import sys; sys.exit(1)", "SystemExit"),
    "SystemExit": ("raise SystemExit", "SystemExit"),
    "exit": ("exit()", ""),
    "quit": ("quit", ""),
    "KeyboardInterrupt": ("raise KeyboardInterrupt('by hand')", "KeyboardInterrupt"),
    "GeneratorExit": ("raise GeneratorExit", "GeneratorExit"),
    "an exception of its own": ("class Odd(BaseException): pass\nraise Odd('odd')", "Odd: odd"),
    "one without text": ("class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute", "Mute"),
    "recursion": ("def f(): f()\nf()", "RecursionError"),
    "syntax": ("def f(:", "SyntaxError"),
    "a null byte": ("x = '\\0'; y = eval('1\\0')", "null bytes"),  # a ValueError before CPython 3.11.4
    "SIGTERM to itself": ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", ""),
    "SIGKILL to itself": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", ""),  # pid 1 is immune from inside
    "SIGSTOP to itself": ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", ""),
}


@pytest.mark.parametrize(("source", "said"), CELL_EXCEPTIONS.values(), ids=CELL_EXCEPTIONS)
def test_a_cell_that_raises_is_an_ordinary_error(forkserver: Forkserver, source: str, said: str) -> None:
    raising, after = run(forkserver, source, "print('alive')")
    assert raising.note == ""
    assert said in text_of(raising)
    assert text_of(after) == "alive\n"


def test_too_many_endings_leave_nothing_to_check(forkserver: Forkserver) -> None:
    limits = dataclasses.replace(LIMITS, restarts=1)
    with Session(forkserver, limits) as session:
        runs = session.run_notebook(cells("1", *["import os; os._exit(1)"] * 3))
        assert [run_.note != "" for run_ in runs] == [False, True, True, True]
        with pytest.raises(ProcessEnded, match=r"2 times.*exit code 1"):
            session.exercise()


CALLS = """
import ctypes, os, signal, sys, threading, time
class Odd(BaseException):
    pass
def leave(): os._exit(3)
def crash(): ctypes.string_at(0)
def abort(): os.abort()
def kill(): os.kill(os.getpid(), signal.SIGKILL)
def disconnect(): os.closerange(3, 256)
def sys_exit(): sys.exit("bye")
def interrupt(): raise KeyboardInterrupt("by hand")
def odd(): raise Odd("odd")
def generator_exit(): raise GeneratorExit("gone")
def mute():
    class Mute(Exception):
        def __str__(self): raise Odd("second")
    raise Mute
def deep(): return deep()
def big():
    import numpy as np
    return np.zeros(2**20, dtype="f8").repeat(9)
def long(): return ["x" * 10**6] * 70
def unfriendly():
    class Unfriendly:
        def __getattr__(self, name): raise Odd(name)
    return Unfriendly()
def fork_and_return():
    if os.fork() == 0: return "child"
    time.sleep(0.1)
    return "parent"
def babble():
    for fd in range(3, 256):
        try: os.write(fd, b"\\xff" * 100)
        except OSError: pass
    return 1
def later():
    def run():
        time.sleep(0.2)
        os._exit(1)
    threading.Thread(target=run).start()
    return 1
def fine(): return 5
"""


@pytest.fixture(scope="module")
def session(forkserver: Forkserver) -> object:
    with Session(forkserver, LIMITS) as opened:
        assert [run_.note for run_ in opened.run_notebook(cells(CALLS))] == [""]
        yield opened


@pytest.mark.parametrize("name", ["leave", "crash", "abort", "kill", "disconnect"])
def test_a_call_that_ends_its_process_costs_one_check(session: Session, name: str) -> None:
    student = student_of(session)
    with pytest.raises(ProcessEnded):
        student[name]()
    with pytest.raises(ProcessEnded, match="earlier in this check"):
        student.fine()
    assert student_of(session).fine() == 5


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("sys_exit", "SystemExit", "bye"),
        ("interrupt", "KeyboardInterrupt", "by hand"),
        ("odd", "Odd", "odd"),
        ("generator_exit", "GeneratorExit", "gone"),
        ("deep", "RecursionError", "recursion"),
        ("big", "a result that cannot be sent", "at most"),
        ("long", "a result that cannot be sent", "at most"),
    ],
)
def test_a_call_that_raises_is_told_and_the_process_goes_on(session: Session, name: str, kind: str, text: str) -> None:
    student = student_of(session)
    with pytest.raises(StudentError, match=text) as caught:
        student[name]()
    assert kind in caught.value.kinds
    assert student.fine() == 5


def test_a_call_of_nothing(session: Session) -> None:
    student = student_of(session)
    with pytest.raises(MissingName, match="undefined is not defined"):
        student.undefined()
    assert student.fine() == 5


def test_exceptions_without_text_and_objects_without_manners(session: Session) -> None:
    student = student_of(session)
    with pytest.raises(StudentFault):
        student.mute()
    assert student_of(session).fine() == 5
    with pytest.raises(StudentFault):
        student_of(session).unfriendly().attribute()
    assert student_of(session).fine() == 5


def test_a_forked_copy_of_the_exercise_process_does_not_answer(session: Session) -> None:
    student = student_of(session)
    assert student.fork_and_return() == "parent"
    assert student.fine() == 5


def test_a_forked_copy_of_the_notebook_process_does_not_answer(forkserver: Forkserver) -> None:
    first, second, third = run(
        forkserver, "import os, time\nx = os.fork()\nif x: time.sleep(0.1)\nprint(x > 0)", "print('b')", "print('c')"
    )
    assert (text_of(first), text_of(second), text_of(third)) == ("True\n", "b\n", "c\n")


def test_what_a_call_writes_to_the_connection_is_a_violation(session: Session) -> None:
    with pytest.raises(WireViolation):
        student_of(session).babble()
    assert student_of(session).fine() == 5


def test_an_end_between_two_calls_is_told_as_one(session: Session) -> None:
    student = student_of(session)
    assert student.later() == 1
    time.sleep(0.4)
    with pytest.raises(ProcessEnded):
        student.fine()
    assert student_of(session).fine() == 5


def test_the_supervisors_report_cannot_be_forged(forkserver: Forkserver) -> None:
    forge = """
    import os, struct
    from autograder.wire import encode
    for event in ({"event": "ended", "status": 0, "reason": "memory"}, {"event": "started"}, {"outputs": []}):
        frame = encode(event)
        for fd in range(3, 256):
            try: os.write(fd, struct.pack(">I", len(frame)) + frame)
            except OSError: pass
    os._exit(7)
    """
    with Session(forkserver, LIMITS) as session:
        forging, after = session.run_notebook(cells(forge, "print('alive')"))
        # What it wrote was taken for the cell's answer, and is none; what is said of its end is the supervisor's word.
        assert forging.note.startswith("left out: it sent something that is not a cell's result")
        assert text_of(after) == "alive\n"
        assert student_of(session).has("In")


DAEMONS = {
    "a child": "import subprocess; subprocess.Popen(['sleep', '100'])",
    "a child in a session of its own": "import subprocess; subprocess.Popen(['sleep', '100'], start_new_session=True)",
    "nohup": "!nohup sleep 100 > /dev/null 2>&1 &",
    "a daemon": """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.closerange(0, 256)
                import signal
                for number in range(1, 65):
                    try: signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError): pass
                time.sleep(100)
            os._exit(0)
        """,
    "threads": "import threading, time\nfor _ in range(5): threading.Thread(target=time.sleep, args=(100,)).start()",
    "a chain that forks on": """
        import os, time
        if os.fork() == 0:
            while True:
                if os.fork():
                    os._exit(0)
                time.sleep(0.005)
        """,
    "a signal storm": """
        import os, signal, time
        if os.fork() == 0:
            while True:
                os.kill(1, signal.SIGUSR1)
                time.sleep(0.001)
        """,
}


@pytest.mark.parametrize("source", DAEMONS.values(), ids=DAEMONS)
def test_what_is_left_behind_ends_with_the_submission(forkserver: Forkserver, source: str) -> None:
    before = set(student_processes(forkserver))
    with Session(forkserver, LIMITS) as session:
        left, after = session.run_notebook(cells(source, "print('alive')"))
        assert (left.note, text_of(after)) == ("", "alive\n")
        assert student_of(session).has("In")
        inside = set(student_processes(forkserver)) - before
        assert len(inside) >= 3
    # The supervisor, ours, has sent its report and is about to end; the rest is gone already.
    assert len(living(inside)) <= 1
    assert eventually(lambda: set(student_processes(forkserver)) <= before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only a grader that is root gives students another user id")
def test_no_process_of_the_students_user_is_left_on_this_machine(forkserver: Forkserver) -> None:
    before = set(host_processes_of_student())
    for source in DAEMONS.values():
        run(forkserver, source)
    assert eventually(lambda: set(host_processes_of_student()) <= before)


def test_a_failing_session_leaves_nothing_either(forkserver: Forkserver) -> None:
    before = set(student_processes(forkserver))
    session = Session(forkserver, LIMITS)
    with contextlib.suppress(RuntimeError), session:
        session.run_notebook(cells("import subprocess; subprocess.Popen(['sleep', '100'])"))
        raise RuntimeError("the judge fails")
    assert eventually(lambda: set(student_processes(forkserver)) <= before)


def test_a_judge_that_drops_its_connections_ends_the_submission(forkserver: Forkserver) -> None:
    before = set(student_processes(forkserver))
    student, supervisor = forkserver.spawn(LIMITS)
    assert eventually(lambda: len(set(student_processes(forkserver)) - before) == 2)
    supervisor.close()
    assert eventually(lambda: set(student_processes(forkserver)) <= before)
    student.close()


def test_errors_of_the_students_keep_their_kind(session: Session) -> None:
    with pytest.raises(StudentError) as caught:
        student_of(session).odd()
    assert caught.value.kinds == ("Odd", "BaseException", "object")
    assert "in odd" in caught.value.detail
