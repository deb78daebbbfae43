"""Text that a record may keep: the same each time the same code runs."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{4,}")


def stable(text: str) -> str:
    """Return the text without memory addresses (``<Line2D at 0x7f...>``): they differ from one run to the next."""
    return _ADDRESS.sub("at 0x…", text)
