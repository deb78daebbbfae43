"""The system calls that a student process may make, compiled by libseccomp.

Default deny: what is not listed fails with EPERM, so that Python code sees an ordinary ``PermissionError``. The list is
what CPython, IPython, numpy, torch and matplotlib need for computing, files, threads and child processes. Not on it,
on purpose: new namespaces, mounts, ptrace and other processes' memory, keyrings, bpf, perf, io_uring, userfaultfd,
kernel modules, clocks, and every socket family but Unix sockets (AF_VSOCK and netlink are not confined by a network
namespace); memfd_create, whose files are memory that no limit counts; larger buffers of sockets, and filters on them,
which are the kernel's memory; inotify, whose instances are counted for the whole machine.

What no exercise needs and attacks begin with is refused by the supervisor, which the kernel asks (seccomp_unotify(2)),
so that an instructor can be told of it; the rest is refused by the kernel alone. Both are equally shut.
"""

from __future__ import annotations

import base64
import errno
import functools
import resource
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.errors import SandboxUnavailable

_FILES = """
access faccessat faccessat2 open openat openat2 creat close close_range read write readv writev pread64 pwrite64
preadv pwritev preadv2 pwritev2 lseek stat fstat lstat newfstatat statx statfs fstatfs getdents getdents64 getcwd chdir
fchdir mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat readlink readlinkat
chmod fchmod fchmodat truncate ftruncate fallocate fsync fdatasync sync_file_range dup dup2 dup3 pipe pipe2 fcntl flock
umask utime utimes utimensat futimesat sendfile splice tee copy_file_range fadvise64 readahead getxattr lgetxattr
fgetxattr listxattr llistxattr flistxattr
"""
_MEMORY = """
brk mmap munmap mremap mprotect madvise msync mincore mlock mlock2 munlock membarrier mbind get_mempolicy set_mempolicy
pkey_alloc pkey_free pkey_mprotect
"""
_PROCESSES = """
fork vfork exit exit_group wait4 waitid kill tkill tgkill getpid getppid gettid getpgrp getpgid setpgid
getsid setsid getuid geteuid getgid getegid getresuid getresgid getgroups sched_yield sched_getaffinity
sched_setaffinity sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min getpriority
setpriority getrlimit getrusage times set_tid_address set_robust_list get_robust_list futex futex_waitv rseq arch_prctl
pidfd_open pidfd_send_signal capget getcpu
"""
_SIGNALS = """
rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend rt_sigqueueinfo rt_tgsigqueueinfo
sigaltstack restart_syscall pause alarm getitimer setitimer signalfd signalfd4
"""
_TIME = """
time gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep timer_create timer_settime timer_gettime
timer_getoverrun timer_delete timerfd_create timerfd_settime timerfd_gettime
"""
_EVENTS = """
poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2
connect accept accept4 bind listen getsockname getpeername getsockopt sendto recvfrom sendmsg recvmsg
sendmmsg recvmmsg shutdown
"""
_SYSTEM = "uname sysinfo getrandom ioctl"  # ioctl: no terminal and no device but null, zero and random is open

# "Not implemented": the C library and others then do without. clone3 hides its flags behind a pointer.
_UNKNOWN = "clone3 memfd_create fchmodat2 mseal map_shadow_stack cachestat"
# What older releases of libseccomp do not know by name: then it is denied like everything that is not listed.
_RECENT = "faccessat2 openat2 close_range rseq futex_waitv epoll_pwait2 fchmodat2 mseal map_shadow_stack cachestat"

_CLONE_NEW = 0x7E020000 | 0x80  # every CLONE_NEW* flag, CLONE_NEWTIME among them
# Names (of threads and mappings) and narrowing seccomp; of the rest, reading. Not PR_SET_DUMPABLE, which would hide a
# process's memory from its supervisor.
_PRCTL_ALLOWED = (2, 3, 15, 16, 21, 22, 38, 39, 0x53564D41)
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9
_LIMITS = 16  # kinds of rlimit in Linux
# Of sockets: what neither enlarges a buffer nor attaches a filter, as both are memory of the kernel's.
_OPTIONS = (
    socket.SO_REUSEADDR, socket.SO_BROADCAST, socket.SO_KEEPALIVE, socket.SO_OOBINLINE, socket.SO_PRIORITY,
    socket.SO_LINGER, socket.SO_REUSEPORT, socket.SO_PASSCRED, socket.SO_RCVLOWAT, socket.SO_RCVTIMEO,
    socket.SO_SNDTIMEO,
)  # fmt: skip
# Sizes of buffers. The kernel too takes them for wishes, and cuts what is too large without a word: no program that
# asks for one expects to be refused.
_WISHES = (socket.SO_SNDBUF, socket.SO_RCVBUF)
_INT = 0xFFFFFFFF  # the bits of an int among the arguments; what a caller puts above them the kernel does not see


# Refused like the rest, and told of: asked for by nobody who only computes.
_TOLD = """
ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp mount umount2 pivot_root chroot unshare setns fsopen fsmount
open_tree move_mount bpf perf_event_open keyctl add_key request_key io_uring_setup userfaultfd init_module finit_module
delete_module kexec_load reboot swapon acct quotactl name_to_handle_at open_by_handle_at mknod mknodat setuid setgid
setreuid setregid setresuid setresgid setgroups sethostname settimeofday clock_settime personality iopl modify_ldt
syslog
"""
_STARTING = ("execve", "execveat")
_FAMILIES = {2: "AF_INET", 10: "AF_INET6", 16: "AF_NETLINK", 17: "AF_PACKET", 38: "AF_ALG", 40: "AF_VSOCK"}


