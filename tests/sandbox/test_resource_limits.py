"""Time, memory, processes, files and output: each limit holds, is told in words, and costs nobody else anything."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from autograder.errors import LimitReached, ProcessEnded, StudentError
from autograder.judge import session as session_module
from autograder.judge.contract import Contract
from autograder.judge.forkserver import Forkserver
from autograder.judge.proxies import Conversation, StudentProxy
from autograder.judge.sandbox import Environment
from autograder.judge.session import Session
from autograder.suite.assignment import Assignment
from autograder.suite.subjects import Submission
from tests.sandbox.probe import LIMITS, cells, eventually, run, student_of, student_processes, text_of, told

SHORT = dataclasses.replace(LIMITS, cell_seconds=0.6, call_seconds=0.6)
SMALL = dataclasses.replace(LIMITS, memory_mb=150)
TOO_MUCH = "left out: it used more than 150 MiB of memory"


def test_memory_of_one_process(forkserver: Forkserver) -> None:
    greedy, after = run(forkserver, "import numpy as np\nx = np.ones(10**8)", "print('alive')", limits=SMALL)
    assert "MemoryError" in text_of(greedy)
    assert greedy.note == ""
    assert text_of(after) == "alive\n"


def test_memory_in_a_call_is_the_calls_own_failure(forkserver: Forkserver) -> None:
    with Session(forkserver, SMALL) as session:
        session.run_notebook(cells("def greedy():\n    return len(bytearray(10**9))"))
        student = student_of(session)
        with pytest.raises(StudentError, match="MemoryError"):
            student.greedy()
        assert student.has("greedy")


HOARD = """
import mmap, os, threading, time
def hoard(mb):
    block = mmap.mmap(-1, mb * 2**20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for start in range(0, len(block), 4096):
        block[start] = 1
    time.sleep(20)
def child(mb=60):
    if os.fork() == 0:
        hoard(mb)
        os._exit(0)
"""
HOARDERS = {
    "children": "for _ in range(5): child()\ntime.sleep(20)",
    "children of a thread": "def work():\n    for _ in range(5): child()\n    time.sleep(20)\n"
    "threading.Thread(target=work).start()\ntime.sleep(20)",
    "orphans": "for _ in range(5):\n    if os.fork() == 0:\n        child()\n        os._exit(0)\ntime.sleep(20)",
    "shared memory": "kept = mmap.mmap(-1, 400 * 2**20)\nfor start in range(0, len(kept), 4096): kept[start] = 1\n"
    "time.sleep(20)",
    "shared memory taken off the page tables": "kept = mmap.mmap(-1, 400 * 2**20)\n"
    "for start in range(0, len(kept), 2**20):\n    kept[start:start + 2**20] = bytes(2**20)\n"
    "    kept.madvise(mmap.MADV_DONTNEED)\ntime.sleep(20)",
    "buffers of sockets": "import socket\nends = []\ndef fill(sender):\n    sender.setblocking(False)\n    try:\n"
    "        while True: sender.send(bytes(2**16))\n    except BlockingIOError: pass\n"
    "def pairs():\n    for _ in range(110):\n        ends.extend(socket.socketpair())\n"
    "        for end in ends[-2:]: fill(end)\n    time.sleep(20)\n"
    "for _ in range(5):\n    if os.fork() == 0: pairs()\ntime.sleep(20)",
    "what closed sockets have sent": "import socket\nmeeting = socket.socket(socket.AF_UNIX)\nmeeting.bind('meeting')\n"
    "meeting.listen(4000)\nfor _ in range(1500):\n    with socket.socket(socket.AF_UNIX) as sender:\n"
    "        sender.connect('meeting')\n        sender.setblocking(False)\n        try:\n"
    "            while True: sender.send(bytes(2**16))\n        except BlockingIOError: pass\ntime.sleep(20)",
    "page tables": "kept = mmap.mmap(-1, 2**38, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ)\n"
    "for start in range(0, len(kept), 2**21): kept[start]\ntime.sleep(20)",
}


@pytest.mark.parametrize("source", HOARDERS.values(), ids=HOARDERS)
def test_memory_of_all_processes_together(forkserver: Forkserver, source: str) -> None:
    began = time.monotonic()
    hoarding, after = run(forkserver, HOARD + source, "print('alive')", limits=SMALL)
    assert hoarding.note == TOO_MUCH
    assert text_of(after) == "alive\n"
    assert time.monotonic() - began < 8


def test_names_that_are_no_text_do_not_blind_the_watch(forkserver: Forkserver) -> None:
    """The supervisor reads /proc, where the code writes: names of processes and of mapped files."""
    spoil = """
    import ctypes, mmap, os
    ctypes.CDLL(None).prctl(15, b"\\xff\\xfe\\nVmSize: 0")
    for name in (b"\\xff\\xfe", b"new\\nline", b"x /dev/zero (deleted)"):
        with open(name, "wb+") as stream:
            stream.write(bytes(4096))
            kept = mmap.mmap(stream.fileno(), 4096)
    """
    spoiling, hoarding, after = run(forkserver, spoil, HOARD + HOARDERS["children"], "print('alive')", limits=SMALL)
    assert (spoiling.note, hoarding.note) == ("", TOO_MUCH)
    assert text_of(after) == "alive\n"


def test_memory_that_forks_share_counts_once(forkserver: Forkserver) -> None:
    limits = dataclasses.replace(LIMITS, memory_mb=300)
    with Session(forkserver, limits) as session:
        session.run_notebook(
            cells("import time\ndata = bytearray(200 * 2**20)\ndef f():\n    time.sleep(0.3)\n    return len(data)")
        )
        assert student_of(session).f() == 200 * 2**20
        assert student_of(session).f() == 200 * 2**20


def test_sizes_of_files_and_of_each_directory(forkserver: Forkserver) -> None:
    found = told(
        forkserver,
        """
        import errno, json, os
        def fill(path, mb):
            try:
                with open(path, "wb") as stream:
                    for _ in range(mb):
                        stream.write(bytes(2**20))
                return "worked"
            except OSError as error:
                return errno.errorcode[error.errno]
        found = []
        for place in (".", "/tmp", "/dev/shm"):
            found.append([fill(f"{place}/{name}", 6) for name in "ab"])
            for name in os.listdir(place):
                os.remove(os.path.join(place, name))
            found[-1].append(fill(f"{place}/c", 9))
        print(json.dumps(found))
        """,
    )
    assert found == [["worked", "ENOSPC", "EFBIG"]] * 3 or found == [["worked", "ENOSPC", "ENOSPC"]] * 3


def test_number_of_files(forkserver: Forkserver) -> None:
    (only,) = run(forkserver, "for number in range(30000): open(str(number), 'w').close()")
    assert "No space left on device" in text_of(only)


def test_number_of_open_files(forkserver: Forkserver) -> None:
    (only,) = run(forkserver, "kept = [open('/dev/null') for _ in range(1000)]")
    assert "Too many open files" in text_of(only)


def test_sockets_that_hold_little_cost_nothing(forkserver: Forkserver) -> None:
    """Open and half-open ones, with and without data; and a program may ask for larger buffers, and gets none."""
    found = told(
        forkserver,
        """
        import json, socket, time
        pairs = [socket.socketpair() for _ in range(110)]
        for left, right in pairs:
            left.send(bytes(1000))
        for left, right in pairs[:60]:
            right.recv(2000)
            left.close()
        (left, right), before = pairs[-1], pairs[-1][0].getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        left.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**24)
        left.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        refused = []
        for option in (32, 33, 26):  # SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_ATTACH_FILTER
            try:
                left.setsockopt(socket.SOL_SOCKET, option, 2**24)
            except PermissionError:
                refused.append(option)
        time.sleep(0.5)
        print(json.dumps([left.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) - before, refused]))
        """,
        limits=dataclasses.replace(LIMITS, memory_mb=20),
    )
    assert found == [0, [32, 33, 26]]


FORK_BOMB = """
import os, time
children = 0
try:
    for _ in range(200):  # bounded: harmless should the limit not hold
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        children += 1
except OSError as error:
    print(error.strerror, children)
