"""Which machine runs next (DMKSCH).

Two queues as in VM/370: queue 1 for machines that answer their user, queue 2 for those that have computed for a while.
Queue 1 goes first, but after four of its slices queue 2 gets one, so that nobody waits for ever. Within a queue each
machine's turns follow each other at a distance that its priority gives (SET PRIORITY, 0 to 99, 64 if nothing is said):
equals take turns, and one with half the distance gets twice as many. A machine with a guaranteed share of the processor
(SET FAVORED userid nn) goes before all others as long as it has had less than that of what the host has given to the
system in the current tenth of a second.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

PRIORITY: Final = 64
"""Of a machine for which nothing is set."""
_WINDOW: Final = 100_000_000  # nanoseconds of processor time in which a guaranteed share is measured


class Queue:
    """Machines that wait for their turn."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, VMBLOK]] = []
        self._count = 0
        self._now = 0.0

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[VMBLOK]:
        """In order of their turns."""
        return iter([vm for _, _, vm in sorted(self._heap, key=lambda entry: entry[:2])])

    def add(self, vm: VMBLOK) -> None:
        """Queue a machine: its turn comes at a distance from its last one."""
        vm.due = max(vm.due, self._now) + (vm.priority + 1) / (PRIORITY + 1)
        self._count += 1
        heapq.heappush(self._heap, (vm.due, self._count, vm))

    def take(self) -> VMBLOK:
        """The machine whose turn it is."""
        self._now, _, vm = heapq.heappop(self._heap)
        return vm

    def remove(self, vm: VMBLOK) -> None:
        """Take out a machine before its turn."""
        self._heap = [entry for entry in self._heap if entry[2] is not vm]
        heapq.heapify(self._heap)


class Scheduler:
    """The machines that could run."""

    INTERACTIVE = 40  # slices in queue 1 after a line from the user
    _RATIO = 4

    def __init__(self) -> None:
        self._queue1 = Queue()
        self._queue2 = Queue()
        self._since = 0
        self._favored: dict[VMBLOK, tuple[int, int]] = {}
        self.queued: Callable[[VMBLOK], None] = lambda vm: None
        """Told of each machine that is queued."""
        self.processors = 1
        """How many run machines."""
        self.turns = [0, 0]
        """Slices given to machines of queue 1 and of queue 2."""

    def add(self, vm: VMBLOK) -> None:
        """Queue VM, unless it is queued."""
        if vm.queued:
            return
        vm.queued = True
        (self._queue1 if vm.interactive > 0 or vm.favored is not None else self._queue2).add(vm)
        self.queued(vm)

    def __len__(self) -> int:
        return len(self._queue1) + len(self._queue2)

    @property
    def empty(self) -> bool:
        """True if nobody could run."""
        return not (self._queue1 or self._queue2)

    @property
    def waiting(self) -> tuple[list[VMBLOK], list[VMBLOK]]:
        """The machines in queue 1 and queue 2, in order of their turns."""
        return list(self._queue1), list(self._queue2)

    def favor(self, vm: VMBLOK, share: int | None) -> None:
        """Guarantee a machine SHARE percent of a processor; 0: no share, but it stays in queue 1; None: neither."""
        vm.favored = share
        self._favored.pop(vm, None)
        if share:
            self._favored[vm] = (time.process_time_ns(), _used(vm))

    def next(self) -> VMBLOK | None:
        """The machine whose turn it is, taken out of its queue; None if there is none."""
        while not self.empty:
            vm = self._behind_its_share() if self._favored else None
            if vm is not None:
                self._queue1.remove(vm)
                self._queue2.remove(vm)
                self.turns[0] += 1
            elif self._queue1 and (self._since < self._RATIO or not self._queue2):
                self._since += 1
                vm = self._queue1.take()
                vm.interactive -= 1
                self.turns[0] += 1
            else:
                self._since = 0
                vm = self._queue2.take()
                self.turns[1] += 1
            vm.queued = False
            if vm.runnable:
                return vm
        return None

    def _behind_its_share(self) -> VMBLOK | None:
        """A queued machine that has had less of the processors than it is to have."""
        now = time.process_time_ns()
        for vm, (began, used) in list(self._favored.items()):
            if vm.logged_off:
                del self._favored[vm]
                continue
            elapsed = (now - began) // self.processors
            if elapsed > _WINDOW:
                self._favored[vm] = (now, _used(vm))
            elif vm.queued and (_used(vm) - used) * 100 <= elapsed * (vm.favored or 0):
                return vm
        return None


def _used(vm: VMBLOK) -> int:
    return vm.usage.virtual_ns + vm.usage.overhead_ns
