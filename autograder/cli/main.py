"""The commands of ``autograder`` and their options. Each imports what it needs when it runs, so ``--help`` is quick."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer

from autograder import __version__
from autograder.errors import AutograderError
from autograder.grading.stopping import Stopped, stoppable, whole

app = typer.Typer(
    help="Grade nbgrader notebooks with hidden pytest suites, student code confined.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

P = ParamSpec("P")
T = TypeVar("T")

CourseOption = Annotated[
    Path, typer.Option("--course", metavar="DIR", help="a directory of the course (default: this one)")
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]
CheckOption = Annotated[bool, typer.Option("--check", help="change nothing; fail if something would change")]
Assignments = Annotated[list[str] | None, typer.Argument(help="assignments (default: all)", show_default=False)]
Assignment = Annotated[str, typer.Argument(help="the assignment")]

NOT_DONE = 1  # something could not be done: a submission not judged, drift, a failed requirement
REFUSED = 2  # nothing was done: bad arguments, a broken course


def _refuses(command: Callable[P, T]) -> Callable[P, T]:
    """Turn an error raised on purpose into one clear line and the exit code of a refusal."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except AutograderError as error:
            typer.secho(f"autograder: {error}", err=True, fg=typer.colors.RED)
            raise typer.Exit(REFUSED) from error
        except Stopped as stop:
            typer.secho(f"autograder: {stop}; run the same command again to go on", err=True, fg=typer.colors.RED)
            raise typer.Exit(128 + stop.number) from stop

    return wrapped


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"autograder {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version")
    ] = False,
) -> None:
    """Grade nbgrader notebooks with hidden pytest suites, student code confined."""


@app.command()
@_refuses
def doctor(course: CourseOption = Path(), json_output: JsonOption = False) -> None:
    """Show each requirement of grading on this machine, its state, and what to do about it."""
    from autograder.cli.doctor import examine, report

    if not report(examine(course), json_output):
        raise typer.Exit(NOT_DONE)


@app.command()
@_refuses
def new(
    assignment: Annotated[str, typer.Argument(metavar="NAME", help="lowercase letters, digits and underscores")],
    init: Annotated[bool, typer.Option("--init", help="make the directory a course first")] = False,
    course: CourseOption = Path(),
) -> None:
    """Start an assignment: notebook, solution, hidden suite, with one worked exercise that passes its audit."""
    from autograder.cli.authoring import new_assignment

    new_assignment(course, assignment, init)


@app.command()
@_refuses
def sync(assignments: Assignments = None, check: CheckOption = False, course: CourseOption = Path()) -> None:
    """Fill the solution cells of the source notebooks from solutions/."""
    from autograder.cli.authoring import sync_all

    if not sync_all(course, assignments or [], check):
        raise typer.Exit(NOT_DONE)


@app.command()
@_refuses
def release(assignments: Assignments = None, check: CheckOption = False, course: CourseOption = Path()) -> None:
    """Make the student notebooks with nbgrader's generate_assignment."""
    from autograder.cli.authoring import release_all

    if not release_all(course, assignments or [], check):
        raise typer.Exit(NOT_DONE)


@app.command()
@_refuses
def grade(
    assignments: Annotated[list[str], typer.Argument(help="the assignments: several share their workers")],
    student: Annotated[list[str] | None, typer.Option("--student", "-s", help="only this student (repeatable)")] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="judge again what has a record already")] = False,
    workers: Annotated[int, typer.Option("--workers", "-j", help="worker processes (0: one a processor)")] = 0,
    device: Annotated[str, typer.Option("--device", help="cpu or cuda")] = "cpu",
    gradebook: Annotated[bool, typer.Option("--gradebook/--no-gradebook", help="write nbgrader's gradebook")] = True,
    trust_submissions: Annotated[
        bool, typer.Option("--trust-submissions", help="run WITHOUT confinement: only for code of your own")
    ] = False,
    json_output: JsonOption = False,
    course: CourseOption = Path(),
) -> None:
    """Judge the submissions of a class in parallel, and record grades in nbgrader's gradebook."""
    with stoppable():
        with whole():  # an interrupt in the midst of an import can get lost
            from autograder.grading.workers import start_ahead

            start_ahead()
            from autograder.grading.forkservers import started_ahead

        with started_ahead(course, assignments, confined=not trust_submissions) as forkservers:
            with whole():
                from autograder.cli.grade import grade_class
                from autograder.grading.grader import Options

            options = Options(workers=workers, device=device, force=force, trust=trust_submissions)
            if not grade_class(
                course, assignments, student or [], options, forkservers, gradebook=gradebook, json_output=json_output
            ):
                raise typer.Exit(NOT_DONE)


