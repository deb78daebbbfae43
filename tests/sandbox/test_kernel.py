"""What student code can ask of the kernel: computing, files, threads and child processes; no way out, no way up."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.judge.forkserver import Forkserver
from autograder.judge.seccomp import compiled_filter
from autograder.judge.session import Session
from autograder.judge.users import IDS, NOBODY, distinct
from tests.sandbox.probe import LIMITS, attempted, cells, run, student_processes, text_of, told

x86_64 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the system call numbers below are those of x86-64")

FORBIDDEN = {
    "ptrace": 101, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308,
    "bpf": 321, "keyctl": 250, "add_key": 248, "request_key": 249, "perf_event_open": 298, "io_uring_setup": 425,
    "userfaultfd": 323, "init_module": 175, "finit_module": 313, "kexec_load": 246, "process_vm_readv": 310,
    "process_vm_writev": 311, "kcmp": 312, "name_to_handle_at": 303, "open_by_handle_at": 304, "memfd_create": 319,
    "memfd_secret": 447, "inotify_init": 253, "inotify_init1": 294, "fanotify_init": 300, "setuid": 105, "setgid": 106,
    "setresuid": 117, "setresgid": 119, "setgroups": 116, "capset": 126, "personality": 135, "modify_ldt": 154,
    "iopl": 172, "swapon": 167, "reboot": 169, "sethostname": 170, "settimeofday": 164, "clock_settime": 227,
    "acct": 163, "quotactl": 179, "mknod": 133, "mknodat": 259, "shmget": 29, "semget": 64, "msgget": 68,
    "mq_open": 240, "pidfd_getfd": 438, "move_pages": 279, "migrate_pages": 256, "fsopen": 430, "fsmount": 432,
    "open_tree": 428, "move_mount": 429, "mount_setattr": 442, "syslog": 103, "seccomp": 317, "sched_setscheduler": 144,
    "sched_setattr": 314, "ioprio_set": 251, "process_madvise": 440, "chown": 92, "fchownat": 260, "clone3": 435,
    "vmsplice": 278, "setxattr": 188, "landlock_create_ruleset": 444, "vhangup": 153, "lookup_dcookie": 212,
    "rt_sigqueueinfo of the parent": 129,
}  # fmt: skip


@x86_64
def test_forbidden_system_calls(forkserver: Forkserver) -> None:
    calls = "\n".join(f"attempt({name!r}, call, {number}, 0, 0, 0, 0, 0, 0)" for name, number in FORBIDDEN.items())
    results = attempted(forkserver, calls)
    expected = dict.fromkeys(FORBIDDEN, "EPERM") | {"clone3": "ENOSYS", "memfd_create": "ENOSYS"}
    assert results == expected | {"rt_sigqueueinfo of the parent": results["rt_sigqueueinfo of the parent"]}
    assert results["rt_sigqueueinfo of the parent"] != "worked"


@x86_64
def test_no_new_namespace_by_clone(forkserver: Forkserver) -> None:
    results = attempted(
        forkserver,
        """
        SIGCHLD = 17
        for flag in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
            attempt(hex(flag), call, 56, flag | SIGCHLD, 0, 0, 0, 0)
            attempt(hex(flag) + " high", call, 56, flag | SIGCHLD | 1 << 40, 0, 0, 0, 0)
        """,
    )
    assert set(results.values()) == {"EPERM"}


@x86_64
def test_system_calls_of_another_architecture_end_the_process(forkserver: Forkserver) -> None:
    # int 0x80 with eax=20 is getpid of the 32-bit table; mov eax, 0x40000027; syscall is getpid of x32.
    for code in (b"\xb8\x14\x00\x00\x00\xcd\x80\xc3", b"\xb8\x27\x00\x00\x40\x0f\x05\xc3"):
        (only,) = run(
            forkserver,
            f"""
            import ctypes, mmap
            page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)
            page.write({code!r})
            number = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
            print("pid", number)
            """,
        )
        assert only.note == "left out: it crashed or was killed (signal SIGSYS)"


def test_no_socket_but_unix_sockets(forkserver: Forkserver) -> None:
    results = attempted(
        forkserver,
        """
        for family in range(64):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
                attempt(f"{family} {kind}", lambda: socket.socket(family, kind, 0).close())
                attempt(f"{family} {kind} pair", lambda: [end.close() for end in socket.socketpair(family, kind)])
        """,
    )
    worked = {name.split()[0] for name, result in results.items() if result == "worked"}
    assert worked == {str(int(socket.AF_UNIX))}


def test_no_name_resolution_and_no_download(forkserver: Forkserver) -> None:
    runs = run(
        forkserver,
        "import socket; socket.create_connection(('127.0.0.1', 80), timeout=2)",
        "import urllib.request; urllib.request.urlopen('http://example.org', timeout=2)",
        "import socket; socket.gethostbyname('example.org')",
    )
    for run_ in runs:
        assert "rror" in text_of(run_)
        assert run_.note == ""


def test_unix_sockets_of_the_host_cannot_be_reached(forkserver: Forkserver, tmp_path: Path) -> None:
    name = f"autograder-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as abstract, socket.socket(socket.AF_UNIX) as named:
        abstract.bind("\0" + name)
        abstract.listen()
        named.bind(str(tmp_path / "socket"))
        named.listen()
        results = attempted(
            forkserver,
            f"""
            def connect(address):
                with socket.socket(socket.AF_UNIX) as plain:
                    plain.connect(address)
            attempt("abstract", connect, "\\0{name}")
            attempt("named", connect, {str(tmp_path / "socket")!r})
            attempt("forkserver", connect, {forkserver.address!r})
            """,
        )
    assert results == {"abstract": "ECONNREFUSED", "named": "ENOENT", "forkserver": "ENOENT"}


def test_no_capabilities_no_new_privileges_no_root(forkserver: Forkserver) -> None:
    found = told(
        forkserver,
        """
        import ctypes, json, os
        libc = ctypes.CDLL(None)
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        data = (ctypes.c_uint32 * 6)()
        assert libc.capget(header, data) == 0
        print(json.dumps([list(data), libc.prctl(39, 0, 0, 0, 0), libc.prctl(21, 0, 0, 0, 0), os.getresuid(),
                          os.getresgid(), os.getgroups()]))
        """,
    )
    capabilities, no_new_privileges, _, users, groups, others = found
    assert capabilities == [0] * 6
    assert no_new_privileges == 1
    user = NOBODY if os.geteuid() == 0 else os.geteuid()
    assert users == [user] * 3
    assert 0 not in groups
    assert set(others) <= {groups[0], 65534}


def test_the_kernel_agrees_seen_from_outside(forkserver: Forkserver) -> None:
    with Session(forkserver, LIMITS) as session:
        session.run_notebook(cells("1"))
        pids = list(student_processes(forkserver))
        assert len(pids) == 2  # the supervisor and the notebook process
        status = Path(f"/proc/{pids[-1]}/status").read_text().splitlines()
        score = Path(f"/proc/{pids[-1]}/oom_score_adj").read_text().strip()
        namespaces = {kind: {os.readlink(f"/proc/{pid}/ns/{kind}") for pid in ("self", forkserver.pid, pids[-1])}
                      for kind in ("user", "pid", "net", "ipc", "uts", "mnt")} if os.geteuid() == 0 else {}  # fmt: skip
    values = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(values[kind], 16) == 0, kind
    assert values["NoNewPrivs"] == "1"
    assert values["Seccomp"] == "2"
    assert values["NSpid"].split()[-1] == "1"
    if os.geteuid() == 0:
        assert {int(user) for user in values["Uid"].split()} <= set(IDS if distinct() else [NOBODY])
    assert score == "1000"  # the first to go when the machine runs out of memory
    for kind, seen in namespaces.items():
        assert len(seen) > 1, f"{kind} namespace is the machine's own"


def test_set_user_id_programs_give_nothing(forkserver: Forkserver) -> None:
    found = told(
        forkserver,
        """
        import json, os, stat, subprocess
        found = {}
        for folder in ("/usr/bin", "/usr/sbin"):
            for name in os.listdir(folder):
                path = os.path.join(folder, name)
                if os.path.isfile(path) and os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID):
                    found[path] = os.statvfs(path).f_flag & os.ST_NOSUID
        print(json.dumps([found, subprocess.run(["id", "-u"], capture_output=True, text=True).stdout.strip()]))
        """,
    )
    programs, user = found
    assert all(programs.values())
    assert user == str(NOBODY if os.geteuid() == 0 else os.geteuid())


def test_only_harmless_devices(forkserver: Forkserver) -> None:
    found = told(
        forkserver,
        """
        import json, os, stat
        found = {}
        for place, _, files in os.walk("/dev"):
            for name in files:
                mode = os.lstat(os.path.join(place, name)).st_mode
                if not stat.S_ISLNK(mode):
                    found[os.path.join(place, name)] = "device" if stat.S_ISCHR(mode) else oct(mode)
        print(json.dumps(found))
        """,
    )
    harmless = {"null", "zero", "full", "random", "urandom", "tty", "pts/ptmx"}
    assert set(found) == {f"/dev/{name}" for name in harmless}
    tries = "attempt('terminal', open, '/dev/tty')\nattempt('block', os.mknod, 'x', 0o60600, 7)"
    results = attempted(forkserver, tries)
    assert results == {"terminal": "ENXIO", "block": "EPERM"}


def test_terminals_are_private_and_few(forkserver: Forkserver) -> None:
    with Session(forkserver, LIMITS) as one, Session(forkserver, LIMITS) as other:
        (first,) = one.run_notebook(cells("import os; ends = os.openpty(); print(os.listdir('/dev/pts'))"))
        assert "'0'" in text_of(first)
        (second,) = other.run_notebook(
            cells(
                """
                import os
                print(os.listdir("/dev/pts"))
                kept = []
                try:
                    while len(kept) < 100:
                        kept.append(os.openpty())
                except OSError as error:
                    print(len(kept), "terminals")
                """
            )
        )
    assert text_of(second).splitlines() == ["['ptmx']", "16 terminals"]


def test_only_processes_of_the_submission_can_be_seen_or_signalled(forkserver: Forkserver) -> None:
    with Session(forkserver, LIMITS) as other:
        other.run_notebook(cells("1"))
        results = attempted(
            forkserver,
            f"""
            import signal
            for pid in [*range(2, 400), {os.getpid()}, {forkserver.pid}, 2**22 - 1]:
                attempt(f"signal {{pid}}", os.kill, pid, 0)
                attempt(f"pidfd {{pid}}", os.pidfd_open, pid)
                attempt(f"limits {{pid}}", lambda: __import__("resource").prlimit(pid, 7))
                attempt(f"affinity {{pid}}", os.sched_getaffinity, pid)
            attempt("everybody", os.kill, -1, signal.SIGKILL)
            """,
        )
        assert not other.exercise().broken  # it is alive, and still forks
    assert set(results.values()) == {"ESRCH"}


def test_limits_can_be_lowered_and_never_raised(forkserver: Forkserver) -> None:
    results = attempted(
        forkserver,
        """
        import resource as r
        for name in ("AS", "DATA", "CPU", "NPROC", "FSIZE", "NOFILE", "CORE", "MSGQUEUE", "MEMLOCK", "SIGPENDING"):
            kind = getattr(r, "RLIMIT_" + name, None) if hasattr(r, "RLIMIT_" + name) else None
            if kind is None or name == "AS":
                continue
            soft, hard = r.getrlimit(kind)
            attempt("raise " + name, r.setrlimit, kind, (hard + 1, hard + 1))
            attempt("unlimited " + name, r.prlimit, 0, kind, (r.RLIM_INFINITY, r.RLIM_INFINITY))
        attempt("lower", r.setrlimit, r.RLIMIT_NOFILE, (100, 100))
        attempt("cores", r.prlimit, 0, r.RLIMIT_CORE, (0, 0))
        results["core"] = str(r.getrlimit(r.RLIMIT_CORE))
        """,
    )
    assert results.pop("core") == "(1, 1)"  # at 0 the kernel would hand cores to a collector of the machine's
    assert results.pop("lower") == "worked"
    assert "worked" not in results.values()


@x86_64
def test_the_end_with_the_supervisor_cannot_be_switched_off(forkserver: Forkserver) -> None:
    results = attempted(
        forkserver,
        """
        def control(option, value):
            call(157, option, value, 0, 0, 0)
        attempt("no signal", control, 1, 0)
        attempt("another signal", control, 1, 17)
        attempt("the same signal", control, 1, 9)
        attempt("unreadable for the supervisor", control, 4, 0)
        attempt("a reaper of its own", control, 36, 1)
        attempt("a mode without the filter", control, 22, 0)
        attempt("new privileges", control, 38, 0)
        attempt("keeping capabilities", control, 8, 1)
        attempt("secure bits", control, 28, 0)
        """,
    )
    assert results.pop("the same signal") == "worked"
    assert set(results.values()) <= {"EPERM", "EINVAL"}


def test_what_honest_code_needs_works(forkserver: Forkserver) -> None:
    found = told(
        forkserver,
        """
        import asyncio, json, mmap, multiprocessing, os, shutil, sqlite3, subprocess, tempfile, threading, time
        results = []
        thread = threading.Thread(target=results.append, args=("thread",)); thread.start(); thread.join()
        with multiprocessing.get_context("fork").Pool(2) as pool:
            results.append(pool.map(abs, [-1, -2]))
        lock = multiprocessing.Lock()
        with lock, tempfile.TemporaryDirectory() as place:
            path = os.path.join(place, "a.db")
            connection = sqlite3.connect(path)
            connection.execute("create table t (x)"); connection.commit(); connection.close()
            shutil.copy2(path, path + ".copy")
        results.append(subprocess.run("echo hi | cat", shell=True, capture_output=True, text=True).stdout)
        results.append(asyncio.new_event_loop().run_until_complete(asyncio.sleep(0, "async")))
        results.append(len(mmap.mmap(-1, 4096)))
        results.append(os.cpu_count() > 0)
        time.sleep(0.001)
        print(json.dumps(results))
        """,
    )
    assert found == ["thread", [1, 2], "hi\n", "async", 4096, True]


def test_the_filter_names_are_known_to_this_libseccomp() -> None:
    assert len(compiled_filter().program) % 8 == 0
    assert len(compiled_filter().program) > 8 * 100


def test_the_filter_compiles_in_a_process_of_its_own() -> None:
    code = "from autograder.judge.seccomp import compiled_filter; print(len(compiled_filter().program))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert int(ran.stdout) == len(compiled_filter().program)
