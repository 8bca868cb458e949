"""The system lock: whoever executes CP's code, or a machine's instructions in Python, has it (DMKLOK).

One lock for everything. A thread lets go of it only while native code executes a machine's instructions, and while it
has nothing to do. So all that belongs to CP is seen by one thread at a time, as if there were only one.
"""

from __future__ import annotations

import threading
from collections import deque
from time import perf_counter_ns
from typing import Final

PATIENCE: Final = 200_000
"""Nanoseconds after which a thread that waits gets the lock from whoever lets go of it, even for a moment.

Before that, who comes back soon finds the lock still free: handing it to a thread that has to be woken first would cost
more than it gives, if machines do little between their requests to CP."""

HOGGING: Final = 1_000_000
"""Nanoseconds after which a thread that runs a machine pauses, if it has let nobody in and others are outside."""

MOST_DELAYED: Final = 4
"""Times the processor time of a slice that it may have delayed others: what is more the host has caused."""

BREATH: Final = 50_000
"""Nanoseconds of such a pause."""

_NEVER: Final = threading.Lock()
_NEVER.acquire()


class _Turn:
    """A thread that waits."""

    __slots__ = ("called", "gate", "granted", "since", "urgent")

    def __init__(self, since: int, *, urgent: bool) -> None:
        self.since = since
        self.urgent = urgent
        self.gate = threading.Lock()
        self.gate.acquire()
        self.called = False  # and has not come yet
        self.granted = False


class SystemLock:
    """Not reentrant. First come, first served, except for those who are `urgent`."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._free = True
        self._taken = 0  # when whoever has it got it
        self.line: deque[_Turn] = deque()
        """Those who wait."""
        self.away = 0
        """Threads that are outside, see `Outside`."""

    def acquire(self, *, urgent: bool = False) -> None:
        """Wait for the lock and take it; URGENT goes to the head of the line and gets it next."""
        self._wait_for(urgent)
        self._taken = perf_counter_ns()

    def _wait_for(self, urgent: bool) -> None:
        with self._mutex:
            if self._free:
                self._free = False
                return
            turn = _Turn(perf_counter_ns(), urgent=urgent)
            if urgent:
                self.line.appendleft(turn)
            else:
                self.line.append(turn)
        while True:
            turn.gate.acquire()
            with self._mutex:
                if turn.granted:
                    return
                if self._free:
                    self._free = False
                    self.line.remove(turn)
                    return
                turn.called = False

    def release(self, *, fair: bool = False) -> int:
        """Let go of the lock. FAIR: the first in line gets it, even if it has not waited long.

        Returns the nanoseconds for which others have waited while it was held, all of them added up.
        """
        with self._mutex:
            if not self.line:
                self._free = True
                return 0
            now, taken = perf_counter_ns(), self._taken
            waited = sum(now - max(turn.since, taken) for turn in self.line)
            first = self.line[0]
            if fair or first.urgent or first.since + PATIENCE < now:
                self.line.popleft()
                first.granted = True
            else:
                self._free = True
            if not first.called:
                first.called = True
                first.gate.release()
            return waited

    def give_way(self) -> int:
        """Let those who wait have the lock first; returns what `release` does."""
        if not self.line:
            return 0
        waited = self.release(fair=True)
        self.acquire()
        return waited

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *failure: object) -> None:
        self.release()


class Outside:
    """A `with` block in which the thread that runs a machine has let go of the lock; one object for each machine.

    Who comes back from native code needs Python's lock first, then this one, and is not seen while it waits for the
    former. Threads that are outside again and again, each time for a moment, would never let it in: they pause.
    """

    def __init__(self, lock: SystemLock) -> None:
        self._lock = lock
        self.delayed = 0
        """Nanoseconds for which others have waited for the lock in this slice because this thread had it."""
        self.used = 0
        """Nanoseconds of processor time that the last slice took."""
        self._left = 0  # when the thread went outside
        self._paused = 0  # when it last was outside long enough for others to come in

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for the lock."""
        return bool(self._lock.line)

    def begin(self) -> None:
        """A slice begins."""
        self._paused = perf_counter_ns()
        self.delayed = 0

    def charged(self, delayed: int) -> int:
        """How much of a delay that others had is to be charged for: not that in which the host had no processor."""
        return min(delayed, self.used * MOST_DELAYED)

    def breathe(self) -> None:
        """Let others in who have waited for some time."""
        if self._lock.line:
            self.delayed += self._lock.release()
            self._lock.acquire()

    def __enter__(self) -> None:
        lock = self._lock
        now = self._left = perf_counter_ns()
        pause = lock.away and now - self._paused > HOGGING
        lock.away += 1
        self.delayed += lock.release()
        if pause:
            _NEVER.acquire(timeout=BREATH / 1e9)

    def __exit__(self, *failure: object) -> None:
        lock = self._lock
        lock.acquire()
        lock.away -= 1
        now = perf_counter_ns()
        if now - self._left > BREATH:
            self._paused = now


class Bell:
    """Where threads that have the lock sleep until it is rung; they let go of the lock meanwhile."""

    def __init__(self, lock: SystemLock) -> None:
        self._lock = lock
        self._gates: deque[threading.Lock] = deque()

    def __len__(self) -> int:
        """How many sleep and have not been called."""
        return len(self._gates)

    def wait(self, *, urgent: bool = False) -> None:
        """Sleep until the bell is rung for this thread."""
        gate = threading.Lock()
        gate.acquire()
        self._gates.append(gate)
        self._lock.release(fair=True)
        gate.acquire()
        self._lock.acquire(urgent=urgent)

    def ring(self, count: int = 1) -> None:
        """Wake up to COUNT sleepers, those who have slept longest first. The caller has the lock."""
        for _ in range(min(count, len(self._gates))):
            self._gates.popleft().release()
