"""A machine that runs disconnected and waits for a line from nobody is logged off after a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpvm.cp import secondary
from cpvm.cp.session import ReadState

if TYPE_CHECKING:
    from cpvm.cp.timers import TimerRequest
    from cpvm.cp.vconsole import VirtualConsole


class Unanswered:
    """The clock of one console, whose `patience` it is."""

    def __init__(self, console: VirtualConsole) -> None:
        self._console = console
        self._request: TimerRequest | None = None

    @property
    def running(self) -> bool:
        """Whether the clock runs."""
        return self._request is not None

    def look(self) -> None:
        """Nobody is at the terminal: start the clock if the machine waits for somebody, else stop it."""
        console, vm = self._console, self._console.vm
        waits = (
            not vm.logged_off
            and console.session is None
            and console.state is not ReadState.PASSWORD
            and (console.state in (ReadState.CP_READ, ReadState.VM_READ) or (vm.stopped and vm.function is None))
        )
        if not waits or not console.patience or secondary.in_charge(vm) is not None:
            self.answered()
        elif self._request is None:
            self._request = vm.system.timers.after(console.patience, self._given_up)

    def answered(self) -> None:
        """The machine has its line, or somebody is there."""
        if self._request is not None:
            self._request.cancel()
            self._request = None

    def _given_up(self) -> None:
        self._request = None
        vm = self._console.vm
        if not vm.logged_off and vm.disconnected and secondary.in_charge(vm) is None:
            self._console.give_up()
