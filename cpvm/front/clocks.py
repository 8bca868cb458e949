"""A machine whose clocks can be looked at and set from outside."""

from __future__ import annotations

from cpvm.machine import Machine
from cpvm.machine.interruptions import CPU_TIMER_MASK, TIMER_MASK
from cpvm.machine.timers import TICKS_PER_SECOND, TOD_MICROSECOND
from cpvm.s370 import psa
from cpvm.s370.psw import EXTERNAL_MASK

_DOUBLEWORD = (1 << 64) - 1


class Clocked(Machine):
    """A `Machine` with its clocks."""

    @property
    def tod_clock(self) -> int:
        """The TOD clock: an unsigned number of 64 bits of which bit 51 is a microsecond, zero at the start of 1900.

        >>> from cpvm import api
        >>> m = api.BareMachine()
        >>> m.tod_clock = 0
        >>> 0 <= m.tod_clock < 60_000_000 * 4096        # not a minute has passed
        True
        """
        return self.cpu.timers.now()

    @tod_clock.setter
    def tod_clock(self, value: int) -> None:
        self.cpu.timers.set_tod(value & _DOUBLEWORD)

    @property
    def clock_comparator(self) -> int:
        """The clock comparator, in the format of the TOD clock."""
        return self.cpu.timers.comparator & _DOUBLEWORD

    @clock_comparator.setter
    def clock_comparator(self, value: int) -> None:
        self.cpu.set_clock_comparator(value)

    @property
    def cpu_timer(self) -> int:
        """The CPU timer: a signed number of 64 bits of which bit 51 is a microsecond; it counts down."""
        return self.cpu.timers.cpu_timer()

    @cpu_timer.setter
    def cpu_timer(self, value: int) -> None:
        self.cpu.set_cpu_timer(value)

    @property
    def interval_timer(self) -> int:
        """The interval timer at location X'50': a signed number of 32 bits, 76800 to the second; it counts down."""
        value = self.cpu.real4(psa.INTERVAL_TIMER) & 0xFFFFFFFF
        return value - (1 << 32) if value >> 31 else value

    @interval_timer.setter
    def interval_timer(self, value: int) -> None:
        self.cpu.put_real4(psa.INTERVAL_TIMER, value & 0xFFFFFFFF)

    @property
    def prefix(self) -> int:
        """The prefix register: the absolute address of the block that is real address 0."""
        return self.cpu.prefix_register

    @property
    def virtual_time(self) -> int:
        """Microseconds of the machine's own time, by which I/O operations go that are not immediate."""
        return self.io.agenda.now

    def let_pass(self, microseconds: int) -> None:
        """Let so much of the machine's own time pass in the wait state."""
        self.cpu.timers.advance(microseconds)
        self.io.elapse(microseconds)

    def next_timer(self) -> int | None:
        """Microseconds until a timer interrupts the waiting CPU; None if none will, as masks and timers are now."""
        if not self.psw.system_mask & EXTERNAL_MASK:
            return None
        timers, masks = self.cpu.timers, self.cr[0]
        found = []
        comparator = self.next_event()
        if comparator is not None:
            found.append(comparator)
        if masks & CPU_TIMER_MASK and timers.cpu_timer() >= 0:
            found.append(timers.cpu_timer() // TOD_MICROSECOND + 1)
        if masks & TIMER_MASK and timers.interval_running and self.interval_timer >= 0:
            found.append((self.interval_timer + 1) * 1_000_000 // TICKS_PER_SECOND + 1)
        return min(found, default=None)
