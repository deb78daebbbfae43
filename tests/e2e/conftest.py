"""``make e2e`` alone runs these tests, which take minutes and a browser; nobody else needs to have playwright."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("E2E") else ["test_*.py"]
