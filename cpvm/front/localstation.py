"""A 3270 that a program sits at, of a system in this process."""

from __future__ import annotations

from cpvm.cp.graphic import GraphicTerminal
from cpvm.cp.system import System
from cpvm.front.cpstation import CPStation
from cpvm.s370.datastream import Aid


class LocalStation(CPStation):
    """A display of a system in this process."""

    def __init__(self, system: System, name: str, model: int = 2) -> None:
        super().__init__(name, model)
        self._terminal = GraphicTerminal(system, self)

    def send(self, command: int, data: bytes) -> None:
        """A command for the display."""
        if not self._obey(command, data):
            self._terminal.refused()

    def _transmit(self, record: bytes) -> None:
        self._terminal.received(record)

    def attention(self) -> None:
        """ATTN: as PA1."""
        self._terminal.received(bytes((Aid.PA1,)))

    def system_request(self) -> None:
        """SYS REQ."""
        self._terminal.escape()

    def hangup(self) -> None:
        """Switch the display off: who is logged on is disconnected."""
        self._terminal.lost()
