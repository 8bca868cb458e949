"""What the user of a display has set about programs' screens, and whether CP is waiting for a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpvm.s370.datastream import KEYS, Aid

if TYPE_CHECKING:
    from cpvm.cp.session import Session


class UserWishes:
    """Of whoever is logged on at a terminal."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def in_cp(self) -> bool:
        """CP waits for a command, whatever the machine does meanwhile."""
        vm = self._session.vm
        return vm is not None and vm.console.cp_read

    @property
    def guest_controls(self) -> bool:
        """Lines from CP wait until they are asked for (TERMINAL BREAKIN)."""
        vm = self._session.vm
        return vm is not None and vm.terminal.breakin == "GUESTCTL"

    @property
    def break_key(self) -> int:
        """The key that takes a program's screen away (TERMINAL BRKKEY); 0 if there is none."""
        vm = self._session.vm
        return KEYS.get(vm.terminal.brkkey.lower(), 0) if vm is not None else int(Aid.PA1)
