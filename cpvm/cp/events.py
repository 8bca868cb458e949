"""What the CP thread has to do: a queue that any thread may put something into."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Final

BURST: Final = 64
"""Events taken at most before machines get their turn."""

Event = Callable[[], None]


class EventQueue:
    """Events in the order in which they came."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._asleep = False

    def put(self, event: Event) -> None:
        """Add EVENT. Callable from any thread."""
        self._events.put(event)

    def nudge(self) -> None:
        """Have `take` return, if it waits. For threads that have the system lock."""
        if self._asleep:
            self._asleep = False
            self._events.put(None)

    def about_to_take(self) -> None:
        """From now on `nudge` is heard. With the system lock; `take` follows, without it."""
        self._asleep = True

    def take(self, timeout: float | None, not_before: float) -> list[Event]:
        """Wait up to TIMEOUT seconds (None: without limit) for an event or a nudge, then take all that is there, and
        what comes before the time NOT_BEFORE (of `time.monotonic`)."""
        events: list[Event] = []
        there = self._next(events, timeout)
        while len(events) < BURST and (there or not_before > time.monotonic()):
            there = self._next(events, max(0.0, not_before - time.monotonic()))
        self._asleep = False
        return events

    def _next(self, events: list[Event], timeout: float | None) -> bool:
        try:
            event = self._events.get(timeout=timeout)
        except queue.Empty:
            return False
        if event is not None:
            events.append(event)
        return True
