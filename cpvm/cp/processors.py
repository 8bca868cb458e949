"""The threads that run virtual machines, one for each of the host's processors that CP uses (DMKDSP, DMKCPU).

Each takes a machine from the scheduler, runs it for a slice, and takes the next one. Whoever is about to do something
to machines that are not its own brings all of them to rest first: none is in the middle of a slice, so it looks to
them as if it had come between two instructions.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from cpvm.cp.syslock import Bell, SystemLock
from cpvm.machine.turns import short_turns

if TYPE_CHECKING:
    from cpvm.cp.schedule import Scheduler
    from cpvm.cp.vmblok import VMBLOK


def available() -> int:
    """How many processors of the host this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Processors:
    """All of them. Every method but `start` is for threads that have the lock."""

    def __init__(
        self,
        lock: SystemLock,
        scheduler: Scheduler,
        run: Callable[[VMBLOK], None],
        failed: Callable[[Exception], object],
    ) -> None:
        """RUN gives a machine one slice; FAILED is told of what it raises."""
        self._lock = lock
        self._scheduler = scheduler
        self._run = run
        self._failed = failed
        self.threads: list[threading.Thread] = []
        """One for each."""
        self._running: list[VMBLOK] = []
        self._idle = Bell(lock)
        self._changed = Bell(lock)
        self._halted = False
        self._owed = 0
        """Threads that were called after the last rest and have not come yet: each takes a machine before the next
        rest, so that machines get on however often CP has something to do."""
        self._closing = False
        self._turns = ExitStack()

    @property
    def busy(self) -> bool:
        """Whether a machine is running, or could."""
        return bool(self._running) or not self._scheduler.empty

    def alone(self, vm: VMBLOK) -> bool:
        """Whether VM, which is in its slice, is the only one that is."""
        return self._running == [vm]

    def start(self, count: int) -> None:
        """Begin with COUNT threads."""
        self._turns.enter_context(short_turns())
        for number in range(1, count + 1):
            self.threads.append(threading.Thread(target=self._work, name=f"processor-{number}", daemon=True))
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """End all threads; machines must be at rest."""
        self._closing = True
        self._idle.ring(len(self._idle))
        self._lock.release(fair=True)
        for thread in self.threads:
            thread.join()
        self._turns.close()
        self._lock.acquire()

    def offer(self, vm: VMBLOK) -> None:
        """VM was queued: call somebody who has nothing to do."""
        if not self._halted and self._idle and vm not in self._running:
            self._idle.ring()

    def rest(self) -> None:
        """Bring all machines to rest; none will run before `resume`."""
        while self._owed:
            self._changed.wait(urgent=True)
        self._halted = True
        for vm in self._running:
            vm.machine.stop("CP")
        while self._running:
            self._changed.wait(urgent=True)

    def resume(self) -> None:
        """Let machines run again."""
        self._halted = False
        self._owed = min(len(self._idle), len(self._scheduler))
        self._idle.ring(self._owed)

    def _work(self) -> None:
        with self._lock:
            while not self._closing:
                try:
                    vm = self._next()
                except Exception as error:  # whatever it is, a processor that has ended would be missed
                    self._failed(error)
                    vm = None
                if vm is None:
                    self._idle.wait()
                    continue
                self._running.append(vm)
                try:
                    self._run(vm)
                except Exception as error:
                    self._failed(error)
                finally:
                    self._running.remove(vm)
                if self._halted:
                    self._changed.ring()
                elif delayed := self._lock.give_way():
                    self._scheduler.charge(vm, 0, vm.outside.charged(delayed))

    def _next(self) -> VMBLOK | None:
        try:
            vm = None if self._halted else self._scheduler.next()
        finally:
            if self._owed:
                self._owed -= 1
                self._changed.ring()
        if vm is not None and not self._scheduler.empty:
            self._idle.ring()
        return vm
