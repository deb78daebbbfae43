"""The suites are tested: the reference and every equivalent keep all points, every misconception loses some."""

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
from autograder.suite.variants import Variant, load_variants

HIDDEN = Path(__file__).parent.parent / "hidden"
ASSIGNMENTS = sorted(path.parent for path in HIDDEN.glob("*/assignment.toml"))
VARIANTS = [(suite, variant) for suite in ASSIGNMENTS for variant in load_variants(suite)]
MAIN_EXERCISES = {"dropout_forward", "batchnorm_backward"}


@cache
def audited(suite: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What each variant of a suite earned; one run for all tests of this file."""
    command = [sys.executable, "-m", "autograder.suite.audit", str(suite)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    results = json.loads(run.stdout)
    return {(result["kind"], result["exercise"], result["name"]): result for result in results}


def variant_id(value: tuple[Path, Variant]) -> str:
    suite, variant = value
    return f"{suite.name}-{variant.kind}-{variant.exercise}-{variant.name}"


@pytest.mark.parametrize("suite", ASSIGNMENTS, ids=lambda suite: suite.name)
def test_reference_keeps_all_points(suite: Path) -> None:
    result = audited(suite)["reference", "", "reference"]
    assert (result["failed"], result["not_judged"]) == ([], [])
    assert result["passed"] == result["total"] > 0


@pytest.mark.parametrize("case", VARIANTS, ids=map(variant_id, VARIANTS))
def test_variant(case: tuple[Path, Variant]) -> None:
    suite, variant = case
    result = audited(suite)[variant.kind, variant.exercise, variant.name]
    assert result["total"] > 0, "no check ran: is the exercise's name spelled as in the suite?"
    assert result["not_judged"] == []
    if variant.kind == "equivalent":
        assert result["failed"] == []
    else:
        assert result["passed"] < result["total"], "a known mistake keeps all points"


@pytest.mark.parametrize("suite", ASSIGNMENTS, ids=lambda suite: suite.name)
def test_enough_variants_of_each_exercise(suite: Path) -> None:
    counts = Counter((variant.exercise, variant.kind) for variant in load_variants(suite))
    for exercise in load_assignment(suite).exercises:
        least = 6 if exercise in MAIN_EXERCISES else 3
        for kind in ("misconception", "equivalent"):
            assert counts[exercise, kind] >= least, f"{exercise} has {counts[exercise, kind]} variants of kind {kind}"


@pytest.mark.parametrize("suite", ASSIGNMENTS, ids=lambda suite: suite.name)
def test_each_misconception_has_its_own_sentence(suite: Path) -> None:
    sentences = Counter((v.exercise, v.sentence) for v in load_variants(suite) if v.kind == "misconception")
    assert [key for key, count in sentences.items() if count > 1 or len(key[1]) < 20] == []
