"""What the CP thread has to do: a queue that any thread may put something into."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

BURST: Final = 64
"""Events taken at most before machines get their turn."""

Event = Callable[[], None]


class EventQueue:
    """Events in the order in which they came.

    Not a `queue.SimpleQueue`: in Python 3.11 its `get` may wait for ever if the time-out passes at the wrong moment.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._events: deque[Event] = deque()
        self._nudged = False

    def put(self, event: Event) -> None:
        """Add EVENT. Callable from any thread."""
        with self._changed:
            self._events.append(event)
            self._changed.notify()

    def nudge(self) -> None:
        """Have `take` return, if it waits. For threads that have the system lock."""
        if not self._nudged:
            with self._changed:
                self._nudged = True
                self._changed.notify()

    def about_to_take(self) -> None:
        """From now on `nudge` is heard. With the system lock; `take` follows, without it."""
        self._nudged = False

    def take(self, timeout: float | None, not_before: float) -> list[Event]:
        """Wait up to TIMEOUT seconds (None: without limit) for an event or a nudge, then take all that is there, and
        what comes before the time NOT_BEFORE (of `time.monotonic`)."""
        events = self._events
        with self._changed:
            self._changed.wait_for(lambda: events or self._nudged, timeout)
            self._changed.wait_for(lambda: len(events) >= BURST, max(0.0, not_before - time.monotonic()))
            return [events.popleft() for _ in range(min(BURST, len(events)))]
