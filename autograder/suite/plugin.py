"""The pytest plugin: runs a hidden suite against submissions, and says what became of each check.

    pytest tests/hidden/dropout                               against the reference solution
    pytest tests/hidden/dropout --variants                    against every misconception and equivalent too
    pytest tests/hidden/dropout --draws 200                   against the reference 200 times, with other seeds
    pytest tests/hidden/dropout --submissions submitted       against a class, each notebook in its confined process
    pytest tests/hidden/dropout --submission alice.ipynb      against one notebook

``student`` is parametrized over these, so -k, -x, --lf, --junitxml and xdist work as anyone expects. Each report
carries, as user property "autograder", the check's outcome (passed, failed, not judged) and the words for the
student; the records are made from these properties (``autograder.suite.records``).
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.errors import AutograderError, BannedOperation, JudgeFault, SuiteFault, WireViolation
from autograder.suite import naming
from autograder.suite.assignment import SETTINGS, Assignment, load_assignment
from autograder.suite.outcome import classify, sentence_of
from autograder.suite.subjects import REFERENCE, Opened, OwnSolution, Subject, namespace_of
from autograder.suite.variants import load_variants

PROPERTY = "autograder"
Subjects = Callable[[Assignment], Sequence[Subject]]
SUBJECTS = pytest.StashKey[Subjects]()  # set by a grading job: who is judged
_ASSIGNMENTS = pytest.StashKey[dict[Path, Assignment]]()
_SUBJECTS = pytest.StashKey[dict[str, Sequence[Subject]]]()
_MARKED = pytest.StashKey["Marked"]()  # of an item, as is the next
_CHECK_ID = pytest.StashKey[str]()
NAMERS = pytest.StashKey[dict[str, naming.Namer]]()  # set by a grading job, which keeps them from run to run


@dataclass(frozen=True)
class Marked:
    """Which exercise a check grades, its weight there, and whether it counts only beside another (``supporting``)."""

    exercise: str
    weight: float
    supporting: bool


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the group "autograder"."""
    group = parser.getgroup("autograder", "judging notebooks with hidden suites")
    group.addoption(
        "--submission", action="append", default=[], metavar="PATH", help="a notebook to judge (repeatable)"
    )
    group.addoption("--submissions", metavar="DIR", help="nbgrader's submitted/ directory: judge the whole class")
    group.addoption(
        "--variants",
        nargs="?",
        const="own",
        choices=["own", "all"],
        help="judge the suite's misconceptions and equivalents, on their own exercise's checks or on all",
    )
    group.addoption(
        "--draws", type=int, default=1, metavar="N", help="judge the reference N times, each with other random numbers"
    )
    group.addoption("--device", default="cpu", choices=["cpu", "cuda"], help="what the suites compute on")
    group.addoption(
        "--trust-submissions", action="store_true", help="run notebooks without confinement (your own code only)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks."""
    config.addinivalue_line(
        "markers",
        "exercise(name, weight=1, supporting=False): the exercise that a check belongs to, its weight, and whether "
        "it counts only where one that is not supporting passes",
    )
    config.stash[_ASSIGNMENTS] = {}
    config.stash[_SUBJECTS] = {}
    config.stash.setdefault(NAMERS, {})


def _assignment_of(config: pytest.Config, path: Path) -> Assignment | None:
    directory = path.parent
    if not (directory / SETTINGS).exists():
        return None
    known = config.stash[_ASSIGNMENTS]
    if directory not in known:
        known[directory] = load_assignment(directory)
    return known[directory]


def _assignment_of_item(item: Any) -> Assignment:
    assignment = _assignment_of(item.config, item.path)
    if assignment is None:
        raise SuiteFault(f"{item.path}: the student fixture needs an {SETTINGS} beside the test file")
    return assignment


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize ``student`` over everybody who is judged, one after the other."""
    if "subject" not in metafunc.fixturenames:
        return
    try:
        assignment = _assignment_of_item(metafunc.definition)
        exercise = marked(metafunc.definition).exercise
        everybody = subjects_of(metafunc.config, assignment)
    except AutograderError as error:
        raise pytest.Collector.CollectError(str(error)) from error
    subjects = [one for one in everybody if _concerns(metafunc.config, one, exercise)]
    metafunc.parametrize("subject", subjects, ids=[subject.id for subject in subjects], indirect=True, scope="session")


def _concerns(config: pytest.Config, subject: Subject, exercise: str) -> bool:
    """A variant changes one exercise only: the checks of the others would run the reference again."""
    exercises: tuple[str, ...] = getattr(subject, "exercises", ())
    if exercises:
        return exercise in exercises
    if config.option.variants != "own" or not isinstance(subject, OwnSolution) or subject.variant.kind == "reference":
        return True
    return subject.variant.exercise == exercise


def subjects_of(config: pytest.Config, assignment: Assignment) -> Sequence[Subject]:
    """Who is judged: a grading job's submissions, or those of the command line, or our own solutions."""
    given = config.stash.get(SUBJECTS, None)
    if given is not None:
        return given(assignment)
    known = config.stash[_SUBJECTS]
    if assignment.name not in known:
        known[assignment.name] = _from_options(config, assignment)
    return known[assignment.name]


def _from_options(config: pytest.Config, assignment: Assignment) -> Sequence[Subject]:
    if config.option.submission or config.option.submissions:
        from autograder.suite.command_line import submissions

        return submissions(config, assignment)
    variants = load_variants(assignment.suite) if config.option.variants else []
    draws = (replace(REFERENCE, draw=number, suite=assignment.name) for number in range(config.option.draws))
    return [*draws, *(OwnSolution(variant) for variant in variants)]


@pytest.fixture(scope="session")
def subject(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The judged code, started once for all its tests."""
    import torch

    torch.set_num_threads(1)  # the last bits of a sum depend on the number of threads; records must not
    assignment = _assignment_of_item(_item(request))
    opened: Opened = request.param.open(assignment)
    draw = getattr(request.param, "draw", 0)
    state = SimpleNamespace(id=request.param.id, opened=opened, assignment=assignment, draw=draw, ran=[])
    try:
        yield state
    finally:
        opened.close()  # where no teardown came to do it: a run that was stopped


def _item(request: pytest.FixtureRequest) -> Any:
    return request._pyfuncitem  # the only way from a session fixture to the test that first asks for it


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: Any, nextitem: Any) -> None:
    """After a subject's last check: end it, name its mistakes, and attach to the report what concerns it as a whole.

    A session fixture with a parameter is torn down only when the next parameter is set up, too late for this report.
    """
    state = getattr(item, "funcargs", {}).get("subject")
    if state is None or (nextitem is not None and _subject_key(nextitem) == _subject_key(item)):
        return
    cells = state.opened.cells()
    state.opened.close()
    mistakes: dict[str, str] = {}
    if any(not test.passed for test in state.ran):
        mistakes = _namer(item.config, state.assignment).mistakes(state.ran)
    whole = {"subject": state.id, "cells": cells, "mistakes": mistakes, "flags": state.opened.flags()}
    item.user_properties.append((PROPERTY, whole))


def _subject_key(item: Any) -> tuple[Path, int] | None:
    callspec = getattr(item, "callspec", None)
    return (item.path.parent, id(callspec.params.get("subject"))) if callspec is not None else None


def _namer(config: pytest.Config, assignment: Assignment) -> naming.Namer:
    namers = config.stash[NAMERS]
    if assignment.name not in namers:
        wrong = [v for v in load_variants(assignment.suite) if v.kind == "misconception"]
        namers[assignment.name] = naming.Namer(assignment, wrong, _seed_judge)
    return namers[assignment.name]


@pytest.fixture
def student(request: pytest.FixtureRequest, subject: Any) -> Any:
    """The judged code's names, as a proxy: see ``autograder.judge.proxies.StudentProxy``."""
    from autograder.judge.proxies import Conversation, StudentProxy

    channel = subject.opened.channel(marked(request.node).exercise)
    proxy = StudentProxy(Conversation(channel, subject.assignment.contract))
    naming.begin(proxy, _seed(_check_id(request.node), subject.draw), _seed_judge)
    return proxy


@pytest.fixture
def reference(subject: Any) -> SimpleNamespace:
    """The reference solutions' namespace, in the judge's own process."""
    return SimpleNamespace(**namespace_of(subject.assignment))


@pytest.fixture(scope="session")
def device(request: pytest.FixtureRequest) -> str:
    """The device under test: "cpu" or "cuda"."""
    name: str = request.config.option.device
    if name == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise JudgeFault("--device cuda, but torch sees no GPU on this machine")
    return name


def marked(item: Any) -> Marked:
    """What a check's mark ``exercise`` says. Raises SuiteFault."""
    known: Marked | None = item.stash.get(_MARKED, None)
    if known is None:
        known = item.stash[_MARKED] = _read_mark(item)
    return known


def _read_mark(item: Any) -> Marked:
    mark = item.get_closest_marker("exercise")
    if mark is None or not mark.args:
        raise SuiteFault(f'{item.nodeid}: a hidden check needs @pytest.mark.exercise("<name>")')
    if unknown := mark.kwargs.keys() - {"weight", "supporting"}:
        raise SuiteFault(f"{item.nodeid}: the mark exercise knows weight and supporting, not {sorted(unknown)}")
    return Marked(str(mark.args[0]), float(mark.kwargs.get("weight", 1)), bool(mark.kwargs.get("supporting", False)))


def _check_id(item: Any) -> str:
    """The test's id without the subject: the same for everybody."""
    known: str | None = item.stash.get(_CHECK_ID, None)
    if known is None:
        known = item.stash[_CHECK_ID] = _made_check_id(item)
    return known


def _made_check_id(item: Any) -> str:
    ids = list(item.callspec._idlist)  # one id a parametrization, joined by dashes in ``id``: too late to take apart
    ids.remove(item.callspec.params["subject"].id)  # the first that equals it: ours comes before the marks'
    return f"{item.path.name}::{item.originalname}" + (f"[{'-'.join(ids)}]" if ids else "")


def _seed(check_id: str, draw: int) -> int:
    text = f"{check_id}#{draw}" if draw else check_id
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _seed_judge(seed: int) -> None:
    from autograder.student.answer import seed_generators

    seed_generators(seed)


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> Generator[None, Any, None]:
    """Record what the assertions of a hidden check see, and how to run it again on a misconception."""
    state = pyfuncitem.funcargs.get("subject")
    if state is None or "student" not in pyfuncitem.funcargs:
        yield
        return
    from autograder.compare import recording

    check = _check_id(pyfuncitem)
    with recording() as log:
        outcome = yield
        error = outcome.excinfo[1] if outcome.excinfo else None
        if error is not None:
            naming.note_fault(error)
    passed, exercise = error is None, marked(pyfuncitem).exercise
    state.ran.append(naming.Ran(check, exercise, _rerun(pyfuncitem), _seed(check, state.draw), log, passed))


def _rerun(item: Any) -> Callable[[Any], Any]:
    function = item.obj
    arguments = {name: item.funcargs[name] for name in _parameters(function) if name != "student"}
    return lambda student: function(student=student, **arguments)


@functools.lru_cache(maxsize=1024)
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """Attach the check's outcome to its report, once: at its call, or at a set-up that failed."""
    outcome = yield
    if not hasattr(item, "callspec") or "subject" not in item.callspec.params:
        return
    report = outcome.get_result()
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, pytest.skip.Exception):
        return
    if call.when == "call" or error is not None:
        report.user_properties.append((PROPERTY, _check_property(item, error)))
        if error is not None and isinstance(error, AutograderError | AssertionError):
            report.longrepr = _short(item, error, report.longrepr)


def _check_property(item: Any, error: BaseException | None) -> dict[str, Any]:
    mark = marked(item)
    outcome, message = classify(error)
    return {
        "subject": item.callspec.params["subject"].id,
        "assignment": item.path.parent.name,
        "exercise": mark.exercise,
        "weight": mark.weight,
        "supporting": mark.supporting,
        "check": _check_id(item),
        "sentence": sentence_of(item.function),
        "outcome": outcome,
        "message": message,
        "suspect": isinstance(error, BannedOperation | WireViolation),
    }


def _short(item: Any, error: BaseException, longrepr: Any) -> Any:
    """In a class's run the student's sentence says more than a traceback; -vv and our own solutions keep the latter."""
    if item.config.getoption("verbose", 0) > 1 or isinstance(item.callspec.params["subject"], OwnSolution):
        return longrepr
    outcome, message = classify(error)
    return f"{sentence_of(item.function)}\n  {outcome}: {message}"
