"""Notices that the host's clock was set, tells the operator, and has machines look at their clock comparators again.

CP's own timers, and the times that count failed logons, go by a clock that is never set; machines' TOD clocks never go
back (`cpvm.machine.steadyclock`). What waits for a time of day is a machine with a clock comparator.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from cpvm.cp.clock import connect, hhmmss
from cpvm.cp.message import message

if TYPE_CHECKING:
    from cpvm.cp.system import System

WATCH_SECONDS: Final = 5.0
"""How often the clocks are compared."""
STEP_SECONDS: Final = 2.0
"""A difference that is told."""
SET = message("DMKTMR911I", "THE HOST'S CLOCK WAS SET {} BY {} TO {}")


class ClockWatch:
    """For CP's thread."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._ahead = 0.0

    def start(self) -> None:
        """The system is up."""
        self._ahead = time.time() - time.monotonic()
        self._system.timers.after(WATCH_SECONDS, self._look)

    def _look(self) -> None:
        self._system.timers.after(WATCH_SECONDS, self._look)
        ahead = time.time() - time.monotonic()
        step, self._ahead = ahead - self._ahead, ahead
        if abs(step) < STEP_SECONDS:
            return
        way = "FORWARD" if step > 0 else "BACK"
        self._system.log.write(SET.full(way, connect(round(abs(step))), hhmmss(time.time())))
        for vm in list(self._system.users.values()):
            if vm.waiting:
                vm.wake()
