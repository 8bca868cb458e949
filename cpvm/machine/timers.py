"""TOD clock, clock comparator, CPU timer and interval timer.

Source: *Principles of Operation*, GA22-7000, "Timing". The TOD clock goes with the host's; the CPU timer and the
interval timer go with the virtual CPU time that the host charges.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cpvm.s370 import psa

if TYPE_CHECKING:
    from cpvm.machine.machine import Machine

TOD_MASK = 0xFFFFFFFFFFFFFFFF
TOD_MICROSECOND = 4096
TICKS_PER_SECOND = 76800
"""Bit 31 of the interval timer: bit 23 counts 300 times a second."""

_STATE = ("comparator", "offset", "_last", "_cpu_timer", "interval_pending", "interval_running", "_fraction")


class Timers:
    """The timers of one CPU."""

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine
        self.comparator = 0
        self.offset = 0
        """What SCK added to the host's time of day."""
        self._last = 0
        self._cpu_timer = 0
        self.interval_pending = False
        self.interval_running = True
        """Whether the interval timer is enabled (a switch of the CPU's console)."""
        self._fraction = 0
        self.reset()

    def reset(self) -> None:
        """Initial CPU reset: the comparator and the CPU timer become zero, the TOD clock goes on."""
        self.comparator = 0
        self._cpu_timer = 0
        self.interval_pending = False
        self._fraction = 0

    def save(self) -> dict[str, int]:
        """The state as plain numbers."""
        return {name: int(getattr(self, name)) for name in _STATE}

    def load(self, state: Mapping[str, int]) -> None:
        """Take up what `save` gave. Raises KeyError if something is missing."""
        for name in _STATE:
            setattr(self, name, type(getattr(self, name))(state[name]))

    def now(self) -> int:
        """The TOD clock, as far as the host's goes."""
        return self._machine.host.tod() + self.offset & TOD_MASK

    def tod(self) -> int:
        """The TOD clock; no two calls give the same value."""
        now = self.now()
        if now <= self._last < now + 1_000_000 * TOD_MICROSECOND:
            now = self._last + 1
        self._last = now
        return now

    def set_tod(self, value: int) -> None:
        """Set the TOD clock of this machine."""
        self.offset = value - self._machine.host.tod()
        self._last = 0

    def cpu_timer(self) -> int:
        """The CPU timer, a signed number of 64 bits; bit 51 is a microsecond."""
        return self._cpu_timer

    def set_cpu_timer(self, value: int) -> None:
        """Set the CPU timer."""
        self._cpu_timer = (value + (1 << 63) & TOD_MASK) - (1 << 63)

    def advance(self, microseconds: int) -> None:
        """Let virtual CPU time pass."""
        if microseconds <= 0:
            return
        self.set_cpu_timer(self._cpu_timer - microseconds * TOD_MICROSECOND)
        self.advance_interval(microseconds)

    def advance_interval(self, microseconds: int) -> None:
        """Count the interval timer down; an interruption becomes pending when it goes below zero."""
        if not self.interval_running:
            return
        total = self._fraction + microseconds * TICKS_PER_SECOND
        ticks, self._fraction = divmod(total, 1_000_000)
        if ticks <= 0:
            return
        cpu = self._machine.cpu
        old = cpu.real4(psa.INTERVAL_TIMER)
        cpu.put_real4(psa.INTERVAL_TIMER, old - ticks)
        signed = old - (1 << 32) if old >> 31 else old
        if signed >= 0 > signed - ticks:
            self.interval_pending = True

    def comparator_pending(self) -> bool:
        """Whether the TOD clock is beyond the clock comparator."""
        return self.now() > self.comparator

    def cpu_timer_pending(self) -> bool:
        """Whether the CPU timer is negative."""
        return self._cpu_timer < 0