@app.command()
@_refuses
def audit(
    assignments: Assignments = None,
    mutants: Annotated[
        int | None, typer.Option("--mutants", help="of each exercise, at most (default: all)", show_default=False)
    ] = None,
    variants: Annotated[
        int | None, typer.Option("--variants", help="of each exercise and kind, at most (default: all)")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", "-j", help="worker processes (0: one a processor)")] = 0,
    device: Annotated[str, typer.Option("--device", help="cpu or cuda")] = "cpu",
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="write a page with the margins")] = None,
    json_output: JsonOption = False,
    course: CourseOption = Path(),
) -> None:
    """Prove hidden suites: right solutions keep all points, wrong ones and mutants lose some; and by what margin."""
    from autograder.cli.audit import Options, audit_all

    options = Options(workers, mutants, variants, device)
    if not audit_all(course, assignments or [], options, html=html, json_output=json_output):
        raise typer.Exit(NOT_DONE)


@app.command()
@_refuses
def show(
    assignment: Assignment,
    student: Annotated[str, typer.Argument(help="the student")],
    json_output: JsonOption = False,
    course: CourseOption = Path(),
) -> None:
    """Show one submission's latest result: every check, what went wrong, and the likely mistake."""
    from autograder.cli.show import show_result

    show_result(course, assignment, student, json_output)


@app.command()
@_refuses
def serve(
    engine_only: Annotated[bool, typer.Option("--engine-only", help="grade, without the pages")] = False,
    check_owner: Annotated[
        bool,
        typer.Option(
            "--check-owner/--no-check-owner",
            help="files in the exchange must be those of the user who is the student (off: all share one user)",
        ),
    ] = True,
    workers: Annotated[int, typer.Option("--workers", "-j", help="worker processes (0: one a processor)")] = 0,
    course: CourseOption = Path(),
) -> None:
    """Grade submissions as they come in through nbgrader's exchange, until it is stopped."""
    if engine_only:
        from autograder.cli.serve import serve_engine

        serve_engine(course, workers=workers, check_owner=check_owner)
        return
    try:
        from autograder.cli.serve_web import serve_all
    except ModuleNotFoundError as error:
        from autograder.errors import CourseFault

        raise CourseFault(f"the pages need {error.name}: pip install 'autograder[hub]'") from error
    serve_all(course, workers=workers, check_owner=check_owner)


@app.command()
@_refuses
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the archive to write (.tar.gz)")],
    course: CourseOption = Path(),
) -> None:
    """Write the course's state into one archive: gradebook, records, attempts, submissions, policies."""
    from autograder.cli.archive import back_up

    back_up(course, file)


@app.command()
@_refuses
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="an archive of `autograder backup`")],
    replace: Annotated[bool, typer.Option("--replace", help="put aside the state that is there")] = False,
    course: CourseOption = Path(),
) -> None:
    """Put the state of an archive into the course."""
    from autograder.cli.archive import bring_back

    bring_back(course, file, replace=replace)


def main() -> None:
    """Entry point of the console script."""
    # nbgrader starts ``alembic`` by name to upgrade a gradebook: find this environment's, activated or not.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    app()


if __name__ == "__main__":
    main()
