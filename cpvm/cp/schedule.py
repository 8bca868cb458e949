"""Which machine runs next (DMKSCH).

Each machine has a clock of its own, which goes by the processor time that it has used, the slower the greater its
share: the one whose clock is furthest behind runs. So everybody who computes gets processor time in proportion to the
shares, however it is asked for: in long stretches or in many short ones. The clock of a machine that waits stands
still, and is put forward when it goes on so that it is behind by no more than `CREDIT`: that is what a user at a
terminal has to spend at once before those that compute, and all that can be saved up by doing nothing. A new machine
has saved up nothing, so a class that logs on does not go before somebody who is at work.

Shares are SET SHARE's (`cpvm.cp.share`). VM/370's own settings are translated: SET PRIORITY, 0 to 99, 64 if nothing is
said, makes a relative share greater in the way in which it shortens the distance between turns; SET FAVORED userid nn
is an absolute share of one processor; without a number the machine counts eight times.

Queue 1 and queue 2, which INDICATE and MONITOR show, tell machines that answer their user from those that have computed
for a while; they no longer decide anything.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cpvm.cp.share import NORMAL, Limit, Portion, Share

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

PRIORITY: Final = 64
"""Of a machine for which nothing is set."""
CREDIT: Final = 100_000_000
"""Nanoseconds, of a machine with a normal share, that may be saved up."""
OF_USED: Final = 4
"""Times the processor time of a piece of CP's work that it may have taken, with what it waited for the host's disks."""
ADVANCE: Final = 50_000_000
"""The same, that may be used before others for commands: a machine that has just had a slice does not wait for that."""
MOST_DELAYED: Final = 1.0
"""Seconds for which a command waits at most because of what its user has used before."""
MOST_LIMITED: Final = 5.0
"""The same because of a hard limit: even with a tenth of a percent a user can log off."""
_FAVORED: Final = 8
"""How often a machine counts that is FAVORED without a number."""
_MOST: Final = 0.99
"""Of all processors for absolute shares together, if machines with relative shares are there, too."""


class Scheduler:
    """The machines that could run."""

    INTERACTIVE = 40  # slices in queue 1 after a line from the user

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        """CLOCK: real time in nanoseconds."""
        self._clock = clock
        self._heap: list[tuple[float, int, VMBLOK]] = []
        self._over: list[VMBLOK] = []  # have LIMITSOFT and have had their maximum
        self._count = 0
        self._now = 0.0
        self._absolute = 0.0  # sums of the machines that run or could
        self._relative = 0.0
        self.queued: Callable[[VMBLOK], None] = lambda vm: None
        """Told of each machine that is queued."""
        self.processors = 1
        """How many run machines."""
        self.turns = [0, 0]
        """Slices given to machines of queue 1 and of queue 2."""

    def enter(self, vm: VMBLOK) -> None:
        """VM is a new machine."""
        vm.due = self._now

    def add(self, vm: VMBLOK) -> None:
        """Queue VM, unless it is queued."""
        if vm.queued:
            return
        vm.queued = True
        self._contend(vm)
        vm.due = max(vm.due, self._now - CREDIT)
        self._push(vm)
        self.queued(vm)

    def __len__(self) -> int:
        return len(self._heap) + len(self._over)

    @property
    def empty(self) -> bool:
        """True if nobody could run."""
        return not (self._heap or self._over)

    @property
    def waiting(self) -> tuple[list[VMBLOK], list[VMBLOK]]:
        """The machines in queue 1 and queue 2, in order of their turns."""
        all_of_them = [entry[2] for entry in sorted(self._heap, key=lambda entry: entry[:2])] + self._over
        return [vm for vm in all_of_them if _in_queue_1(vm)], [vm for vm in all_of_them if not _in_queue_1(vm)]

    def set_share(self, vm: VMBLOK, share: Share) -> None:
        """SET SHARE."""
        self._withdraw(vm)
        vm.share = share
        self._set(vm)

    def set_priority(self, vm: VMBLOK, priority: int) -> None:
        """SET PRIORITY."""
        self._withdraw(vm)
        vm.priority = priority
        self._set(vm)

    def favor(self, vm: VMBLOK, share: int | None) -> None:
        """Guarantee a machine SHARE percent of a processor; 0: it counts more than others; None: neither."""
        self._withdraw(vm)
        vm.favored = share
        self._set(vm)

    def _set(self, vm: VMBLOK) -> None:
        if vm.queued or vm.running:
            self._contend(vm)

    def next(self) -> VMBLOK | None:
        """The machine whose turn it is, taken out of its queue; None if there is none."""
        while not self.empty:
            vm = self._take()
            vm.queued = False
            if vm.runnable:
                self.turns[0 if _in_queue_1(vm) else 1] += 1
                vm.interactive = max(0, vm.interactive - 1)
                return vm
            self._withdraw(vm)
        return None

    def charge(self, vm: VMBLOK, used: int, delayed: int = 0) -> float:
        """A slice has ended, or CP has worked for the machine: USED nanoseconds of processor time.

        DELAYED: nanoseconds for which others have waited meanwhile, since it had the system lock. They count as used
        where others want to run, since nobody else could use their processors, but not for a limit. Returns the seconds
        for which the machine has to wait before it may run again.
        """
        vm.due += (used + delayed) * NORMAL / self._weight(vm)
        wait = 0.0
        if vm.share.most is not None:
            rate = self._part(vm.share.most) * self.processors
            vm.allowance.grow(rate, self._clock())
            vm.allowance.spend(used)
            if vm.share.limit is Limit.HARD:
                wait = vm.allowance.wait(rate)
        if not vm.queued:
            self._withdraw(vm)
        return wait

    def charge_apart(self, vm: VMBLOK, used: int, passed: int) -> float:
        """CP has worked for VM, which need not run or want to, while all machines were at rest, for PASSED nanoseconds.

        As `charge`; what was saved up by waiting comes off.
        """
        vm.due = max(vm.due, self._now - CREDIT)
        return self.charge(vm, used, self.delayed(used, passed))

    def delayed(self, used: int, passed: int) -> int:
        """Nanoseconds that others who want to run lose if all machines are at rest for PASSED, besides those USED.

        If that is very much more the host had no processor for CP, which nobody is to blame for.
        """
        return max(0, min(passed, used * OF_USED) * self.processors - used) if self._heap else 0

    def turn(self, vm: VMBLOK) -> float:
        """Seconds until it is VM's turn, as things are, if CP is to do work for it beside the machines that run.

        0 if it has had little more than the others, or nobody else wants to run; MOST_DELAYED at most, or MOST_LIMITED.
        """
        wait = 0.0
        if self._heap:
            shares = max(self._sum(), self._weight(vm))
            ahead = max(0.0, vm.due - self._now - ADVANCE) * shares / NORMAL / self.processors
            wait = min(ahead / 1e9, MOST_DELAYED)
        if vm.share.most is not None and vm.share.limit is Limit.HARD:
            rate = self._part(vm.share.most) * self.processors
            vm.allowance.grow(rate, self._clock())
            wait = max(wait, min(vm.allowance.wait(rate), MOST_LIMITED))
        return wait

    def part(self, vm: VMBLOK) -> float:
        """The part of all processors, 0 to 1, that is VM's among the machines that run or could."""
        return self._weight(vm) / max(self._sum(), self._weight(vm))

    # Weights: a normal machine's is 100

    def _claim(self, vm: VMBLOK) -> tuple[float, float]:
        """The part of all processors that is guaranteed, 0 to 1, and the relative share; one of them is 0."""
        guaranteed = vm.share.least.amount / 1000 if vm.share.least.absolute else 0.0
        guaranteed = max(guaranteed, (vm.favored or 0) / 100 / self.processors)
        if guaranteed:
            return guaranteed, 0.0
        relative = vm.share.least.amount * (PRIORITY + 1) / (vm.priority + 1)
        return 0.0, relative * (_FAVORED if vm.favored is not None else 1)

    def _contend(self, vm: VMBLOK) -> None:
        """VM runs or could: it takes part in sharing."""
        if vm.claim is None:
            vm.claim = self._claim(vm)
            self._absolute += vm.claim[0]
            self._relative += vm.claim[1]

    def _withdraw(self, vm: VMBLOK) -> None:
        if vm.claim is not None:
            self._absolute = max(0.0, self._absolute - vm.claim[0])
            self._relative = max(0.0, self._relative - vm.claim[1])
            vm.claim = None

    def _weight(self, vm: VMBLOK) -> float:
        absolute, relative = vm.claim or self._claim(vm)
        if not absolute:
            return relative
        if self._relative < 1:
            return absolute * NORMAL
        others = max(self._absolute, absolute)
        scale = min(1.0, _MOST / others)
        return absolute * scale * self._relative / (1 - others * scale)

    def _sum(self) -> float:
        """Of the weights of all machines that run or could."""
        if self._relative < 1:
            return self._absolute * NORMAL
        return self._relative / (1 - min(self._absolute, _MOST))

    def _part(self, most: Portion) -> float:
        """The part of all processors that a maximum is, 0 to 1."""
        if most.absolute:
            return most.amount / 1000
        return min(1.0, most.amount / max(self._sum(), most.amount))

    # The queue

    def _push(self, vm: VMBLOK) -> None:
        self._count += 1
        heapq.heappush(self._heap, (vm.due, self._count, vm))

    def _take(self) -> VMBLOK:
        if self._over:
            self._recover()
        while self._heap:
            due, _, vm = heapq.heappop(self._heap)
            if vm.due > due:  # it was charged meanwhile
                self._push(vm)
                continue
            if vm.share.limit is Limit.SOFT and self._has_had_enough(vm):
                self._over.append(vm)
                continue
            self._now = max(self._now, due)
            return vm
        vm = min(self._over, key=lambda vm: vm.due)
        self._over.remove(vm)
        return vm

    def _has_had_enough(self, vm: VMBLOK) -> bool:
        assert vm.share.most is not None
        vm.allowance.grow(self._part(vm.share.most) * self.processors, self._clock())
        return vm.allowance.spent

    def _recover(self) -> None:
        """Queue those again that may use something."""
        for vm in list(self._over):
            if vm.share.limit is not Limit.SOFT or not self._has_had_enough(vm):
                self._over.remove(vm)
                self._push(vm)


def _in_queue_1(vm: VMBLOK) -> bool:
    return vm.interactive > 0 or vm.favored is not None
