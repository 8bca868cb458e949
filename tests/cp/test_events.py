"""The queue of the CP thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from cpvm.cp.events import BURST, EventQueue

from .helper import PATIENCE

FOREVER = 1e9


def event(number: int, done: list[int]) -> Callable[[], None]:
    return lambda: done.append(number)


def test_events_come_in_order_and_in_bursts() -> None:
    queue, done = EventQueue(), []  # type: ignore[var-annotated]
    for number in range(BURST + 3):
        queue.put(event(number, done))
    first, second = queue.take(None, 0.0), queue.take(None, 0.0)
    assert (len(first), len(second)) == (BURST, 3)
    for action in first + second:
        action()
    assert done == list(range(BURST + 3))
    assert queue.take(0.0, 0.0) == []


def test_a_full_burst_waits_for_nothing() -> None:
    queue = EventQueue()
    for number in range(BURST):
        queue.put(event(number, []))
    assert len(queue.take(None, time.monotonic() + FOREVER)) == BURST


def taken(queue: EventQueue, timeout: float | None, not_before: float = 0.0) -> Callable[[], int]:
    """Have another thread take; what is returned waits for it and gives the number of events."""
    found: list[int] = []
    queue.about_to_take()
    thread = threading.Thread(target=lambda: found.append(len(queue.take(timeout, not_before))), daemon=True)
    thread.start()

    def join() -> int:
        thread.join(PATIENCE)
        return found[0]

    return join


def test_who_waits_is_woken() -> None:
    queue = EventQueue()
    for timeout in (None, FOREVER):
        waiting = taken(queue, timeout)
        queue.nudge()
        assert waiting() == 0
        waiting = taken(queue, timeout)
        queue.put(event(1, []))
        assert waiting() == 1


def test_what_comes_in_the_meantime_comes_too() -> None:
    queue = EventQueue()
    waiting = taken(queue, None, time.monotonic() + FOREVER)
    for number in range(BURST):
        queue.put(event(number, []))
    assert waiting() == BURST


def test_a_nudge_before_is_not_forgotten() -> None:
    queue = EventQueue()
    queue.about_to_take()
    queue.nudge()
    queue.nudge()
    assert queue.take(None, 0.0) == []
