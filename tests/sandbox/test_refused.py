"""What an instructor is told of system calls that were refused: which, and never by whom else than the kernel."""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from autograder.judge.forkserver import Forkserver
from autograder.judge.seccomp import compiled_filter, described, for_student_side
from autograder.judge.session import Session
from autograder.student import confine
from autograder.student.refused import MOST
from tests.sandbox.probe import ATTEMPTS, LIMITS, cells, run, student_of, text_of


def refused(forkserver: Forkserver, *sources: str) -> set[str]:
    """The refused calls of a notebook with these cells."""
    with Session(forkserver, LIMITS) as session:
        session.run_notebook(cells(*(ATTEMPTS + source for source in sources)))
    return {described(number, first) for number, first in session.refused}


def number_of(name: str) -> int:
    (number,) = (number for number, told in compiled_filter(telling=True).told.items() if told == name)
    return number


def test_refused_calls_are_named_whoever_made_them(forkserver: Forkserver) -> None:
    in_a_child = f"""
attempt("socket", socket.socket, socket.AF_INET6)
if os.fork() == 0:
    attempt("unshare", call, {number_of("unshare")}, 0, 0, 0)
    os._exit(0)
os.wait()
"""
    in_a_thread = f"""
import threading
thread = threading.Thread(target=attempt, args=("ptrace", call, {number_of("ptrace")}, 0, 0, 0, 0))
thread.start()
thread.join()
"""
    assert refused(forkserver, in_a_child, in_a_thread) == {"socket(AF_INET6)", "unshare", "ptrace"}


def test_a_notebook_that_is_left_out_and_run_again_is_told_of_too(forkserver: Forkserver) -> None:
    assert refused(forkserver, f"attempt('bpf', call, {number_of('bpf')}, 0, 0, 0)\nos._exit(3)") == {"bpf"}


def test_an_exercise_is_told_of(forkserver: Forkserver) -> None:
    source = f"def probe(): attempt('keyctl', call, {number_of('keyctl')}, 0, 0, 0)"
    with Session(forkserver, LIMITS) as session:
        session.run_notebook(cells(ATTEMPTS + source))
        student_of(session).probe()
    assert {described(*one) for one in session.refused} == {"keyctl"}


def test_computing_asks_for_nothing_that_is_told_of(torch_forkserver: Forkserver) -> None:
    source = """
import subprocess, tempfile, threading, multiprocessing.pool
import matplotlib.pyplot as plt
import torch
torch.set_num_threads(2)
x = torch.randn(500, 500, requires_grad=True)
(x @ x).sum().backward()
plt.plot([1, 2]); plt.show()
print(subprocess.run(["ls", "/"], capture_output=True, text=True).stdout)
with tempfile.NamedTemporaryFile() as stream:
    stream.write(b"1")
with multiprocessing.pool.ThreadPool(2) as pool:
    pool.map(abs, range(4))
"""
    assert refused(torch_forkserver, source) == set()


def test_a_flood_of_refused_calls_is_bounded_and_stays_refused(forkserver: Forkserver) -> None:
    source = f"""
kinds = set()
for _ in range({MOST + 500}):
    results.clear()
    attempt("ptrace", call, {number_of("ptrace")}, 0, 0, 0, 0)
    kinds.add(results["ptrace"])
print(sorted(kinds))
"""
    with Session(forkserver, LIMITS) as session:
        (only,) = session.run_notebook(cells(ATTEMPTS + source))
    assert text_of(only).strip() == "['ENOSYS', 'EPERM']"
    assert {described(*one) for one in session.refused} == {"ptrace"}


def test_student_code_does_not_hold_the_listener(forkserver: Forkserver) -> None:
    source = """
import fcntl, os
requests = []
for fd in range(256):
    for request in (0xC0502100, 0xC0182101, 0x40082102):
        try:
            fcntl.ioctl(fd, request, bytearray(80))
        except OSError as error:
            requests.append(error.errno)
        else:
            requests.append(0)
print(sorted(set(requests)))
"""
    (only,) = run(forkserver, source)
    assert text_of(only).strip() == str(sorted({errno.EBADF, errno.ENOTTY}))


def test_where_somebody_else_listens_the_kernel_refuses_by_itself() -> None:
    programs = [compiled_filter(telling=telling).program for telling in (True, False)]
    allow_everything = struct.pack("=HBBI", 6, 0, 0, 0x7FFF0000)  # BPF_RET, SECCOMP_RET_ALLOW
    number = for_student_side()["numbers"]["seccomp"]
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            assert confine._prctl(confine.PR_SET_NO_NEW_PRIVS, 1) == 0
            theirs = confine.install_filters([allow_everything] * 2, number)
            ours = confine.install_filters(programs, number)
            ctypes.set_errno(0)
            refused = ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0) == -1 and ctypes.get_errno() == errno.EPERM
            code = 0 if theirs >= 0 and ours == -1 and refused else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
