"""What ``make hub`` runs: a JupyterHub on this machine with the course released, for trying it out. Ctrl-C ends it.

    python deploy/jupyterhub/run.py [--port 8000] [--fresh] [--without-grading]

It installs what is missing (JupyterHub with pip, its proxy with npm, both in fixed versions), makes a course in
``build/hub`` unless one is there, starts the hub, and prints addresses and users. Everything that the hub starts ends
with it: this process adopts what loses its parent (PR_SET_CHILD_SUBREAPER) and ends what is left.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "demo"))

from settings import INSTRUCTOR, PASSWORD, STUDENTS, VARIABLE, Settings

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
BUILD = REPOSITORY / "build" / "hub"
PORT = 8000
START_SECONDS = 120.0  # for the hub and its services
STOP_SECONDS = 30.0  # for the hub to end its servers and services
SHOWN_LINES = 15  # of a log, where something failed
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
libc = ctypes.CDLL(None, use_errno=True)


class HubFailed(Exception):
    """The demonstration cannot be started or has ended by itself; the text says why and what to do."""


class Stopped(Exception):
    """Ctrl-C, or SIGTERM."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration until it is stopped; returns the exit code."""
    options = parse(arguments)
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    try:
        with locked(options.state.resolve()) as state:
            run(state, options)
    except HubFailed as error:
        print(f"hub: {error}", file=sys.stderr)
        return 1
    except Stopped:
        print("hub: stopped", flush=True)
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Start a JupyterHub with the course, on this machine only.")
    parser.add_argument("--port", type=int, default=PORT, help=f"of the hub (default {PORT}); 0: any that is free")
    parser.add_argument("--fresh", action="store_true", help="remove users' files, submissions and grades first")
    parser.add_argument("--without-grading", action="store_true", help="leave the grading service out")
    parser.add_argument("--state", type=Path, default=BUILD, help="where everything is kept (default build/hub)")
    parser.add_argument("--assignments", nargs="+", default=assignments(), help="which to release (default: all)")
    parser.add_argument("--patience", type=float, default=START_SECONDS, help="seconds for the hub to start")
    parser.add_argument("--grading-command", nargs=argparse.REMAINDER, help="another grading service; the last option")
    return parser.parse_args(arguments)


def assignments() -> list[str]:
    """The repository's assignments, sorted."""
    return sorted(path.parent.name for path in (REPOSITORY / "tests" / "hidden").glob("*/assignment.toml"))


def run(state: Path, options: argparse.Namespace) -> None:
    """Prepare and start the hub, and wait until it ends. Raises Stopped, or HubFailed."""
    proxy = install()
    if options.fresh or not (state / "ready").exists():
        make_course(state, options.assignments)
    settings = settings_for(state, proxy, options)
    try:
        hub = start(settings, options.patience)
        print(welcome(settings), flush=True)
        code = hub.wait()
    finally:
        end_children()
    raise HubFailed(f"JupyterHub ended by itself (exit code {code}). {tail(state / 'hub.log')}")


# --- what it needs ----------------------------------------------------------------------------------------------------


def install() -> Path:
    """Install what is missing; returns the program configurable-http-proxy. Others who do the same are waited for."""
    needs_node()
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install_jupyterhub()
        return install_proxy()


def install_jupyterhub() -> None:
    """Install JupyterHub into this environment if it is missing."""
    if importlib.util.find_spec("jupyterhub"):
        return
    say("installing JupyterHub")
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    command([*pip, "--constraint", "constraints.txt", "--editable", ".[hub]"], cwd=REPOSITORY)


def install_proxy() -> Path:
    """The program configurable-http-proxy, installed below ``build/hub`` if it is not there yet."""
    target = BUILD / "proxy"
    wanted = (HERE / "proxy" / "package-lock.json").read_bytes()
    done = target / "installed.json"  # a copy of the lock file, written last
    if not done.exists() or done.read_bytes() != wanted:
        say("installing configurable-http-proxy with npm")
        target.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "proxy" / name, target)
        command(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=target)
        done.write_bytes(wanted)
    return target / "node_modules" / ".bin" / "configurable-http-proxy"


