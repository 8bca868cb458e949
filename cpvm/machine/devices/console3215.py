"""1052, 3210 and 3215 console printer-keyboards.

The three differ for a program in nothing but their speed; lines may be as long as the program likes. The speeds of
15.5 and 85 characters a second are spared everybody: a character takes 100 microseconds of virtual time, and the
return of the carriage, between channel end and device end, 1 millisecond.

Sources: GA24-3550, *3215 Console Printer-Keyboard*; GA24-3552, *3210*; GA22-6877, *1052 Model 7 and 2150 Console*. Only
the thread that runs the machine may call a console.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cpvm.machine.configure import accept
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import (
    ENDED,
    SUSPENDED,
    ConfigurationError,
    ConsoleBackend,
    Device,
    DeviceError,
    MediaError,
    command,
    device,
)
from cpvm.s370.ccw import Command, Flag, Sense, UnitStatus

if TYPE_CHECKING:
    from cpvm.machine.configure import Room

LINE_LIMIT: Final = 65535
TYPES: Final = ("3215", "1052", "3210")
_CHARACTER = 100  # microseconds
_CARRIAGE = 1000


@device(*TYPES, kind="console")
class Console3215(Device):
    """A console: writes go to the back end at once, a read waits for `enter`.

    Attributes:
        reading: a read waits for the operator.
        ready: READY, as opposed to NOT READY (or no paper).
        unready: a command was refused because of that; device end is due when the console becomes ready.
    """

    STATE = ("reading", "ready", "unready")

    def __init__(self, backend: ConsoleBackend, type: str = "3215") -> None:
        super().__init__()
        if type not in TYPES:
            raise DeviceError(f"there is no console {type}")
        self.type = type
        self.backend = backend
        self.reading = False
        self.ready = True
        self.unready = False
        self._within: list[tuple[bytes, int]] | None = None  # answers given while the back end is still being asked

    @classmethod
    def configure(cls, type: str, path: str | None, options: Mapping[str, str], room: Room) -> Device:
        """`01F,1052`, and nothing else: the keyboard and printer are the operator's own."""
        accept(options)
        if path is not None:
            raise ConfigurationError(f"a console is the operator's own keyboard and printer, not {path}")
        return cls(room.console(), type)

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

    def switch(self, ready: bool) -> None:
        """READY, or NOT READY: no command but Sense is accepted. A read that waits goes on to wait."""
        was, self.ready = self.ready, ready
        if ready and not was and self.unready:
            self.unready = False
            if self.channel is not None:
                self.channel.unsolicited(self.address, UnitStatus.DEVICE_END)

    def press(self, key: str) -> None:
        """A key: `request` (or `attention`), `end`, `cancel`, `ready`, `stop` (not ready).

        Raises ConfigurationError: there is no such key, or nothing to end or cancel.
        """
        if key in ("request", "attention"):
            self.attention()
        elif key in ("ready", "stop"):
            self.switch(key == "ready")
        elif key not in ("end", "cancel"):
            super().press(key)
        elif not (self.enter(b"") if key == "end" else self.cancel()):
            raise ConfigurationError("no read waits at the console")

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

    def perform(self, path: DataPath) -> int:
        if not self.ready and path.command != Command.SENSE:
            self.unready = True
            return self.check(Sense.INTERVENTION_REQUIRED)
        return super().perform(path)

    @command(0x01)
    def write(self, path: DataPath) -> int:
        """Type without carriage return."""
        data = path.take(LINE_LIMIT)
        self.takes(_CHARACTER * len(data))
        self.backend.write(data, newline=False)
        return ENDED

    @command(0x09)
    def write_line(self, path: DataPath) -> int:
        """Type, and return the carriage."""
        data = path.take(LINE_LIMIT)
        self.takes(_CHARACTER * len(data))
        self.backend.write(data, newline=True)
        return self.later(_CARRIAGE)

    @command(0x0A)
    def read_inquiry(self, path: DataPath) -> int:
        """Read what is typed until the END key."""
        self.reading = True
        self._within = []
        try:
            self.backend.read(LINE_LIMIT if path.flags & Flag.CD else path.count)
            answers = self._within
        except MediaError:
            self.reading = False
            raise
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
