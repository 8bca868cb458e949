"""The system lock, and the bell where threads sleep that have nothing to do."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from cpvm.cp import syslock
from cpvm.cp.syslock import Bell, Outside, SystemLock

from .helper import PATIENCE


def thread(work: Callable[[], None]) -> threading.Thread:
    started = threading.Thread(target=work, daemon=True)
    started.start()
    return started


def queue_up(lock: SystemLock, order: list[str], name: str, *, urgent: bool = False) -> threading.Thread:
    """A thread that waits for the lock when this returns."""
    waiting = len(lock.line)

    def work() -> None:
        lock.acquire(urgent=urgent)
        order.append(name)
        lock.release(fair=True)

    started = thread(work)
    while len(lock.line) == waiting:
        pass
    return started


def test_first_come_first_served_but_urgent_ones_before_all() -> None:
    lock = SystemLock()
    order: list[str] = []
    lock.acquire()
    threads = [queue_up(lock, order, name) for name in "ABC"]
    threads.append(queue_up(lock, order, "CP", urgent=True))
    lock.release(fair=True)
    for waiting in threads:
        waiting.join(PATIENCE)
    assert order == ["CP", "A", "B", "C"]


def test_who_gives_way_comes_last() -> None:
    lock = SystemLock()
    order: list[str] = []
    lock.acquire()
    threads = [queue_up(lock, order, name) for name in "AB"]
    lock.give_way()
    order.append("me")
    lock.release()
    for waiting in threads:
        waiting.join(PATIENCE)
    assert order == ["A", "B", "me"]
    lock.acquire()
    lock.give_way()  # to nobody
    lock.release()


def test_who_has_it_is_told_for_how_long_others_have_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, now, order = SystemLock(), [1000], list[str]()
    monkeypatch.setattr(syslock, "perf_counter_ns", lambda: now[0])
    outside = Outside(lock)
    outside.begin()
    lock.acquire()
    assert not outside.wanted
    assert lock.give_way() == 0
    first = queue_up(lock, order, "A")
    assert outside.wanted
    now[0] += syslock.PATIENCE
    second = queue_up(lock, order, "B")
    now[0] += 200
    outside.breathe()
    assert outside.delayed == syslock.PATIENCE + 200 + 200
    lock.give_way()
    for waiting in (first, second):
        waiting.join(PATIENCE)
    assert order == ["A", "B"]
    before = outside.delayed
    outside.breathe()
    with outside:
        pass
    assert outside.delayed == before
    third = queue_up(lock, order, "C")
    now[0] += 70
    assert lock.release(fair=True) == 70
    third.join(PATIENCE)


def test_who_has_waited_long_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = SystemLock()
    order: list[str] = []
    now = [0]
    monkeypatch.setattr(syslock, "perf_counter_ns", lambda: now[0])
    lock.acquire()
    waiting = queue_up(lock, order, "A")
    now[0] = syslock.PATIENCE + 1
    with Outside(lock):
        pass
    order.append("me")
    lock.release()
    waiting.join(PATIENCE)
    assert order == ["A", "me"]


def test_many_threads_never_have_it_together() -> None:
    lock = SystemLock()
    inside: list[int] = []
    together: list[int] = []
    done = []

    def work(number: int) -> None:
        lock.acquire(urgent=number == 0)
        for turn in range(300):
            inside.append(number)
            if len(inside) > 1:
                together.append(number)
            inside.remove(number)
            if turn % 3:
                with Outside(lock):
                    sum(range(50))
            else:
                lock.give_way()
        done.append(number)
        lock.release()

    threads = [thread(lambda number=number: work(number)) for number in range(4)]  # type: ignore[misc]
    for running in threads:
        running.join(PATIENCE)
    assert sorted(done) == [0, 1, 2, 3]
    assert not together
    with lock:
        assert not lock.line


def test_a_bell_wakes_as_many_as_it_is_rung_for() -> None:
    lock = SystemLock()
    bell = Bell(lock)
    order: list[str] = []

    def sleep(name: str) -> None:
        with lock:
            bell.wait()
            order.append(name)

    threads = []
    for number, name in enumerate("ABC", 1):
        threads.append(thread(lambda name=name: sleep(name)))  # type: ignore[misc]
        while len(bell) < number:
            pass
    with lock:
        bell.ring(2)
        assert len(bell) == 1
    for waking in threads[:2]:
        waking.join(PATIENCE)
    with lock:
        assert sorted(order) == ["A", "B"]
        bell.ring(5)
    threads[2].join(PATIENCE)
    assert order[2] == "C"


def test_who_is_outside_again_and_again_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, now, pauses = SystemLock(), [0], []

    class Never:
        def acquire(self, timeout: float) -> bool:
            pauses.append(now[0])
            now[0] += syslock.BREATH + 1
            return False

    monkeypatch.setattr(syslock, "perf_counter_ns", lambda: now[0])
    monkeypatch.setattr(syslock, "_NEVER", Never())
    lock.acquire()
    outside = Outside(lock)
    outside.begin()
    now[0] += syslock.HOGGING + 1
    with outside:
        pass
    assert not pauses  # nobody else is outside
    lock.away = 1
    with outside:
        now[0] += syslock.BREATH + 1
    assert len(pauses) == 1
    for _ in range(3):
        now[0] += syslock.HOGGING
        with outside:
            pass
    assert len(pauses) == 2  # the first of the three came soon enough after the pause
    lock.release()
