"""What readers, punches and printers have in common: an operator who stops and starts them, and stackers.

Source: *2821 Control Unit Component Description*, GA24-3312: a unit that is not ready refuses commands with unit check,
intervention required; when it becomes ready it presents device end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from cpvm.machine.configure import Room, flag
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import CHECK, ENDED, CardSink, ConfigurationError, Device, NotReadyError, command
from cpvm.machine.media.cards import CardFile, CardFormat
from cpvm.s370.ccw import Command, Sense, UnitStatus

SINK_OPTIONS = ("ascii", "ebcdic", "binary", "crlf", "append")


class UnitRecord(Device):
    """A unit record device. `stopped`: the operator pressed its STOP key, or it stopped itself."""

    STATE: ClassVar[tuple[str, ...]] = ("stopped",)

    def __init__(self) -> None:
        super().__init__()
        self.stopped = False

    @property
    def not_ready(self) -> bool:
        """Whether it needs the operator before it can do anything."""
        return self.stopped

    def intervention(self) -> int:
        """Refuse a command because the operator is needed."""
        return self.check(Sense.INTERVENTION_REQUIRED)

    def perform(self, path: DataPath) -> int:
        """Execute a command. One that is not ready does so only if it knows none other than sense and no-operation."""
        code = path.command
        if self.not_ready and code in self._commands and code not in (Command.SENSE, Command.NOP):
            return self.intervention()
        try:
            return super().perform(path)
        except NotReadyError:
            self.stopped = True
            return self.intervention()

    @command(Command.SENSE)
    def read_sense(self, path: DataPath) -> int:
        """Give the sense bytes and forget them; that it is not ready shows without a command that was refused."""
        if self.not_ready and not any(self.sense):
            self.intervention()
        return super().read_sense(path)

    def becomes_ready(self) -> None:
        """Device end, when the operator has made it ready."""
        if self.channel is not None:
            self.channel.unsolicited(self.address, UnitStatus.DEVICE_END)

    def press(self, key: str) -> None:
        """START and STOP; device end when START makes it ready. Raises ConfigurationError if it has no such key."""
        if key == "stop":
            self.stopped = True
        elif key == "start":
            was = self.not_ready
            self.stopped = False
            if was and not self.not_ready:
                self.becomes_ready()
        else:
            super().press(key)

    def failed(self) -> int:
        """The host cannot take what it puts out: equipment check with channel end and device end."""
        return ENDED | self.check(Sense.EQUIPMENT_CHECK)


def data_check(device: Device) -> int:
    """Set the sense for a data check; the unit status that goes with it."""
    device.sense = bytes((Sense.DATA_CHECK,)).ljust(device.sense_length, b"\0")
    return CHECK


def card_file(path: str, options: Mapping[str, str], room: Room) -> CardFile:
    """A stacker as a host file. Options: `ebcdic` (80-byte images), `ascii` (lines, `crlf` between them), `binary`
    (160-byte column binary images); `append`: behind what the file holds. Raises ConfigurationError."""
    formats: list[CardFormat] = [name for name in ("ebcdic", "ascii", "binary") if flag(options, name)]
    if len(formats) > 1:
        raise ConfigurationError(f"{' and '.join(formats)} exclude each other")
    crlf = flag(options, "crlf")
    if crlf and formats != ["ascii"]:
        raise ConfigurationError("crlf goes with ascii")
    file = room.output(path, binary=True, append=flag(options, "append"))
    return CardFile(file, formats[0] if formats else "ebcdic", crlf)


def stackers(
    names: Mapping[str, int], options: Mapping[str, str], room: Room, form: Mapping[str, str] | None = None
) -> dict[int, CardSink]:
    """The stackers that the operator names files for (`p2=FILE`), by the stacker's number in commands.

    `form`: the options of their files, by default those given. Raises ConfigurationError.
    """
    found: dict[int, CardSink] = {}
    for name, number in names.items():
        if name in options:
            if not options[name]:
                raise ConfigurationError(f"{name} names a file: {name}=FILE")
            found[number] = card_file(options[name], options if form is None else form, room)
    return found
