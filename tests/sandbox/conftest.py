"""One forkserver of each kind for the whole folder: starting one takes longer than most tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.judge.forkserver import Forkserver
from autograder.judge.sandbox import Environment


@pytest.fixture(scope="session")
def forkserver() -> Iterator[Forkserver]:
    """A forkserver with numpy alone: it starts in half a second."""
    with Forkserver(Environment(preload=("numpy",), banned_packages=("sklearn", "yaml"))) as running:
        yield running


@pytest.fixture(scope="session")
def torch_forkserver() -> Iterator[Forkserver]:
    """A forkserver with torch and matplotlib."""
    with Forkserver(Environment(preload=("numpy", "torch", "matplotlib.pyplot"))) as running:
        yield running