@dataclass(frozen=True)
class Filter:
    """A BPF program (struct sock_filter[]), and the names of the system calls that it asks its listener about."""

    program: bytes
    told: Mapping[int, str]


@functools.cache
def compiled_filter(*, telling: bool = False) -> Filter:
    """Return the filter for this machine. Raises SandboxUnavailable without libseccomp.

    ``telling``: some calls are not refused by the kernel at once, but by whoever listens.
    """
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise SandboxUnavailable(
            f"libseccomp cannot be loaded ({error}); install it: apt-get install libseccomp2"
        ) from error
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for name in f"{_FILES} {_MEMORY} {_PROCESSES} {_SIGNALS} {_TIME} {_EVENTS} {_SYSTEM}".split():
        _add(rules, seccomp.ALLOW, name)
    for name in _UNKNOWN.split():
        _add(rules, seccomp.ERRNO(errno.ENOSYS), name)
    rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_NEW, 0))
    for family in ("socket", "socketpair"):
        rules.add_rule(seccomp.ALLOW, family, seccomp.Arg(0, seccomp.EQ, int(socket.AF_UNIX)))
    other = seccomp.Arg(0, seccomp.NE, int(socket.AF_UNIX))
    rules.add_rule(seccomp.NOTIFY if telling else seccomp.ERRNO(errno.EACCES), "socket", other)
    for option in _PRCTL_ALLOWED:
        rules.add_rule(seccomp.ALLOW, "prctl", seccomp.Arg(0, seccomp.EQ, option))
    # No process may outlive its supervisor: the signal that sees to it can be renewed, not taken off.
    death, kill = seccomp.Arg(0, seccomp.EQ, _PR_SET_PDEATHSIG), seccomp.Arg(1, seccomp.EQ, _SIGKILL)
    rules.add_rule(seccomp.ALLOW, "prctl", death, kill)
    for name in _STARTING:  # let through until the notebook is closed in; without a listener, always
        rules.add_rule(seccomp.NOTIFY if telling else seccomp.ALLOW, name)
    _allow_limits(rules, seccomp)
    _allow_socket_options(rules, seccomp)
    told = {
        seccomp.resolve_syscall(seccomp.system_arch(), name): name for name in (*_TOLD.split(), *_STARTING, "socket")
    }
    if telling:
        for number, name in told.items():
            if name in _TOLD.split() and number >= 0:  # below zero: this machine does not have it
                rules.add_rule(seccomp.NOTIFY, number)
    with tempfile.TemporaryFile() as stream:
        rules.export_bpf(stream)
        stream.seek(0)
        return Filter(stream.read(), told)


def for_student_side() -> dict[str, Any]:
    """Both filters in text, the telling one first, and the numbers of the calls that the student's side must know."""
    programs = [compiled_filter(telling=telling).program for telling in (True, False)]
    import pyseccomp as seccomp

    names = ("seccomp", "socket", *_STARTING)
    numbers = {name: seccomp.resolve_syscall(seccomp.system_arch(), name) for name in names}
    return {"programs": [base64.b64encode(program).decode() for program in programs], "numbers": numbers}


def described(number: int, first: int) -> str:
    """A refused system call for an instructor; of a socket the family, which is its first argument."""
    name = compiled_filter(telling=True).told.get(number, f"system call {number}")
    return f"socket({_FAMILIES.get(first, first)})" if name == "socket" else name


def _allow_limits(rules: Any, seccomp: Any) -> None:
    """Let each limit be lowered but that of core files: at 0 it would start a crash collector outside (core(5))."""
    for kind in set(range(_LIMITS)) - {resource.RLIMIT_CORE}:
        rules.add_rule(seccomp.ALLOW, "setrlimit", seccomp.Arg(0, seccomp.EQ, kind))
        rules.add_rule(seccomp.ALLOW, "prlimit64", seccomp.Arg(1, seccomp.EQ, kind))
    reading = seccomp.Arg(2, seccomp.EQ, 0)
    rules.add_rule(seccomp.ALLOW, "prlimit64", seccomp.Arg(1, seccomp.EQ, resource.RLIMIT_CORE), reading)


def _allow_socket_options(rules: Any, seccomp: Any) -> None:
    """Let a few options be set; the sizes of buffers are left as they are, without an error."""
    level = seccomp.Arg(1, seccomp.MASKED_EQ, _INT, socket.SOL_SOCKET)
    for action, options in ((seccomp.ALLOW, _OPTIONS), (seccomp.ERRNO(0), _WISHES)):
        for option in options:
            rules.add_rule(action, "setsockopt", level, seccomp.Arg(2, seccomp.MASKED_EQ, _INT, option))


def _add(rules: Any, action: Any, name: str) -> None:
    try:
        rules.add_rule(action, name)
    except OSError as error:
        if name not in _RECENT.split():
            raise SandboxUnavailable(f"libseccomp does not know the system call {name} ({error.strerror})") from error
