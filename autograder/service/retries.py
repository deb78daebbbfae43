"""When what has failed is tried again: with growing pauses, so that a fault that lasts costs little."""

from __future__ import annotations

import time
from collections.abc import Hashable

PAUSES = (5.0, 30.0, 120.0, 600.0)  # seconds; the last one from then on


class Retries:
    """How often things have failed, and when each may be tried again."""

    def __init__(self, longest: float = PAUSES[-1]) -> None:
        self._longest = longest
        self._failed: dict[Hashable, tuple[int, float]] = {}

    def failed(self, key: Hashable) -> int:
        """Note one more failure; returns how many there were."""
        times = self.times(key) + 1
        pause = min(self._longest, PAUSES[min(times, len(PAUSES)) - 1])
        self._failed[key] = (times, time.monotonic() + pause)
        return times

    def done(self, key: Hashable) -> None:
        """Forget what went well."""
        self._failed.pop(key, None)

    def times(self, key: Hashable) -> int:
        """How often it has failed since it went well."""
        return self._failed.get(key, (0, 0.0))[0]

    def may(self, key: Hashable) -> bool:
        """Whether it may be tried now."""
        return self._failed.get(key, (0, 0.0))[1] <= time.monotonic()

    def wait(self, key: Hashable) -> float:
        """Seconds until it may be tried."""
        return max(0.0, self._failed.get(key, (0, 0.0))[1] - time.monotonic())
