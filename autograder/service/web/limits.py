"""How often one user may ask: a token bucket for each."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MAX_BUCKETS = 10_000


class Buckets:
    """Token buckets by name: each holds at most ``burst`` and is filled with ``rate`` a second."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, name: str) -> float:
        """Seconds until this bucket has a token again; 0 where it has one now. Takes none."""
        level = self._level(name)
        return 0.0 if level >= 1 else (1 - level) / self._rate

    def take(self, name: str) -> float:
        """Take a token. Returns 0, or the seconds after which there would be one."""
        missing = self.wait(name)
        if not missing:
            self._levels[name] = (self._level(name) - 1, self._clock())
            self._levels.move_to_end(name)
            if len(self._levels) > MAX_BUCKETS:
                self._levels.popitem(last=False)
        return missing

    def _level(self, name: str) -> float:
        level, then = self._levels.get(name, (float(self._burst), self._clock()))
        return min(float(self._burst), level + (self._clock() - then) * self._rate)
