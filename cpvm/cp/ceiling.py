"""The ceiling: how much of the host's storage all virtual machines may take together (DMKPGT's paging space).

The host gives a machine a page when the machine first touches it, and nobody asks CP before. So CP looks afterwards: it
knows what each machine had when it was last measured, and that it has the rest of its storage at most if it ran since;
when that might be too much, those that ran are measured. Once there is no more, the blocks that a machine has not
touched are watched, so that it takes no more than a little in a slice. A machine that has taken more than a fair part
and goes on taking waits until others have given something back.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cpvm.cp.message import message
from cpvm.machine.storage import BLOCK

if TYPE_CHECKING:
    from cpvm.cp.system import System
    from cpvm.cp.vmblok import VMBLOK

FULL = message("DMKPGT400I", "SYSTEM PAGING SPACE FULL")
NEARLY_FULL = message("DMKPGT400I", "SYSTEM PAGING SPACE 90 PERCENT FULL")
WAITS = message("DMKPGT400I", "SYSTEM PAGING SPACE FULL; YOUR MACHINE WAITS")
NOT_LOGGED_ON = message("DMKLOG199E", "{} NOT LOGGED ON; SYSTEM PAGING SPACE FULL")

PART: Final = 3 / 4
"""Part of the host's storage that machines may take if nothing is said."""
LEAST: Final = 64 * 1024 * 1024
"""Bytes that the host is to have left; if it has less nothing more is taken, whatever the limit says."""
AGAIN: Final = 0.5
"""Seconds after which it is looked whether those who wait can go on; also how old CP's knowledge of the host may be."""
ALL_AGAIN: Final = 2.0
"""Seconds after which, while there is no room, those are measured too who have not run: commands give storage back."""
A_LITTLE: Final = 64 * 1024
"""Bytes that a machine may take in a slice while there is no room."""
GRACE: Final = 8
"""Above the ceiling by one part of so many, those who have less than a fair part may not take more, either."""
_NEARLY: Final = 9, 10
_CALM: Final = 8, 10
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def default() -> int | None:
    """The ceiling if nothing is said: a part of what the host has; None where the host does not tell."""
    try:
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None
    with contextlib.suppress(OSError, ValueError):  # no such limit, or `max`
        there = min(there, int(_CGROUP.read_text(encoding="ascii")))
    return int(there * PART)


def host_has_left() -> int | None:
    """Bytes of storage that the host could still give, with its paging devices; None where it does not tell."""
    try:
        rows = dict(line.split(":", 1) for line in _MEMINFO.read_text(encoding="ascii").splitlines())
        return sum(int(rows[name].split()[0]) * 1024 for name in ("MemAvailable", "SwapFree"))
    except (OSError, ValueError, KeyError, IndexError):
        return None


@dataclass
class _Watch:
    """What of a machine is watched while there is no room."""

    generation: int
    within: set[int]
    """The machine's set of watched blocks, as long as it has that."""
    blocks: set[int]
    left: int = A_LITTLE


