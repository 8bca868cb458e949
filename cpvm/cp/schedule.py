"""Which machine runs next (DMKSCH).

Two queues as in VM/370: queue 1 for machines that answer their user, queue 2 for those that have computed for a while.
Queue 1 goes first, but after four of its slices queue 2 gets one, so that nobody waits for ever.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK


class Scheduler:
    """The machines that could run."""

    INTERACTIVE = 40  # slices in queue 1 after a line from the user
    _RATIO = 4

    def __init__(self) -> None:
        self._queue1: deque[VMBLOK] = deque()
        self._queue2: deque[VMBLOK] = deque()
        self._since = 0
        self.queued: Callable[[VMBLOK], None] = lambda vm: None
        """Told of each machine that is queued."""

    def add(self, vm: VMBLOK) -> None:
        """Queue VM, unless it is queued."""
        if vm.queued:
            return
        vm.queued = True
        (self._queue1 if vm.interactive > 0 else self._queue2).append(vm)
        self.queued(vm)

    def __len__(self) -> int:
        return len(self._queue1) + len(self._queue2)

    @property
    def empty(self) -> bool:
        """True if nobody could run."""
        return not (self._queue1 or self._queue2)

    def next(self) -> VMBLOK | None:
        """The machine whose turn it is, taken out of its queue; None if there is none."""
        while not self.empty:
            if self._queue1 and (self._since < self._RATIO or not self._queue2):
                self._since += 1
                vm = self._queue1.popleft()
                vm.interactive -= 1
            else:
                self._since = 0
                vm = self._queue2.popleft()
            vm.queued = False
            if vm.runnable:
                return vm
        return None
