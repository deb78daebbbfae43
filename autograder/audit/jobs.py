"""Run a suite on the reference, the stub, the variants and the mutants, in parallel worker processes.

Reference, stub and variants are our own code and run in the worker; mutants may loop for ever or eat memory, so each is
judged like a submission, in a confined process under the assignment's limits, until its first failed check.
"""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from autograder.audit.empty import empty_answers
from autograder.audit.mutants import Mutant
from autograder.audit.reach import reach
from autograder.course.matching import is_solution, label_of
from autograder.course.notebooks import read_notebook
from autograder.course.solutions import fill, find_regions, indent_of
from autograder.errors import SuiteFault
from autograder.grading.workers import end_with_the_grader
from autograder.judge.forkserver import Forkserver
from autograder.suite.assignment import Assignment, load_assignment
from autograder.suite.variants import Variant, load_variants

MUTANTS_A_JOB = 8
Comparison = tuple[str, str, str]  # the check's id, what it compares, and the kind of observation


@dataclass(frozen=True)
class Earned:
    """What one solution earned on the checks of ``exercise``, as weights, and what it lost elsewhere.

    named    the sentence by which the suite named the mistake, where it did
    mutant   a mutant's key
    held     the checks that passed and are not supporting
    taken    comparison -> the largest share of its tolerance that an error took
    checks   the checks that ran -> their exercises
    """

    kind: str
    exercise: str
    name: str
    passed: float
    total: float
    failed: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    not_judged: tuple[str, ...] = ()
    named: str = ""
    mutant: tuple[str, str, str] = ("", "", "")
    taken: dict[Comparison, float] = field(default_factory=dict)
    checks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """Some solutions of one exercise (of all, for the reference) for one worker."""

    suite: Path
    exercise: str
    variants: tuple[Variant, ...] = ()
    mutants: tuple[Mutant, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()  # of the reference notebook, in order: its grade id, its text
    forkserver: str = ""
    device: str = "cpu"

    @property
    def size(self) -> int:
        """How many solutions."""
        return len(self.variants) + len(self.mutants)


def variant_jobs(assignment: Assignment, stubs: Mapping[str, str], most: int | None, device: str) -> list[Job]:
    """The reference, and for each exercise its stub, the empty answers, and ``most`` variants of each other kind.

    Raises SuiteFault.
    """
    jobs = [Job(assignment.suite, "", (Variant("reference", "", "reference", ""),), device=device)]
    variants = load_variants(assignment.suite)
    for exercise in assignment.exercises:
        mine = [
            variant
            for kind in ("misconception", "equivalent")
            for variant in [v for v in variants if (v.exercise, v.kind) == (exercise, kind)][:most]
        ]
        if exercise in stubs:
            mine.insert(0, Variant("stub", exercise, "stub", stubs[exercise]))
        mine += empty_answers(assignment, exercise)[-most if most else 0 :]  # the last are the most like an answer
        jobs.append(Job(assignment.suite, exercise, tuple(mine), device=device))
    return jobs


def mutant_jobs(
    assignment: Assignment, source: Path, chosen: Sequence[Mutant], forkserver: str, device: str
) -> list[Job]:
    """The mutants, a few a job."""
    cells = tuple(_code_cells(source).items())
    jobs = []
    for exercise in assignment.exercises:
        mine = [mutant for mutant in chosen if mutant.exercise == exercise]
        for first in range(0, len(mine), MUTANTS_A_JOB):
            some = tuple(mine[first : first + MUTANTS_A_JOB])
            jobs.append(Job(assignment.suite, exercise, (), some, cells, forkserver, device))
    return jobs


def solution_cells(path: Path) -> dict[str, str]:
    """Grade id -> text of the solution cells of a notebook (of the stubs, for a released one)."""
    notebook = read_notebook(path.read_bytes(), what=str(path))
    return {
        label: str(cell.source)
        for cell in notebook.cells
        if cell.cell_type == "code" and is_solution(cell) and (label := label_of(cell))
    }


def stub_cells(release: Path, source: Path) -> dict[str, str]:
    """Grade id -> text of the stubs: the released ones, or, before the first release, what they will be."""
    if release.is_file():
        return solution_cells(release)
    return {label: _stub(text, f"{source}, cell {label!r}") for label, text in solution_cells(source).items()}


def _stub(text: str, what: str) -> str:
    for region in reversed(find_regions(text, what=what)):
        text = fill(text, region, [f"{indent_of(text, region)}raise NotImplementedError()"])
    return text


def _code_cells(path: Path) -> dict[str, str]:
    """Grade id -> text of the cells that a solution needs: the set-up and the solutions, not checks and plots."""
    notebook = read_notebook(path.read_bytes(), what=str(path))
    return {
        label: str(cell.source)
        for cell in notebook.cells
        if cell.cell_type == "code" and (label := label_of(cell)) and (is_solution(cell) or label == "setup")
    }


def run_jobs(jobs: Sequence[Job], workers: int, done: Callable[[Job], None]) -> list[Earned]:
    """Run all jobs; ``done`` hears of each. Raises SuiteFault where a suite cannot run at all."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["autograder.audit.jobs", "autograder.suite.plugin", "torch"])
    found: list[Earned] = []
    count = workers or len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(count, mp_context=context, initializer=end_with_the_grader) as pool:
        futures = {pool.submit(run_job, job): job for job in jobs}
        try:
            for future in as_completed(futures):
                found += future.result()
                done(futures[future])
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return found


def run_job(job: Job) -> list[Earned]:
    """Run one job, in a worker process."""
    import pytest

    from autograder.audit.run import Run

    warnings.simplefilter("ignore")  # wrong solutions divide by zero and more; this process runs nothing else
    run = Run(job, load_assignment(job.suite))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    arguments = [str(job.suite), "-c", os.devnull, "--rootdir", str(job.suite), "--import-mode=importlib"]
    arguments += ["-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:unraisableexception", "--capture=no"]
    arguments += ["-p", "no:threadexception", "-p", "no:warnings", "-p", "autograder.suite.plugin", "--assert=plain"]
    code = pytest.main([*arguments, "--device", job.device], plugins=[run, run.collector])
    if run.collector.broken or code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SuiteFault(f"{job.suite}: {run.collector.broken or f'pytest ended with exit code {int(code)}'}")
    return run.earned()


def start_forkserver(assignment: Assignment) -> Forkserver:
    """What mutants run in."""
    root = assignment.suite.parent.parent.parent
    return Forkserver(assignment.environment, (root / "tests", root / "solutions"))


def touched(assignment: Assignment, variant: Variant) -> tuple[str, ...]:
    """The exercises whose checks a variant runs."""
    if variant.kind == "reference":
        return assignment.exercises
    alone = variant.kind in ("stub", "empty")
    return (variant.exercise,) if alone else reach(assignment, variant.exercise)


def subject_name(mutant: Mutant, number: int) -> str:
    """The name of a mutant in test ids."""
    return f"mutant:{mutant.exercise}:{number}"
