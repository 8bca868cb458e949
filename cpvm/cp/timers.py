"""Timer requests of CP (DMKSCH's TRQBLOKs): call something after so many seconds."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True)
class TimerRequest:
    """One request; `cancel` makes it void."""

    due: float
    sequence: int
    action: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        """Void the request."""
        self.action = None


class Timers:
    """All outstanding requests, the earliest first. For threads that have the system lock."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._heap: list[TimerRequest] = []
        self._sequence = itertools.count()
        self.earlier: Callable[[], None] = lambda: None
        """Told when a request becomes the earliest."""

    def after(self, seconds: float, action: Callable[[], None]) -> TimerRequest:
        """Have ACTION called on the CP thread in SECONDS."""
        request = TimerRequest(self._now() + seconds, next(self._sequence), action)
        heapq.heappush(self._heap, request)
        if self._heap[0] is request:
            self.earlier()
        return request

    def next_due(self) -> float | None:
        """Seconds until the earliest request, 0 if it is due; None if there is none."""
        while self._heap and self._heap[0].action is None:
            heapq.heappop(self._heap)
        return max(0.0, self._heap[0].due - self._now()) if self._heap else None

    def expired(self) -> list[Callable[[], None]]:
        """Take out all requests that are due."""
        actions = []
        while self.next_due() == 0.0:
            action = heapq.heappop(self._heap).action
            if action is not None:
                actions.append(action)
        return actions