"""


def test_number_of_processes(forkserver: Forkserver) -> None:
    with Session(forkserver, LIMITS) as bomb, Session(forkserver, LIMITS) as other:
        (burst,) = bomb.run_notebook(cells(FORK_BOMB))
        assert text_of(burst).startswith("Resource temporarily unavailable")
        assert int(text_of(burst).split()[-1]) < LIMITS.processes
        # Another submission's processes are counted apart, also where both have the same user id outside.
        (calm,) = other.run_notebook(cells("import subprocess\nprint(subprocess.run(['true']).returncode)"))
        assert text_of(calm) == "0\n"
        assert student_of(other).has("subprocess")
        with pytest.raises(ProcessEnded, match="Resource temporarily unavailable"):
            bomb.exercise()
    assert eventually(lambda: not student_processes(forkserver))


def test_number_of_threads(forkserver: Forkserver) -> None:
    found = told(
        forkserver,
        """
        import json, threading
        stop, started = threading.Event(), 0
        try:
            for _ in range(200):
                threading.Thread(target=stop.wait, daemon=True).start()
                started += 1
        except RuntimeError as error:
            stop.set()
            print(json.dumps([str(error), started]))
        """,
    )
    assert found[0] == "can't start new thread"
    assert found[1] < LIMITS.processes


def test_processor_time(forkserver: Forkserver) -> None:
    limits = dataclasses.replace(LIMITS, cpu_seconds=1)
    busy, after = run(forkserver, "while True: pass", "print('alive')", limits=limits)
    assert busy.note == "left out: it used more than 1 s of processor time"
    assert text_of(after) == "alive\n"


def test_processor_time_of_a_call(forkserver: Forkserver) -> None:
    limits = dataclasses.replace(LIMITS, cpu_seconds=1)
    with Session(forkserver, limits) as session:
        session.run_notebook(cells("def busy():\n    while True: pass"))
        with pytest.raises(ProcessEnded):
            student_of(session).busy()
        assert student_of(session).has("busy")


def test_output_is_cut_and_says_so(forkserver: Forkserver) -> None:
    limits = dataclasses.replace(LIMITS, output_kb=4)
    long, many, shown, after = run(
        forkserver,
        "print('a' * 10**7)",
        "for n in range(10**5): print(n)",
        "from IPython.display import display\nfor n in range(10**4): display({}, raw=True)",
        "print('next')",
        limits=limits,
    )
    for cell in (long, many):
        assert 4000 < len(text_of(cell)) < 5000
        assert text_of(cell).endswith("the limit is reached]\n")
    assert text_of(long).startswith("aaa")
    assert len(shown.outputs) < 50
    assert text_of(after) == "next\n"


def test_endless_output_ends_with_the_cells_time(forkserver: Forkserver) -> None:
    (only,) = run(forkserver, "while True: print('again and again')", limits=SHORT)
    assert only.note == "stopped after 0.6 s: the limit for one cell"
    assert len(text_of(only)) < 2 * LIMITS.output_kb * 1024


ENDLESS = {
    "a loop": "while True: pass",
    "sleep": "import time; time.sleep(60)",
    "a child": "import subprocess; subprocess.run(['sleep', '60'])",
    "a shell command": "!sleep 60",
    "a read that gets nothing": "import os; os.read(os.pipe()[0], 1)",
    "await": "import asyncio; await asyncio.sleep(60)",
    "a lock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
}


@pytest.mark.parametrize("source", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_cell_is_stopped_and_the_next_one_runs(forkserver: Forkserver, source: str) -> None:
    began = time.monotonic()
    endless, after = run(forkserver, "kept = 1\n" + source, "print('kept', kept)", limits=SHORT)
    assert endless.note == "stopped after 0.6 s: the limit for one cell"
    assert text_of(after) == "kept 1\n"
    assert time.monotonic() - began < 3.5


STUBBORN = {
    "catches the interrupt": "import time\nwhile True:\n    try: time.sleep(9)\n    except KeyboardInterrupt: pass",
    "ignores the signal": "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    "takes the default": "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL)\nwhile True: pass",
    "blocks all signals": "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
}


@pytest.mark.parametrize("source", STUBBORN.values(), ids=STUBBORN)
def test_a_cell_that_will_not_be_stopped_is_left_out(
    forkserver: Forkserver, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "INTERRUPT_SECONDS", 0.4)
    before, stubborn, after = run(forkserver, "x = 1", source, "print('x', x)", limits=SHORT)
    assert (before.note, after.note) == ("", "")
    assert stubborn.note == "ended and left out after 0.6 s: the limit for one cell"
    assert text_of(after) == "x 1\n"


def test_an_endless_call_costs_one_check(forkserver: Forkserver) -> None:
    with Session(forkserver, SHORT) as session:
        session.run_notebook(
            cells(
                """
                import signal
                def endless():
                    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
                    while True: pass
                def fine(): return 5
                """
            )
        )
        began = time.monotonic()
        with pytest.raises(LimitReached, match=r"no answer within 0\.6 s"):
            student_of(session).endless()
        assert time.monotonic() - began < 2
        # The given-up process is gone, not only forgotten: what is left is supervisor, notebook and the next exercise.
        assert student_of(session).fine() == 5
        assert len(student_processes(forkserver)) == 3


def test_calls_that_hang_use_up_an_exercise(forkserver: Forkserver, tmp_path: Path) -> None:
    """The first may take its whole time; an exercise that has hung gets a quarter of it for each further call."""
    limits = dataclasses.replace(LIMITS, call_seconds=1.0, hangs=2)
    assignment = Assignment("a", "A", tmp_path, tmp_path, Environment(), limits, Contract())
    source = "import time\ndef endless():\n    while True: pass\ndef nap(seconds):\n    time.sleep(seconds)"
    opened = Submission("ada", cells(source), {}, forkserver).open(assignment)

    def student(exercise: str) -> StudentProxy:
        return StudentProxy(Conversation(opened.channel(exercise), assignment.contract))

    try:
        student("first").nap(0.5)
        with pytest.raises(LimitReached, match=r"no answer within 1 s"):
            student("first").endless()
        student("first").nap(0.01)
        with pytest.raises(LimitReached, match=r"no answer within 0\.25 s"):
            student("first").nap(0.5)
        with pytest.raises(LimitReached, match="not run: 2 calls of this exercise had no answer"):
            student("first")
        student("second").nap(0.5)  # what hung in one exercise is not held against the next
    finally:
        opened.close()
