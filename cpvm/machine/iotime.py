"""Virtual time for the channels: when operations go on, and skipping ahead while the CPU waits.

Time goes with the instructions executed, at the rate that the host charges for them, and while the CPU is in the wait
state it skips to the next thing that a channel does. The CPU timer and the interval timer run in the wait state as
in the operating state (*Principles of Operation*, GA22-7000, "Timing"), so they skip with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cpvm.machine.timers import TICKS_PER_SECOND, TOD_MICROSECOND
from cpvm.s370 import psa

if TYPE_CHECKING:
    from cpvm.machine.machine import Machine

NEVER: Final = 1 << 62
INSTRUCTION: Final = 20
"""Microseconds that an I/O instruction takes above what others do, which is of the order of a 370/145's."""
DOUBLINGS: Final = 5
"""Programs ask again and again whether something has ended. As long as it has not, each question takes twice as long as
the one before, so many times, but not beyond the next event: a loop of Test I/O is a way to wait."""


class Agenda:
    """What is to happen at which time, in microseconds; at most one thing for each I/O address.

    `next` is the time of the first event, NEVER if there is none, and 0 if `settle` has to be called: an instruction
    does not know how many have gone before it since time was last charged, so that what it sets in motion counts from
    the moment when they are.
    """

    def __init__(self) -> None:
        self.now = 0
        self.next = NEVER
        self.wish = 0  # microseconds that I/O instructions since time was last charged would take
        self.least = 0  # and take at least, however near the next event is
        self.polls = 0  # questions in a row that found nothing
        self._due: dict[int, int] = {}
        self._fresh: dict[int, int] = {}
        self._at: int | None = None  # time of the event that is being dealt with

    def spend(self, fruitless: bool) -> None:
        """An I/O instruction takes its time. `fruitless`: it was a question, and nothing has ended yet."""
        self.least += INSTRUCTION
        self.wish += INSTRUCTION << min(self.polls, DOUBLINGS) if fruitless else INSTRUCTION
        self.polls = self.polls + 1 if fruitless else 0

    def charge(self, microseconds: int) -> int:
        """What to charge for instructions that take these microseconds: so much, and what I/O instructions add.

        Only here it is known how far the next event is, whatever the pieces in which a machine is run.
        """
        if self.wish:
            ahead = min(self._due.values(), default=NEVER) - self.now - microseconds
            microseconds += max(self.least, min(self.wish, ahead))
            self.wish = self.least = 0
        return microseconds

    def put(self, address: int, delay: int) -> None:
        """Let something happen at this address so many microseconds (at least 1) from now."""
        delay = max(1, delay)
        if self._at is None:
            self._fresh[address] = delay
            self.next = 0
        else:
            self._due[address] = self._at + delay
            self.next = min(self.next, self._at + delay)

    def drop(self, address: int) -> None:
        """Nothing is to happen at this address."""
        self._due.pop(address, None)
        self._fresh.pop(address, None)
        self._find_next()

    def extend(self, address: int, delay: int) -> None:
        """Let what is to happen at this address happen so much later."""
        for events in (self._due, self._fresh):
            if address in events:
                events[address] += max(0, delay)
        self._find_next()

    def delay(self, address: int) -> int | None:
        """Microseconds from now to the event of this address; None if there is none."""
        if address in self._fresh:
            return self._fresh[address]
        return self._due[address] - self.now if address in self._due else None

    def settle(self) -> None:
        """What was put since time was last charged counts from now."""
        if not self._fresh:
            return
        for address, delay in self._fresh.items():
            self._due[address] = self.now + delay
        self._fresh.clear()
        self._find_next()

    def pop(self) -> int | None:
        """The address of the first event whose time has come, in order of time and address; None if there is none."""
        self._at = None
        if self.next > self.now:
            return None
        self._at, address = min((due, address) for address, due in self._due.items())
        del self._due[address]
        self._find_next()
        return address

    def _find_next(self) -> None:
        self.next = 0 if self._fresh else min(self._due.values(), default=NEVER)


def skip_ahead(machine: Machine) -> None:
    """Let time pass in the wait state, up to the next I/O event or to the end of a timer that comes before it."""
    io = machine.io
    ahead = io.agenda.next - io.agenda.now
    timers = machine.cpu.timers
    left = timers.cpu_timer()
    if left >= 0:
        ahead = min(ahead, left // TOD_MICROSECOND + 1)
    ticks = machine.cpu.real4(psa.INTERVAL_TIMER)
    if timers.interval_running and not ticks >> 31:
        ahead = min(ahead, (ticks + 1) * 1_000_000 // TICKS_PER_SECOND + 1)
    ahead = max(0, ahead)
    timers.advance(ahead)
    io.elapse(ahead)
