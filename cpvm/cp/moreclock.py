"""The clock that goes on with a full screen: MORE... stands for a while, then the alarm sounds, then it is cleared."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cpvm.s370.datastream import Control, Write

if TYPE_CHECKING:
    from cpvm.cp.cpscreen import CPScreen
    from cpvm.cp.displaywire import DisplayWire
    from cpvm.cp.system import System
    from cpvm.cp.timers import TimerRequest

MORE: Final = (50, 10)
"""Seconds until the alarm, and then until the screen is cleared, where nobody is logged on (else TERMINAL MORE)."""


class MoreClock:
    """Of one display, whose screen it watches; GO_ON is called when the time is up."""

    def __init__(self, system: System, screen: CPScreen, wire: DisplayWire, go_on: Callable[[], None]) -> None:
        self._system, self._screen, self._wire, self._go_on = system, screen, wire, go_on
        self._request: TimerRequest | None = None
        self._alarmed = False

    def watch(self) -> None:
        """The screen has changed: the clock runs while it is full, unless the operator holds it."""
        if not self._screen.more or self._screen.held:
            self.stop()
        elif self._request is None:
            self._alarmed = False
            self._wait(self._times()[0])

    def stop(self) -> None:
        """The screen is not full any more, or somebody else has it."""
        if self._request is not None:
            self._request.cancel()
            self._request = None

    def _times(self) -> tuple[int, int]:
        vm = self._screen.session.vm if self._screen.session is not None else None
        return vm.terminal.more if vm is not None else MORE

    def _wait(self, seconds: float) -> None:
        self._request = self._system.timers.after(seconds, self._waited)

    def _waited(self) -> None:
        self._request = None
        session = self._screen.session
        if session is None or session.closed or not self._screen.more or self._screen.held:
            return
        if not self._alarmed:
            self._alarmed = True
            self._wire.send(Write.WRITE, bytes((0xC0 | Control.ALARM,)))
            self._wait(self._times()[1])
        else:
            self._go_on()
