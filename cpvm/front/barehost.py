"""The surroundings of a bare machine: a clock, and the DIAGNOSE codes that plugins define."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from cpvm.machine import Machine, ProgramCheck
from cpvm.machine.host import NullHost
from cpvm.machine.timers import TOD_MICROSECOND
from cpvm.s370 import plugin
from cpvm.s370.interruption import ProgramCode

if TYPE_CHECKING:
    from cpvm.cp.diagnose import DiagnoseCall

_REGISTRY = "cpvm.cp.diagnose"


class BareHost(NullHost):
    """A machine of its own. CP's DIAGNOSE codes are specification exceptions: there is no CP."""

    def diagnose(self, machine: Machine, code: int, r1: int, r3: int) -> None:
        """DIAGNOSE. Raises ProgramCheck."""
        if _REGISTRY not in sys.modules:  # then no plugin has entered a code
            super().diagnose(machine, code, r1, r3)
        from cpvm.cp import diagnose

        service = diagnose.find(code)
        name = plugin.owner(service.body) if service is not None else None
        if service is None or name is None:
            raise ProgramCheck(ProgramCode.SPECIFICATION)
        try:
            service.body(_call(machine, r1, r3))
        except ProgramCheck:
            raise
        except Exception as error:
            plugin.report(name, f"DIAGNOSE X'{code:02X}'", error, machine)
            raise ProgramCheck(ProgramCode.SPECIFICATION) from None


class OwnClock(BareHost):
    """A bare machine whose time of day goes with its own, virtual time, not with this computer's clock.

    So a run is the same each time. While the machine waits for a timer, its time skips to the timer's end.

    Args:
        tod: the TOD clock at first; by default the time of this computer.
    """

    def __init__(self, tod: int | None = None) -> None:
        self._start = super().tod() if tod is None else tod
        self.passed: Callable[[], int] = lambda: 0
        """Gives the microseconds of virtual time that have passed; the machine puts it there."""

    def tod(self) -> int:
        """The machine's own time."""
        return self._start + self.passed() * TOD_MICROSECOND


def _call(machine: Machine, r1: int, r3: int) -> DiagnoseCall:
    from cpvm.cp.diagnose import DiagnoseCall

    class BareCall(DiagnoseCall):
        """A call from a machine that has no CP around it: a service that needs one is a specification exception."""

        def __init__(self) -> None:
            self.machine, self.rx, self.ry = machine, r1, r3

        def __getattr__(self, name: str) -> object:
            if name == "vm":
                raise ProgramCheck(ProgramCode.SPECIFICATION)
            raise AttributeError(name)

    return BareCall()
