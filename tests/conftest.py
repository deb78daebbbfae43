"""What every test of this repository finds around it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# One thread each: tests start processes of their own, and a fork under live OpenMP threads can hang.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "Agg"
# nbgrader starts `alembic`, and tests start `nbgrader`, by name: take this environment's, activated or not.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


LONG = "LONG_TESTS"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless the environment asks for it."""
    if os.environ.get(LONG):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason=f"takes long: make service runs it ({LONG}=1)"))


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_person_at_the_keyboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Jupyter and IPython read no configuration, history or data of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield
