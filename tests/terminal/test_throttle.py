"""How a connection is held up that gives more than the system takes."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from cpvm.terminal import throttle
from cpvm.terminal.throttle import AT_ONCE, Throttle


class System:
    """Does what it was given when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def fence(self, event: Callable[[], None]) -> None:
        self.waiting.append(event)

    def catch_up(self) -> None:
        """On a thread of its own, as CP does."""
        waiting, self.waiting = self.waiting, []
        thread = threading.Thread(target=lambda: [event() for event in waiting])
        thread.start()
        thread.join()


def give(held: Throttle, count: int) -> None:
    for _ in range(count):
        held.count()


async def _waits(held: Throttle) -> "asyncio.Task[None]":
    """The task of a pause that has begun."""
    task = asyncio.ensure_future(held.pause())
    for _ in range(5):
        await asyncio.sleep(0)
    return task


def test_a_client_waits_until_the_system_has_caught_up() -> None:
    async def run() -> None:
        system = System()
        held = Throttle(system.fence, lambda: False)
        give(held, AT_ONCE - 1)
        await held.pause()
        assert not system.waiting
        give(held, 1)
        task = await _waits(held)
        assert not task.done() and len(system.waiting) == 1
        system.catch_up()
        await task
        give(held, AT_ONCE - 1)
        await held.pause()
        assert not system.waiting

    asyncio.run(run())


def test_a_connection_that_has_ended_waits_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        monkeypatch.setattr(throttle, "_LOOK", 0.01)
        system, ended = System(), threading.Event()
        held = Throttle(system.fence, ended.is_set)
        give(held, AT_ONCE)
        task = await _waits(held)
        assert not task.done()
        ended.set()
        await task
        system.catch_up()  # comes too late, and does no harm

    asyncio.run(run())
    System().catch_up()


def test_the_rate() -> None:
    async def run() -> float:
        held = Throttle(lambda event: event(), lambda: False)
        began = time.monotonic()
        for _ in range(5 * AT_ONCE):
            held.count()
            await held.pause()
        return time.monotonic() - began

    assert asyncio.run(run()) >= 4 * AT_ONCE / throttle.RATE


def test_others_have_the_system_for_longer_than_it_took() -> None:
    async def run() -> float:
        held = Throttle(lambda event: threading.Timer(0.03, event).start(), lambda: False)
        give(held, AT_ONCE)
        began = time.monotonic()
        await held.pause()
        return time.monotonic() - began

    assert asyncio.run(run()) >= 0.03 * (1 + throttle.YIELD)


def test_what_it_costs_is_paid_by_who_sends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    spent, slept = [0.0], [0.0]

    async def sleep(seconds: float) -> None:
        slept[0] += seconds

    async def run() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(b"x" * 10)
        held = Throttle(lambda event: event(), lambda: False)
        for cost in (0.015, 0.015):
            assert await held.read(reader, 1) == b"x"
            spent[0] += cost
        monkeypatch.setattr(asyncio, "sleep", sleep)
        await held.read(reader, 1)
        assert slept[0] == pytest.approx((0.03 - throttle.BURST) / throttle.SHARE, rel=0.1)
        slept[0] = 0.0
        await held.read(reader, 1)
        assert slept[0] <= 0.03 / throttle.SHARE  # nothing more was spent

    monkeypatch.setattr(time, "thread_time", lambda: 1.0 + spent[0])
    asyncio.run(run())


def test_others_are_not_counted_where_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = [0.0]
    monkeypatch.setattr(time, "thread_time", lambda: 1.0 + spent[0])

    async def run() -> None:
        held = Throttle(lambda event: event(), lambda: False)
        give(held, AT_ONCE)
        await held.pause()
        spent[0] += 10.0  # by others, in the same thread
        await asyncio.wait_for(held.pause(), 5)

    asyncio.run(run())


def test_without_a_fence_nobody_waits() -> None:
    async def run() -> None:
        held = Throttle(None, lambda: False)
        give(held, 10 * AT_ONCE)
        await held.pause()

    asyncio.run(run())
