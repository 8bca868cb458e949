"""Threads for what takes long: what they bring back, and that they go behind others."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from cpvm.cp.workers import NICE, Workers

Events = "queue.SimpleQueue[Callable[[], None]]"


@pytest.fixture
def events() -> Events:
    return queue.SimpleQueue()


@pytest.fixture
def workers(events: Events) -> Iterator[Workers]:
    found = Workers(events.put)
    yield found
    found.stop()


def result(workers: Workers, events: Events, function: Callable[[], object], *, lengthy: bool = False) -> object:
    found: list[object] = []
    workers.do(function, lambda value, error: found.append(error or value), lengthy=lengthy)
    events.get(timeout=10)()
    return found[0]


def test_a_result_and_a_failure_come_back(workers: Workers, events: Events) -> None:
    assert result(workers, events, lambda: 6 * 7) == 42
    assert isinstance(result(workers, events, lambda: 1 // 0), ZeroDivisionError)
    assert isinstance(result(workers, events, lambda: 1 // 0, lengthy=True), ZeroDivisionError)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_checking_passwords_goes_behind_machines(workers: Workers, events: Events) -> None:
    def nice() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert result(workers, events, nice) == min(nice() + NICE, 19)
    assert result(workers, events, nice, lengthy=True) == nice()
