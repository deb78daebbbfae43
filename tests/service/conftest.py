"""A released course, made once, and a copy of it for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.classroom import build
from tests.service.classroom import Classroom


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course in which nobody has submitted anything."""
    root = build(tmp_path_factory.mktemp("released") / "course")
    shutil.rmtree(root / "submitted")
    return root


@pytest.fixture
def classroom(released: Path, tmp_path: Path) -> Classroom:
    shutil.copytree(released, tmp_path / "course")
    return Classroom(tmp_path)
