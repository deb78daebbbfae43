"""A class with hostile submissions, graded as an instructor does, and what came of each.

The course is made of this repository's own assignments, with canaries in everything that must stay secret. Three honest
victims hand in beside the cases; they are graded once alone, and once among them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder.course.layout import CONFIG_FILE, Course
from autograder.record import Record
from autograder.suite.variants import load_variants
from tests.attacks import surroundings
from tests.attacks.case import Case, Notebook, cell_of, lay, own_cell
from tests.attacks.pages import dangers, dangers_in_notebook
from tests.attacks.surroundings import Bait, Canaries

REPOSITORY = Path(__file__).resolve().parents[2]
VICTIMS = ("aa-victim", "mm-victim", "zz-victim")  # everything right, one thing wrong, nothing done
PATIENCE = 10.0  # seconds in which what is left behind may end
GRACE = 10.0  # seconds that a busy machine may add to a case's own time


@dataclass(frozen=True)
class Result:
    """What came of one case; ``wrong`` says what is not as it must be."""

    case: Case
    record: Record | None
    seconds: float
    wrong: tuple[str, ...]


@dataclass
class Outcome:
    """What came of the class: each case, and what is wrong with all together."""

    results: list[Result]
    wrong: list[str]
    alone: float
    together: float
    notes: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong and not any(result.wrong for result in self.results)


@dataclass(frozen=True)
class Template:
    release: Notebook
    answers: Mapping[str, str]
    mistake: tuple[str, str]  # an exercise, and a wrong cell for it


def grade_among(cases: Sequence[Case], workplace: Path, *, workers: int = 2, feedback: bool = True) -> Outcome:
    """Grade the victims alone, then with all cases, and compare with what must come of it.

    ``workplace`` is an empty directory of this test's own.
    """
    assignments = sorted({case.assignment for case in cases})
    canaries = Canaries()
    bait = Bait(canaries, workplace)
    with surroundings.adopted_orphans(), bait.laid():
        course = make_course(workplace / "course", assignments, canaries)
        templates = {name: read_template(course, name) for name in assignments}
        for name in assignments:
            _hand_in_victims(course, name, templates[name], canaries)
        release(course, assignments)
        _plant_in_gradebook(course, canaries)
        shutil.copytree(course.root, workplace / "alone")
        secret = canaries.plant("the environment of the grading process")
        grading = Grading(workplace, workers, {"AUTOGRADER_TEST_SECRET": secret}, canaries)
        undisturbed = Course.find(workplace / "alone")
        alone = grading.grade(undisturbed, assignments)
        hand_in_cases(course, cases, templates, bait)
        before = surroundings.traces(workplace)
        together = grading.grade(course, assignments)
        left = surroundings.traces(workplace, patience=PATIENCE).since(before)
        if feedback:
            for name in assignments:
                grading.run(course, "nbgrader", "generate_feedback", name)
        wrong = [f"left behind: {what}" for what in left]
        wrong += [f"reached: {what}" for what in dict.fromkeys(bait.visits)]
        wrong += _changed_victims(undisturbed, course, assignments)
        wrong += leaks(course, grading.printed, canaries)
        results = [_result(course, case, _Scores(course, case.assignment), feedback) for case in cases]
        if feedback:
            usual = {name: set().union(*(_rendered(course, name, who) for who in VICTIMS)) for name in assignments}
            for number, result in enumerate(results):
                found = _rendered(course, result.case.assignment, result.case.student) - usual[result.case.assignment]
                active = (f"in its pages: {what[:300]}" for what in sorted(found))
                results[number] = replace(result, wrong=(*result.wrong, *active))
    return Outcome(results, wrong, alone, together)


class Grading:
    """Runs the command lines of an instructor, with a directory for temporary files of their own."""

    def __init__(self, workplace: Path, workers: int, secrets: Mapping[str, str], canaries: Canaries) -> None:
        self.scratch = workplace / "scratch"
        self.scratch.mkdir()
        (self.scratch / "secret.txt").write_text(canaries.plant("a file of the grader's temporary directory"))
        binaries = Path(sys.executable).parent
        self._workers = workers
        self._environment = os.environ | secrets | {
            "TMPDIR": str(self.scratch), "PATH": f"{binaries}:{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY),
        }  # fmt: skip
        self.printed = b""

    def grade(self, course: Course, assignments: Sequence[str]) -> float:
        """Grade everything; returns the seconds it took."""
        began = time.monotonic()
        self.run(course, "autograder", "grade", *assignments, "--workers", str(self._workers), accepted=(0, 1))
        return time.monotonic() - began

    def run(self, course: Course, program: str, *arguments: str, accepted: tuple[int, ...] = (0,)) -> None:
        """Run a program of this environment in the course. Raises RuntimeError if it ends with another exit code."""
        done = subprocess.run(
            [str(Path(sys.executable).parent / program), *arguments],
            cwd=course.root, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip
        self.printed += done.stdout + done.stderr
        if done.returncode not in accepted:
            tail = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
            raise RuntimeError(f"{program} {' '.join(arguments)} ended with exit code {done.returncode}:\n{tail}")


def make_course(root: Path, assignments: Iterable[str], canaries: Canaries) -> Course:
    root.mkdir(parents=True)
    shutil.copy(REPOSITORY / CONFIG_FILE, root)
    for name in assignments:
        for where in (f"source/{name}", f"tests/hidden/{name}"):
            shutil.copytree(REPOSITORY / where, root / where, ignore=shutil.ignore_patterns("__pycache__"))
        (root / "solutions").mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / f"solutions/{name}.py", root / "solutions")
        for place in (root / "solutions" / f"{name}.py", *sorted((root / f"tests/hidden/{name}").rglob("*.py"))):
            secret = canaries.plant(str(place.relative_to(root)))
            place.write_text(f"{place.read_text()}\n_SECRET = {secret!r}  # {secret}\n")
    return Course.find(root)


def read_template(course: Course, name: str) -> Template:
    source = read_json(course.source_notebook(name))
    release = read_json(REPOSITORY / "release" / name / f"{name}.ipynb")
    answers = {}
    for cell in source["cells"]:
        nbgrader = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and nbgrader.get("solution"):
            lines = "".join(cell["source"]).splitlines()
            answers[nbgrader["grade_id"]] = "\n".join(line for line in lines if " SOLUTION" not in line)
    wrong = next(v for v in load_variants(course.hidden_suite(name)) if v.kind == "misconception")
    return Template(release, answers, (wrong.exercise, wrong.cell))


def _hand_in_victims(course: Course, name: str, template: Template, canaries: Canaries) -> None:
    works_of = (template.answers, dict(template.answers) | dict([template.mistake]), {})
    for victim, works in zip(VICTIMS, works_of, strict=True):
        notebook = json.loads(json.dumps(template.release))
        for exercise, text in works.items():
            cell_of(notebook, exercise)["source"] = text
        secret = canaries.plant(f"{victim}'s {name}")
        notebook["cells"].append(own_cell(f"# {secret}\nhidden = open('notes.txt').read()", 0))
        directory = course.submitted(victim, name)
        directory.mkdir(parents=True)
        (directory / f"{name}.ipynb").write_text(json.dumps(notebook))
        (directory / "notes.txt").write_text(canaries.plant(f"a file of {victim}'s {name}"))


def release(course: Course, assignments: Sequence[str]) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "autograder"), "release", *assignments],
        cwd=course.root, env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def _plant_in_gradebook(course: Course, canaries: Canaries) -> None:
    with Gradebook(course.db_url, course.course_id) as gradebook:
        gradebook.update_or_create_student("dd-absent", first_name=canaries.plant("the gradebook"))


def hand_in_cases(course: Course, cases: Iterable[Case], templates: Mapping[str, Template], bait: Bait) -> None:
    place = {
        "COURSE": str(course.root), "HOME": str(Path.home()), "PORT": str(bait.port), "ABSTRACT": bait.abstract,
        "SOCKET": bait.path, "SCRATCH": str(bait.directory / "scratch"), "MARK": surroundings.MARK,
    }  # fmt: skip
    for case in cases:
        template = templates[case.assignment]
        lay(case, template.release, template.answers, place, course.submitted(case.student, case.assignment))


def _changed_victims(undisturbed: Course, course: Course, assignments: Iterable[str]) -> list[str]:
    wrong = []
    for name in assignments:
        before, after = (_Scores(c, name) for c in (undisturbed, course))
        for victim in VICTIMS:
            if changed_records(undisturbed, course, name, victim):
                wrong.append(f"{victim}'s record of {name} is another one than alone")
            if before.of(victim) != after.of(victim):
                wrong.append(f"{victim}'s grade in {name} is {after.of(victim)}, alone {before.of(victim)}")
    return wrong


def changed_records(undisturbed: Course, course: Course, name: str, student: str) -> bool:
    """Whether a student's record differs by a byte from the one of a class without attacks, or is not there."""
    before, after = (
        {p.name: p.read_bytes() for p in c.records(name, student).glob("*.json") if ".run." not in p.name}
        for c in (undisturbed, course)
    )
    return not before or before != after