def needs_node() -> None:
    """Raises HubFailed, with what to install, where node or npm are missing."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise HubFailed(
            f"{' and '.join(missing)} not found: JupyterHub's proxy needs Node.js 20 or later with npm. Install it "
            "(Debian 13, Ubuntu 26.04 and newer: apt-get install nodejs npm; else https://nodejs.org), then run again"
        )


def make_course(state: Path, names: Sequence[str]) -> None:
    """Make the course, its exchange and its hub anew in ``state``; what users did there is lost."""
    say(f"making the course in {os.path.relpath(state)}: {', '.join(names)}")
    for name in ("ready", "course", "exchange", "homes", "jupyterhub.sqlite", "cookie_secret"):
        path = state / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    command([sys.executable, str(HERE / "demo" / "course.py"), str(state), *names], cwd=state)
    (state / "homes" / ".services").mkdir(parents=True)
    (state / "ready").touch()


def command(words: Sequence[str], cwd: Path) -> None:
    """Run a program to its end. Raises HubFailed with the end of what it printed."""
    done = subprocess.run(words, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()[-SHOWN_LINES:]
        raise HubFailed("\n".join((f"{' '.join(words[:4])} ... ended with exit code {done.returncode}:", *lines)))


# --- the hub ----------------------------------------------------------------------------------------------------------


def settings_for(state: Path, proxy: Path, options: argparse.Namespace) -> Settings:
    """Settings with free ports. Raises HubFailed if the port that was asked for is taken."""
    port, *others = free_ports(5, options.port)
    autograder = str(Path(sys.executable).parent / "autograder")
    # All users are one system user here, so files in the exchange do not tell whose they are.
    serve = [autograder, "serve", "--course", str(state / "course"), "--no-check-owner"]
    grading = options.grading_command or serve
    return Settings(
        state=state,
        course_id="ridge-to-bayes",
        proxy=proxy,
        port=port,
        hub_port=others[0],
        proxy_port=others[1],
        formgrader_port=others[2],
        grading_port=others[3],
        grading=() if options.without_grading else tuple(grading),
    )


def free_ports(count: int, first: int) -> list[int]:
    """Ports of this machine that nobody listens on; the first is ``first`` unless that is 0."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sockets[0].bind(("127.0.0.1", first))
        except OSError as error:
            raise HubFailed(f"port {first} cannot be used ({error.strerror}): choose another with --port") from None
        for other in sockets[1:]:
            other.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


def start(settings: Settings, patience: float) -> subprocess.Popen[bytes]:
    """Start the hub and wait until it and its services answer. Raises HubFailed if they do not."""
    say("starting JupyterHub")
    log = settings.state / "hub.log"
    with log.open("wb") as output:
        hub = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "--config", str(HERE / "demo" / "jupyterhub_config.py")],
            cwd=settings.state,
            env=os.environ | {VARIABLE: str(settings.write())},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for this process, which ends the hub in order
            preexec_fn=_end_with_parent,
        )
    deadline = time.monotonic() + patience
    services = [settings.course_id, *(["autograder"] if settings.grading else [])]
    for url in (f"{settings.url}hub/health", *(f"{settings.url}services/{name}/" for name in services)):
        while not answers(url):
            if hub.poll() is not None:
                raise HubFailed(f"JupyterHub ended with exit code {hub.returncode}. {tail(log)}")
            if time.monotonic() > deadline:
                raise HubFailed(f"{url} did not answer within {patience:g} s. {tail(log)}")
            time.sleep(0.2)
    return hub


def answers(url: str) -> bool:
    """Whether the page is there. The proxy answers for what is not there yet, with an error."""
    try:
        urllib.request.build_opener(_NoRedirect).open(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        return error.code < 400  # a redirection to the login
    except OSError:
        return False
    return True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def end_children() -> None:
    """End the hub, and then whatever it left: by now all of that is a child of this process."""
    for number, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        deadline = time.monotonic() + patience
        told: set[int] = set()
        while children := reap():
            for pid in children - told:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            told |= children
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
    if children := reap():
        raise HubFailed(f"these processes do not end: {', '.join(map(str, sorted(children)))}")


def reap() -> set[int]:
    """The process ids of all children, of which those that have ended are taken off the process table."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return {
        int(pid) for thread in Path("/proc/self/task").iterdir() for pid in (thread / "children").read_text().split()
    }


def _end_with_parent() -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _stop(*_: object) -> None:
    # A second Ctrl-C does not cut the ending short: it has limits of its own.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


# --- what it says -----------------------------------------------------------------------------------------------------


def welcome(settings: Settings) -> str:
    """Addresses and users."""
    pages = {"hub": settings.url, "formgrader": f"{settings.url}services/{settings.course_id}/ (instructor only)"}
    if settings.grading:
        pages["results"] = f"{settings.url}services/autograder/"
    lines = [
        "",
        *(f"  {name:<11} {address}" for name, address in pages.items()),
        f"  {'users':<11} {', '.join((INSTRUCTOR, *STUDENTS))}",
        f"  {'password':<11} {PASSWORD}",
        f"  {'log':<11} {os.path.relpath(settings.state / 'hub.log')}",
        "",
        "hub: ready. A demonstration, for this machine only; Ctrl-C ends it.",
    ]
    return "\n".join(lines)


def say(text: str) -> None:
    """One line of progress."""
    print(f"hub: {text}", flush=True)


def tail(log: Path) -> str:
    """The last errors in a log, or its end where it has none, with its path."""
    lines = log.read_text(errors="replace").splitlines()
    errors = [line for line in lines if line.startswith(("[C ", "[E "))]
    return "\n".join((f"From {log}:", *(errors or lines)[-SHOWN_LINES:]))


@contextlib.contextmanager
def locked(state: Path) -> Iterator[Path]:
    """The state directory, for this process alone. Raises HubFailed if another hub uses it."""
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)  # the exchange in it is open to everyone who gets there
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HubFailed(
                f"another hub runs in {state}: end that, or choose another directory with --state"
            ) from None
        yield state


if __name__ == "__main__":
    sys.exit(main())