class Ceiling:
    """What machines have taken, and who has to wait. For threads that have the system lock."""

    def __init__(self, system: System, limit: int | None) -> None:
        self._system = system
        self.limit = limit
        """Bytes; None: as much as there is."""
        self.host_left = host_has_left
        self._taken: dict[VMBLOK, int] = {}
        self._sum = 0
        self._ran: dict[VMBLOK, int] = {}
        """Machines that ran since they were measured, and what they can have taken since."""
        self._may_be = 0
        self._waiting: dict[VMBLOK, int] = {}
        """Who waits, and the generation of the machine when it began to."""
        self._watches: dict[VMBLOK, _Watch] = {}
        self._is_full = False
        self._looking = False
        self._measured_all = 0.0
        self._told = False
        self._warned = False
        self._looked_at_host = 0.0
        self._host_is_short = False

    @property
    def used(self) -> int:
        """Bytes that all machines have taken."""
        self._measure_all()
        return self._sum

    @property
    def full(self) -> bool:
        """True if no machine is to take more."""
        if self._short():
            return True
        if self.limit is None or self._sum + self._may_be < self.limit:
            return False
        self._measure()
        if self._sum >= self.limit and time.monotonic() - self._measured_all >= ALL_AGAIN:
            self._measure_all()
        return self._sum >= self.limit

    def check(self, userid: str) -> None:
        """Raise NOT_LOGGED_ON if there is no storage for one more machine. The operator always may log on."""
        if userid != "OPERATOR" and self.full:
            self._tell()
            raise NOT_LOGGED_ON.error(userid)

    def begins(self, vm: VMBLOK) -> None:
        """VM's slice begins: while there is no room, it is watched."""
        if not self._is_full:
            return
        watch = self._watches.get(vm)
        if watch is None or watch.generation != vm.generation:
            self._forget(vm)
            storage = vm.machine.storage
            watch = self._watches[vm] = _Watch(vm.generation, storage.watched, storage.untouched())
            storage.watched |= watch.blocks
            vm.machine.cpu.forget()  # what was touched once and given back may be stored into without a word
        watch.left = A_LITTLE

    def _forget(self, vm: VMBLOK) -> None:
        """VM is not watched any more."""
        watch = self._watches.pop(vm, None)
        if watch is not None and vm.machine.storage.watched is watch.within:
            watch.within -= watch.blocks

    def altered(self, vm: VMBLOK, block: int) -> None:
        """VM stores into a block for the first time since it is watched."""
        watch = self._watches.get(vm)
        if watch is not None and block in watch.blocks:
            watch.left -= BLOCK
            if watch.left <= 0:
                vm.machine.stop("CP")

    def ran(self, vm: VMBLOK) -> None:
        """VM's slice is over: it waits if it takes what is not there."""
        if vm.logged_off:
            return
        before, known = self._taken.get(vm, 0), vm not in self._ran
        could = max(vm.storage - before, 0)
        self._may_be += could - self._ran.get(vm, 0)
        self._ran[vm] = could
        if not self.full:
            return
        self._is_full = True
        self._measure()
        self._tell()
        if self._taken.get(vm, 0) > before and vm not in self._waiting and self._must_wait(vm, known):
            self._waiting[vm] = vm.generation
            vm.hold()
            vm.console.write_cp(WAITS.full())
        self._look_again()

    def _look_again(self) -> None:
        if not self._looking:
            self._looking = True
            self._system.timers.after(AGAIN, self._look)

    def _must_wait(self, vm: VMBLOK, known: bool) -> bool:
        """Whether a machine that has taken more must wait; KNOWN: it has done so in this slice."""
        if self.limit is None or self._host_is_short or self._sum >= self.limit + self.limit // GRACE:
            return vm.userid != "OPERATOR"
        return known and self._taken[vm] > self.limit // max(1, len(self._system.users))

    def gone(self, vm: VMBLOK) -> None:
        """VM has logged off, or has other storage."""
        self._sum -= self._taken.pop(vm, 0)
        self._may_be -= self._ran.pop(vm, 0)
        self._watches.pop(vm, None)
        if vm.logged_off:
            self._waiting.pop(vm, None)

    def _measure(self) -> None:
        for vm in self._ran:
            now = vm.taken
            self._sum += now - self._taken.get(vm, 0)
            self._taken[vm] = now
        self._ran.clear()
        self._may_be = 0
        if self.limit is not None:
            self._warn(self.limit)

    def _measure_all(self) -> None:
        self._measured_all = time.monotonic()
        for vm in self._taken:
            self._ran.setdefault(vm, 0)
        self._measure()

    def _warn(self, limit: int) -> None:
        if not self._warned and self._sum * _NEARLY[1] >= limit * _NEARLY[0]:
            self._warned = True
            self._system.log.write(NEARLY_FULL.full())
        elif self._warned and self._sum * _CALM[1] < limit * _CALM[0]:
            self._warned = False

    def _tell(self) -> None:
        """Tell the operator, once until there is room again."""
        if not self._told:
            self._told = True
            self._system.log.write(FULL.full())

    def _short(self) -> bool:
        now = time.monotonic()
        if now - self._looked_at_host >= AGAIN:
            self._looked_at_host = now
            left = self.host_left()
            self._host_is_short = left is not None and left < LEAST
        return self._host_is_short

    def _look(self) -> None:
        """Those who wait go on if there is room now, or if something was done to their machines meanwhile."""
        self._looking = False
        for vm, generation in list(self._waiting.items()):
            if not vm.logged_off:
                self._ran.setdefault(vm, 0)  # a command may have cleared its storage
            if vm.logged_off or vm.generation != generation:
                del self._waiting[vm]
        self._measure()
        if self.full:
            self._look_again()
            return
        self._is_full = self._told = False
        for vm in list(self._watches):
            self._forget(vm)
        for vm in list(self._waiting):
            del self._waiting[vm]
            vm.release()