def leaks(course: Course, printed: bytes, canaries: Canaries) -> list[str]:
    """Where a canary is seen: in what was printed, in records, graded notebooks and pages, but for the victims' own."""
    wrong = [f"{place} is in what was printed" for place in canaries.seen_in(printed)]
    for directory in ("records", course.autograded_directory, course.feedback_directory):
        for path in sorted((course.root / directory).rglob("*")):
            if path.is_file() and not any(victim in path.parts for victim in VICTIMS):
                wrong += [
                    f"{place} is in {path.relative_to(course.root)}" for place in canaries.seen_in(path.read_bytes())
                ]
    return wrong


class _Scores:
    """What the gradebook says of one assignment."""

    def __init__(self, course: Course, name: str) -> None:
        self._of: dict[str, float] = {}
        with Gradebook(course.db_url, course.course_id) as gradebook:
            for submission in gradebook.assignment_submissions(name):
                if submission.student.id in self._of:
                    raise AssertionError(f"{submission.student.id} has two submissions of {name} in the gradebook")
                grades = (grade for notebook in submission.notebooks for grade in notebook.grades)
                self._of[submission.student.id] = sum(grade.auto_score or 0.0 for grade in grades)

    def of(self, student: str) -> float | None:
        """The sum of the automatic scores; None where there is no submission."""
        return self._of.get(student)


