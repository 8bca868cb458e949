"""3215 console printer-keyboard. Source: GA24-3550, *3215 Console Printer-Keyboard, component description*."""

from __future__ import annotations

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, SUSPENDED, ConsoleBackend, Device, command, device
from cpvm.s370.ccw import UnitStatus

LINE_LIMIT = 65535


@device("3215", "1052", "3210", kind="console")
class Console3215(Device):
    """A console: writes go to the back end at once, a read waits for `enter`."""

    STATE = ("reading",)

    def __init__(self, backend: ConsoleBackend) -> None:
        super().__init__()
        self.backend = backend
        self.reading = False
        self._within: list[tuple[bytes, int]] | None = None  # answers given while the back end is still being asked

    # ---- the operator's side

    def enter(self, data: bytes) -> bool:
        """End the outstanding read with these EBCDIC bytes; False if there is none."""
        return self._answer(data, ENDED)

    def cancel(self) -> bool:
        """The CANCEL key: the outstanding read ends with unit exception; False if there is none."""
        return self._answer(b"", ENDED | UnitStatus.UNIT_EXCEPTION)

    def attention(self) -> None:
        """The REQUEST key: attention for the guest."""
        if self.channel is not None:
            self.channel.unsolicited(self.address, UnitStatus.ATTENTION)

    def _answer(self, data: bytes, status: int) -> bool:
        if not self.reading or self.channel is None:
            return False
        self.reading = False
        if self._within is not None:
            self._within.append((data, status))
            return True
        self.channel.complete(self.address, data, status)
        return True

    # ---- commands

    @command(0x01)
    def write(self, path: DataPath) -> int:
        """Type without carriage return."""
        self.backend.write(path.take(LINE_LIMIT), newline=False)
        return ENDED

    @command(0x09)
    def write_line(self, path: DataPath) -> int:
        """Type, and return the carriage."""
        self.backend.write(path.take(LINE_LIMIT), newline=True)
        return ENDED

    @command(0x0A)
    def read_inquiry(self, path: DataPath) -> int:
        """Read what is typed until the END key."""
        self.reading = True
        self._within = []
        try:
            self.backend.read(path.count)
            answers = self._within
        finally:
            self._within = None
        if not answers:
            return SUSPENDED
        data, status = answers[0]
        path.send(data)
        return status

    @command(0x0B, immediate=True)
    def audible_alarm(self, path: DataPath) -> int:
        """Sound the alarm."""
        self.backend.alarm()
        return ENDED

    def halt(self) -> None:
        self.reading = False
