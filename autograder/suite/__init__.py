"""Hidden suites: their settings, their variants, and the pytest plugin that judges submissions with them.

A suite imports ``raises`` from here, and its variant files ``misconception`` and ``equivalent``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograder.suite.variants import equivalent, misconception

if TYPE_CHECKING:
    from autograder.judge.proxies import raises

__all__ = ["equivalent", "misconception", "raises"]


def __getattr__(name: str) -> Any:
    """Load ``raises`` on first use: it brings torch along, which the command line's own process does without."""
    if name != "raises":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from autograder.judge.proxies import raises

    return raises
