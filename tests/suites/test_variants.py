"""The suites are proved: ``autograder audit`` with some variants and mutants; ``make audit`` runs them all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from autograder.suite.assignment import load_assignment
from autograder.suite.variants import load_variants

ROOT = Path(__file__).parent.parent.parent
ASSIGNMENTS = sorted(path.parent for path in (ROOT / "tests" / "hidden").glob("*/assignment.toml"))
EXERCISES = [(suite, exercise) for suite in ASSIGNMENTS for exercise in load_assignment(suite).exercises]
MAIN_EXERCISES = {"dropout_forward", "batchnorm_backward", "ridge_fit", "gp_posterior", "botorch_loop"}
# Of each exercise and kind: what fits into the time that all tests may take.
VARIANTS = {
    "dropout": "4",
    "normalization": "4",
    "backprop": "4",
    "optimizers": "4",
    "ridge": "2",
    "gaussian_process": "1",
    "house_prices": "2",
    "bayesian_optimization": "1",
}


@cache
def audited(assignment: str) -> dict[str, Any]:
    """The audit of an assignment; one run for all tests of this file."""
    command = [sys.executable, "-m", "autograder.cli.main", "audit", assignment, "--json"]
    command += ["--mutants", "1", "--variants", VARIANTS[assignment]]
    run = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=ROOT)
    assert run.returncode in (0, 1), run.stderr
    (result,) = json.loads(run.stdout)
    return result


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("suite", "exercise"), EXERCISES, ids=[f"{suite.name}-{name}" for suite, name in EXERCISES])
def test_nothing_contradicts_the_suite(suite: Path, exercise: str) -> None:
    result = audited(suite.name)
    assert [f["text"] for f in result["findings"] if f["exercise"] in ("", exercise)] == []
    ran = Counter(s["kind"] for s in result["solutions"] if s["exercise"] == exercise and s["total"] > 0)
    assert ran["stub"] == 1
    known = Counter(variant.kind for variant in load_variants(suite) if variant.exercise == exercise)
    most = int(VARIANTS[suite.name])
    assert {kind: ran[kind] for kind in known} == {kind: min(known[kind], most) for kind in known}


@pytest.mark.parametrize(("suite", "exercise"), EXERCISES, ids=[f"{suite.name}-{name}" for suite, name in EXERCISES])
def test_enough_variants(suite: Path, exercise: str) -> None:
    counts = Counter(variant.kind for variant in load_variants(suite) if variant.exercise == exercise)
    least = 6 if exercise in MAIN_EXERCISES else 3
    assert min(counts["misconception"], counts["equivalent"]) >= least, counts


@pytest.mark.parametrize("suite", ASSIGNMENTS, ids=lambda suite: suite.name)
def test_each_misconception_has_its_own_sentence(suite: Path) -> None:
    sentences = Counter((v.exercise, v.sentence) for v in load_variants(suite) if v.kind == "misconception")
    assert [key for key, count in sentences.items() if count > 1 or len(key[1]) < 20] == []