def _result(course: Course, case: Case, scores: _Scores, feedback: bool) -> Result:
    directory = course.records(case.assignment, case.student)
    paths = [path for path in directory.glob("*.json") if ".run." not in path.name]
    if len(paths) != 1:
        return Result(case, None, 0.0, (f"{len(paths)} records",))
    record = Record.from_json(paths[0].read_text())
    seconds = read_json(paths[0].with_suffix(".run.json"))["seconds"]
    verdict, wrong = case.verdict, []
    if record.outcome != verdict.outcome:
        wrong.append(f"{record.outcome} ({record.reason}), where {verdict.outcome} is right")
    points = record.points if verdict.points is None else verdict.points
    if abs(record.score - points) > 1e-6:
        wrong.append(f"{record.score:g} of {record.points:g} points, where {points:g} are right{_missed(record)}")
    due = None if record.outcome == "not judged" else record.score
    if (found := scores.of(case.student)) != due and (found is None or due is None or abs(found - due) > 1e-6):
        wrong.append(f"the gradebook says {found}, the record {due}")
    told = said(record)
    wrong += [f"the record says nothing like {pattern!r}" for pattern in verdict.says if not re.search(pattern, told)]
    if seconds > verdict.seconds + GRACE:
        wrong.append(f"took {seconds:.1f} s, where its limits give it {verdict.seconds:g} s")
    page = course.feedback(case.student, case.assignment) / f"{case.assignment}.html"
    if feedback and record.outcome == "graded" and not page.exists():
        wrong.append("no page of feedback was made")
    return Result(case, record, seconds, tuple(wrong))


def _rendered(course: Course, assignment: str, student: str) -> set[str]:
    """What could run in a student's page and graded notebook, or cover something in them."""
    found: set[str] = set()
    for page in course.feedback(student, assignment).glob("*.html"):
        found |= dangers(page.read_text())
    for notebook in course.autograded(student, assignment).glob("*.ipynb"):
        found |= dangers_in_notebook(json.loads(notebook.read_text()))
    return found


def _missed(record: Record) -> str:
    missed = [f"{e.name}: {c.message}" for e in record.exercises for c in e.checks if c.outcome != "passed"]
    return f" ({missed[0][:200]})" if missed else ""


def read_json(path: Path) -> Any:
    """What a file of JSON holds."""
    return json.loads(path.read_text())


def said(record: Record) -> str:
    """All that a record tells, as one text: the reason, checks, what cells printed, notes, alterations and flags."""
    parts = [record.reason, *record.alterations, *record.flags]
    for exercise in record.exercises:
        parts += [f"{exercise.name}: {check.message}" for check in exercise.checks if check.message]
    for cell in record.cells:
        parts += [f"cell {cell.cell_id}: {cell.note}"] if cell.note else []
        parts += [json.dumps(output, ensure_ascii=False) for output in cell.outputs]
    return "\n".join(parts)
