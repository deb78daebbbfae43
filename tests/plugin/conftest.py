"""What the tests of the pytest plugin share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_course import TinyCourse


@pytest.fixture
def course(tmp_path: Path) -> TinyCourse:
    return TinyCourse(tmp_path / "course")
