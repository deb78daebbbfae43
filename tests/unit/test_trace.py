"""The operator trace: what it sees, and that code cannot hide torch from it. Each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

HIDDEN = """
import sys, torch
from autograder.student import trace
trace.prepare()
given = torch.ones(3)
del sys.modules["torch"]
seen = set()
try:
    with trace.operators(seen):
        torch.sqrt(given)
    unseen = not seen
except RuntimeError:  # torch misses its own module while it is traced: then the call earns nothing
    unseen = False
print("unseen" if unseen else "seen or refused")
"""
WITHOUT = """
import sys
from autograder.student import trace
with trace.operators(set()):
    print("torch" in sys.modules)
"""


def printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_torch_taken_out_of_the_modules_hides_nothing() -> None:
    assert printed(HIDDEN) == "seen or refused"


def test_without_torch_nothing_is_imported() -> None:
    assert printed(WITHOUT) == "False"
