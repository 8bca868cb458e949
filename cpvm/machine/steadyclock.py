"""The host's clock as a System/370 may see it: never going back.

The TOD clock of a System/370 does not go back (GA22-7000, "Time-of-Day Clock"), but a host's may be set back at any
time: by its owner, or by what keeps it right. A step forward is taken as it comes. After a small step back the clock
here goes at half its pace until the host's has come up with it; after a large one it goes on as if nothing had been.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

SLEW: Final = 60 * 10**9
"""Nanoseconds: a step back by no more is made up for, at half the pace."""


class SteadyClock:
    """Nanoseconds since 1970. May be asked by any thread."""

    def __init__(self, real: Callable[[], int] = time.time_ns, steady: Callable[[], int] = time.monotonic_ns) -> None:
        """REAL may be set, STEADY is a clock that is never set; both count nanoseconds."""
        self._real = real
        self._steady = steady
        self._lock = threading.Lock()
        self._value = real()
        self._at = steady()

    def nanoseconds(self) -> int:
        """The time, another one at each call."""
        with self._lock:
            real, at = self._real(), self._steady()
            passed = max(0, at - self._at)
            behind = self._value + passed - real
            if behind <= 0:
                now = real
            elif behind > SLEW:
                now = self._value + passed
            else:
                now = self._value + passed - min(behind, passed // 2)
            self._value = max(now, self._value + 1)
            self._at = at
            return self._value


host_clock: Final = SteadyClock()
"""That of this process."""
