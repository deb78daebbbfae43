"""Cut a forked process off: namespaces, private file systems, no capabilities, rlimits, seccomp.

Runs in the supervisor (``enter_namespaces``) and in the notebook process (``seal``), before any student code. What
is enforced here is enforced by the kernel. Only the standard library is used: the forkserver has it loaded.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
from collections.abc import Mapping, Sequence
from typing import Any

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REC, MS_PRIVATE = 0x4000, 1 << 18

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER = 1, 8
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
LINUX_CAPABILITY_VERSION_3 = 0x20080522

HOME = "/home/student"
DESCRIPTORS = 256  # of one process
TERMINALS = 16  # of one submission; the machine has 4096 in all
SIGKILL = 9

_libc = ctypes.CDLL(None, use_errno=True)


class ConfinementFailed(Exception):
    """A layer of the confinement could not be put in place; the text names it."""


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
    buffer: ctypes.Array[ctypes.c_char]


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise ConfinementFailed(f"{what}: {os.strerror(code)} (errno {code})")


def _prctl(option: int, *arguments: int) -> int:
    return int(_libc.prctl(option, *(ctypes.c_ulong(argument) for argument in arguments), *[ctypes.c_ulong(0)] * 3))


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _check(_prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl(PR_SET_PDEATHSIG)")


def enter_group(entrance: int) -> None:
    """Enter the control group whose ``cgroup.procs`` this descriptor is, and close it."""
    try:
        os.write(entrance, b"0")
    except OSError as error:
        raise ConfinementFailed(f"entering the control group: {error.strerror}") from error
    os.close(entrance)


def enter_namespaces(inside: int | None, outside: int | None) -> None:
    """Give up root (where we have it) and enter own user, pid, network, ipc and uts namespaces.

    ``outside`` is the unprivileged user to become first (None where the forkserver is unprivileged already): only then
    does the kernel count processes and check permissions against a user that is not root. ``inside`` is its id in the
    new user namespace, the same in each run.
    """
    if outside is not None:
        os.setgroups([])
        os.setresgid(outside, outside, outside)
        os.setresuid(outside, outside, outside)
        # Changing the user makes /proc/self root's own; the maps below must be writable.
        _check(_prctl(PR_SET_DUMPABLE, 1), "prctl(PR_SET_DUMPABLE)")
    user, group = os.getuid(), os.getgid()
    seen_user, seen_group = (user, group) if inside is None else (inside, inside)
    flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
    _check(_libc.unshare(flags), "unshare (user, pid, network, ipc and uts namespaces)")
    # Before its maps are written a process of a new user namespace may not even create a file.
    maps = (("setgroups", "deny"), ("uid_map", f"{seen_user} {user} 1"), ("gid_map", f"{seen_group} {group} 1"))
    for name, text in maps:
        try:
            with open(f"/proc/self/{name}", "w") as stream:
                stream.write(text)
        except OSError as error:
            raise ConfinementFailed(f"writing /proc/self/{name}: {error.strerror}") from error
    die_with_parent()


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    result = _libc.mount(
        source.encode(), target.encode(), kind and kind.encode(), ctypes.c_ulong(flags), data and data.encode()
    )
    _check(result, f"mount on {target}")


def private_file_systems(file_mb: int) -> None:
    """Enter an own mount namespace with empty, size-limited /tmp, /dev/shm and home, and nothing in /proc.

    The three are memory of up to ``file_mb`` MiB each, beside that of the processes.
    """
    _check(_libc.unshare(CLONE_NEWNS), "unshare (mount namespace)")
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    safe = MS_NOSUID | MS_NODEV
    # The forkserver's terminals would be everybody's: one submission could read and write another's.
    terminals = f"newinstance,ptmxmode=0666,mode=0600,max={TERMINALS}"
    _mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, terminals)
    for target in ("/tmp", "/dev/shm", HOME):
        _mount("tmpfs", target, "tmpfs", safe, f"size={file_mb}m,nr_inodes=20000,mode=0700")
    # A new procfs cannot be mounted here; the old one would show the other submissions' processes.
    _mount("tmpfs", "/proc", "tmpfs", safe | MS_NOEXEC | MS_RDONLY, "size=4k,mode=0555")
    os.chdir(HOME)


def drop_capabilities() -> None:
    """Drop every capability of the new user namespace, for good."""
    for capability in range(64):
        if _prctl(PR_CAPBSET_DROP, capability) != 0:
            break  # past the last capability that this kernel knows
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    _check(_prctl(PR_SET_NO_NEW_PRIVS, 1), "prctl(PR_SET_NO_NEW_PRIVS)")


def data_kb() -> int:
    """Return the size of this process's private writable memory (VmData), in KiB."""
    with open("/proc/self/status") as stream:
        for line in stream:
            if line.startswith("VmData:"):
                return int(line.split()[1])
    raise ConfinementFailed("/proc/self/status has no VmData line")


