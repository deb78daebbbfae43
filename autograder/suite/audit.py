"""Prove a suite: run it on the reference and on every variant, in this process, and say what each earned.

python -m autograder.suite.audit tests/hidden/dropout       prints one JSON object for each variant
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from autograder.errors import SuiteFault
from autograder.suite.records import Collector
from autograder.suite.subjects import REFERENCE, OwnSolution
from autograder.suite.variants import Variant, load_variants


@dataclass(frozen=True)
class Audited:
    """What one variant (or the reference) earned on the checks of its own exercise, as weights."""

    kind: str
    exercise: str
    name: str
    passed: float
    total: float
    failed: tuple[str, ...]
    not_judged: tuple[str, ...]


def audit(suite: Path, scope: str = "own") -> list[Audited]:
    """Run the suite on its reference and variants.

    ``scope`` as of ``--variants``. Raises SuiteFault if it cannot run.
    """
    collector = Collector()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    arguments = [str(suite), "-c", os.devnull, "--rootdir", str(suite), "--import-mode=importlib", "--variants", scope]
    arguments += ["-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:unraisableexception"]
    arguments += ["-p", "no:threadexception", "-p", "autograder.suite.plugin"]
    code = pytest.main(arguments, plugins=[collector])
    if collector.broken or code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SuiteFault(f"{suite}: {collector.broken or f'pytest ended with exit code {int(code)}'}")
    reference = [_audited(collector, REFERENCE)]
    return reference + [_audited(collector, OwnSolution(variant)) for variant in load_variants(suite)]


def _audited(collector: Collector, subject: OwnSolution) -> Audited:
    variant: Variant = subject.variant
    checks = [c for c in collector.checks[subject.id] if variant.exercise in ("", c["exercise"])]
    passed = sum(c["weight"] for c in checks if c["outcome"] == "passed")
    failed = tuple(f"{c['check']}: {c['message']}" for c in checks if c["outcome"] == "failed")
    not_judged = tuple(f"{c['check']}: {c['message']}" for c in checks if c["outcome"] == "not judged")
    total = sum(c["weight"] for c in checks)
    return Audited(variant.kind, variant.exercise, variant.name, passed, total, failed, not_judged)


def main(arguments: Sequence[str]) -> None:
    """Print the audit of the suite that the first argument names."""
    json.dump([asdict(result) for result in audit(Path(arguments[0]))], sys.stdout, indent=1)


if __name__ == "__main__":
    main(sys.argv[1:])
