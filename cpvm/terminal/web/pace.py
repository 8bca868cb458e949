"""How fast a client may go."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """So many a second for long, and `burst` at once.

    Args:
        rate: a second.
        burst: how many may come at once after a pause.
    """

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._left = float(burst)
        self._last = now()

    def take(self) -> bool:
        """Take one; False if there are too many."""
        now = self._now()
        self._left = min(self._burst, self._left + (now - self._last) * self._rate)
        self._last = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
