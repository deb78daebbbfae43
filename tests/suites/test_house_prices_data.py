"""The bundled tables of ``house_prices`` are what their generating process makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_csv_files_are_what_the_generating_process_makes() -> None:
    command = [sys.executable, str(ROOT / "tests" / "hidden" / "house_prices" / "make_data.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
