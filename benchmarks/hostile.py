"""What twenty hostile submissions cost a class of sixty, beside the forty honest ones alone.

    .venv/bin/python benchmarks/hostile.py [--rounds 1] [--workers 2]

The hostile ones are cases of tests/attacks: the ten that run into the longest time-outs, and ten others. A round
grades the forty alone, then all sixty. The sixty may take 1.2 times as long as the forty, and the time-outs that the
hostile ones hit, shared by the workers; the records of the forty must be the same to the byte. The exit code is 1 if
either is not so.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # tests/ is not installed

from autograder.course.layout import Course
from autograder.suite.variants import load_variants
from tests.attacks import hostile_class
from tests.attacks.case import CORPUS, Case, cell_of, load_all
from tests.attacks.surroundings import Bait, Canaries

ASSIGNMENT = "dropout"
HONEST, HOSTILE = 40, 20
MORE = 1.2


def main(arguments: Sequence[str]) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    fits = True
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="hostile-") as place:
            fits &= _round(Path(place), options.workers)
    return 0 if fits else 1


def _round(place: Path, workers: int) -> bool:
    canaries = Canaries()
    bait = Bait(canaries, place)
    cases = _hostile()
    with bait.laid():
        course = hostile_class.make_course(place / "course", [ASSIGNMENT], canaries)
        template = hostile_class.read_template(course, ASSIGNMENT)
        hostile_class.release(course, [ASSIGNMENT])
        honest = _hand_in_honest(course, template)
        shutil.copytree(course.root, place / "alone")
        alone = Course.find(place / "alone")
        hostile_class.hand_in_cases(course, cases, {ASSIGNMENT: template}, bait)
        grading = hostile_class.Grading(place, workers, {}, canaries)
        forty, sixty = grading.grade(alone, [ASSIGNMENT]), grading.grade(course, [ASSIGNMENT])
    limits = sum(case.verdict.seconds for case in cases)
    most = MORE * forty + limits / workers
    changed = [name for name in honest if hostile_class.changed_records(alone, course, ASSIGNMENT, name)]
    print(
        f"{HONEST} honest: {forty:.1f} s; with {HOSTILE} hostile: {sixty:.1f} s, where {most:.1f} s are allowed "
        f"({MORE:g} times {forty:.1f} s, and {limits:g} s of time-outs over {workers} workers)"
    )
    print(f"records of the honest: {len(honest) - len(changed)} of {len(honest)} the same to the byte {changed or ''}")
    return sixty <= most and not changed


def _hostile() -> list[Case]:
    cases = [case for case in load_all(CORPUS) if case.assignment == ASSIGNMENT]
    slow = sorted(cases, key=lambda case: (-case.verdict.seconds, case.name))[: HOSTILE // 2]
    return slow + [case for case in cases if case.verdict.seconds == 0][: HOSTILE - len(slow)]


def _hand_in_honest(course: Course, template: hostile_class.Template) -> list[str]:
    """Forty students: right, right in another style, and with one mistake each."""
    variants = [None, *load_variants(course.hidden_suite(ASSIGNMENT))]
    names = []
    for number in range(HONEST):
        notebook = json.loads(json.dumps(template.release))
        for exercise, answer in template.answers.items():
            cell_of(notebook, exercise)["source"] = answer
        variant = variants[number % len(variants)]
        if variant is not None:
            cell_of(notebook, variant.exercise)["source"] = variant.cell
        names.append(f"honest-{number:02}")
        directory = course.submitted(names[-1], ASSIGNMENT)
        directory.mkdir(parents=True)
        (directory / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(notebook))
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