def offer_to_memory_killer() -> None:
    """If the machine runs out of memory, have the kernel end this submission first, and not the judge."""
    try:
        with open("/proc/self/oom_score_adj", "w") as stream:
            stream.write("1000")
    except OSError as error:
        raise ConfinementFailed(f"writing /proc/self/oom_score_adj: {error.strerror}") from error


def limit_resources(limits: Mapping[str, Any], baseline_kb: int) -> None:
    """Set the rlimits: memory beyond ``baseline_kb``, CPU seconds, processes, file size, no core files."""
    data = baseline_kb * 1024 + int(limits["memory_mb"]) * 2**20
    values = {
        resource.RLIMIT_DATA: data,
        resource.RLIMIT_CPU: int(limits["cpu_seconds"]),
        resource.RLIMIT_NPROC: int(limits["processes"]),
        resource.RLIMIT_FSIZE: int(limits["file_mb"]) * 2**20,
        resource.RLIMIT_CORE: 1,  # not 0: with that, the kernel still starts the machine's crash collector (core(5))
        resource.RLIMIT_SIGPENDING: 1024,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 2**20,
    }
    for kind, wanted in values.items():
        _limit(kind, wanted)


def limit_descriptors() -> None:
    """The last limit: with few descriptors, none could be passed on while others of this user are on their way."""
    _limit(resource.RLIMIT_NOFILE, DESCRIPTORS)


def _limit(kind: int, wanted: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)  # the grader's own limits may be lower
    try:
        resource.setrlimit(kind, (value, value))
    except (ValueError, OSError) as error:
        raise ConfinementFailed(f"setrlimit({kind}, {value}): {error}") from error


def install_filters(programs: Sequence[bytes], number: int) -> int:
    """Install the first of two seccomp programs with a listener, or the second without one; both refuse the same.

    The first asks its listener (seccomp_unotify(2)) about some calls that are to be refused. Where the kernel gives no
    listener (another one watches this process: a container's), the second refuses them unseen. ``number`` is that of
    the system call seccomp. Returns the listener's descriptor, or -1.
    """
    telling, plain = (_filter_program(program) for program in programs)
    arguments = (SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER)
    listener = _libc.syscall(ctypes.c_long(number), *map(ctypes.c_ulong, arguments), ctypes.byref(telling))
    if listener >= 0:
        return int(listener)
    if ctypes.get_errno() not in (errno.EBUSY, errno.EINVAL, errno.ENOSYS):
        _check(listener, "seccomp")
    result = _libc.prctl(
        PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(plain), ctypes.c_ulong(0), ctypes.c_ulong(0)
    )
    _check(result, "prctl(PR_SET_SECCOMP)")
    return -1


def _filter_program(program: bytes) -> _FilterProgram:
    if not program or len(program) % 8:
        raise ConfinementFailed(f"a seccomp program of {len(program)} bytes is not one")
    made = _FilterProgram(len(program) // 8, 0)
    made.buffer = ctypes.create_string_buffer(program, len(program))  # lives as long as what points to it
    made.filter = ctypes.cast(made.buffer, ctypes.c_void_p)
    return made


def seal(limits: Mapping[str, Any], filters: Mapping[str, Any]) -> int:
    """Everything that follows the fork into the pid namespace, in the one order that works.

    Returns the filter's listener, or -1: not for student code, which could answer for itself.
    """
    die_with_parent()
    baseline = data_kb()
    offer_to_memory_killer()
    private_file_systems(int(limits["file_mb"]))
    limit_resources(limits, baseline)
    drop_capabilities()
    return install_filters(filters["programs"], filters["numbers"]["seccomp"])
