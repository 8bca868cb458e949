"""Timer requests of CP (DMKSCH's TRQBLOKs): call something after so many seconds."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_MOST_VOID = 64  # cancelled requests that may stay until they are due, however few others there are


@dataclass(order=True)
class TimerRequest:
    """One request; `cancel` makes it void."""

    due: float
    sequence: int
    action: Callable[[], None] | None = field(compare=False)
    voided: Callable[[], None] = field(compare=False, default=lambda: None)

    def cancel(self) -> None:
        """Void the request."""
        if self.action is not None:
            self.action = None
            self.voided()


class Timers:
    """All outstanding requests, the earliest first. For threads that have the system lock."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._heap: list[TimerRequest] = []
        self._sequence = itertools.count()
        self._void = 0
        """Cancelled requests in the heap."""
        self.earlier: Callable[[], None] = lambda: None
        """Told when a request becomes the earliest."""

    def after(self, seconds: float, action: Callable[[], None]) -> TimerRequest:
        """Have ACTION called on the CP thread in SECONDS."""
        request = TimerRequest(self._now() + seconds, next(self._sequence), action, self._voided)
        heapq.heappush(self._heap, request)
        if self._heap[0] is request:
            self.earlier()
        return request

    def __len__(self) -> int:
        """Requests that are kept, cancelled ones too."""
        return len(self._heap)

    def _voided(self) -> None:
        """A request was cancelled. They go when they are due, but must not pile up before that: a machine may ask for
        the year 2040 again and again."""
        self._void += 1
        if self._void > _MOST_VOID and self._void * 2 > len(self._heap):
            self._heap = [request for request in self._heap if request.action is not None]
            heapq.heapify(self._heap)
            self._void = 0

    def next_due(self) -> float | None:
        """Seconds until the earliest request, 0 if it is due; None if there is none."""
        while self._heap and self._heap[0].action is None:
            heapq.heappop(self._heap)
            self._void -= 1
        return max(0.0, self._heap[0].due - self._now()) if self._heap else None

    def expired(self) -> list[Callable[[], None]]:
        """Take out all requests that are due."""
        actions = []
        while self.next_due() == 0.0:
            request = heapq.heappop(self._heap)
            action, request.action = request.action, None
            if action is not None:
                actions.append(action)
        return actions
