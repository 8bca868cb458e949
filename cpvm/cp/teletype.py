"""A teletypewriter's line on a 2702 or 2703 transmission control (DMKDIA, DMKVCA).

Characters are those of the ASCII code with their bits in reverse order, as they come over the line first bit first; a
line that was typed ends with a carriage return. Source: GA27-2703, *IBM 2703 Transmission Control*: commands; telegraph
terminal control type II.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from cpvm.cp.dialed import DialedDevice
from cpvm.cp.pace import Pace
from cpvm.cp.session import ReadState
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, SUSPENDED, Device, command
from cpvm.s370.ccw import Sense, UnitStatus

if TYPE_CHECKING:
    from cpvm.cp.session import Session
    from cpvm.cp.vmblok import VMBLOK

_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_LIMIT = 65535
_AHEAD = 1000
_ENABLE, _READ, _INHIBIT, _PREPARE = 0x27, 0x02, 0x0A, 0x06
_BROKEN: Final = ENDED | UnitStatus.UNIT_CHECK


def to_line(text: str) -> bytes:
    """TEXT as it comes over the line; characters that the code does not have become question marks."""
    return text.encode("ascii", "replace").translate(_REVERSED)


def from_line(data: bytes) -> str:
    """What a program writes, as text; the parity bit does not matter."""
    return bytes(byte & 0x7F for byte in data.translate(_REVERSED)).decode("ascii")


class TeletypeLine(DialedDevice):
    """The line, as CP sees it."""

    def __init__(self, vm: VMBLOK, vaddr: int) -> None:
        super().__init__(vm, vaddr, "LINE", "2702")
        self.device = Line2702(self)
        self.typed: list[bytes] = []
        self._carriage = ""
        self._pace = Pace(vm)

    def accepts(self, session: Session) -> bool:
        return self.device.enabling

    def condition(self) -> str:
        return "ENABLED" if self.device.enabling else "DISABLED"

    def arrived(self) -> None:
        self.device.answer(b"", ENDED)

    def left(self) -> None:
        self.typed.clear()
        self._carriage = ""
        self.device.hung_up()

    def line(self, text: str) -> None:
        if len(self.typed) < _AHEAD:
            self.typed.append(to_line(text + "\r"))
        self.device.settle()
        self.announce()
        self.vm.wake()

    def attention(self) -> None:
        self.device.interrupted()
        self.announce()
        self.vm.wake()

    def show(self, data: bytes) -> None:
        """The program writes."""
        text = self._carriage + from_line(data).replace("\0", "").replace("\x7f", "")
        *lines, self._carriage = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines:
            self._print(line)

    def _print(self, line: str) -> None:
        if self.session is not None:
            self.session.write(line)
            self._pace.line()

    def announce(self) -> None:
        """Tell the terminal whether the program reads."""
        if self.session is None:
            return
        reading = self.device.waiting in (_READ, _INHIBIT)
        if reading and self._carriage:
            line, self._carriage = self._carriage, ""
            self._print(line)
        self.session.state(ReadState.VM_READ if reading else ReadState.RUNNING)


class Line2702(Device):
    """The line, as the machine sees it.

    Attributes:
        waiting: the command that waits for the terminal, 0 if none does.
        enabled: Enable has ended with a terminal on the line.
    """

    type = "2702"
    kind = "line"
    STATE: ClassVar[tuple[str, ...]] = ("waiting", "enabled")

    def __init__(self, line: TeletypeLine) -> None:
        super().__init__()
        self._line = line
        self.waiting = 0
        self.enabled = False

    @property
    def enabling(self) -> bool:
        """Whether the program waits for a terminal to come."""
        return self.waiting == _ENABLE

    def answer(self, data: bytes, status: int) -> None:
        """End the command that waits."""
        if self.waiting == _ENABLE and status == ENDED:
            self.enabled = True
        if self.waiting and self.channel is not None:
            self.waiting = 0
            self.channel.complete(self.address, data, status)

    def settle(self) -> None:
        """There may be something to read."""
        if self._line.typed and self.waiting == _PREPARE:
            self.answer(b"", ENDED)
        elif self._line.typed and self.waiting in (_READ, _INHIBIT):
            self.answer(self._line.typed.pop(0), ENDED)

    def interrupted(self) -> None:
        """The terminal's break key."""
        if self.waiting != _ENABLE:
            self._broken()

    def hung_up(self) -> None:
        """The terminal is gone; who waits for one goes on waiting."""
        self.enabled = False
        if self.waiting != _ENABLE:
            self._broken()

    def _broken(self) -> None:
        if self.waiting:
            self.sense = bytes((Sense.INTERVENTION_REQUIRED,))
            self.answer(b"", _BROKEN)

    def halt(self) -> None:
        self.waiting = 0

    def reset(self) -> None:
        super().reset()
        self.enabled = False
        self._line.drop()

    def _wait(self, path: DataPath) -> int:
        self.waiting = path.command
        self._line.announce()
        return SUSPENDED

    def _down(self) -> int:
        """The answer to a command that needs a terminal if there is none; 0 if there is one."""
        return 0 if self.enabled else self.check(Sense.INTERVENTION_REQUIRED)

    @command(_ENABLE)
    def enable(self, path: DataPath) -> int:
        """Enable: ends when a terminal is connected."""
        return ENDED if self.enabled else self._wait(path)

    @command(0x2F, immediate=True)
    def disable(self, path: DataPath) -> int:
        """Disable: the terminal is disconnected."""
        self.enabled = False
        self._line.vm.system.post(self._line.drop)
        return ENDED

    @command(0x01)
    def write(self, path: DataPath) -> int:
        """Write."""
        data = path.take(_LIMIT)
        if status := self._down():
            return status
        self._line.show(data)
        return ENDED

    @command(_READ, _INHIBIT)
    def read(self, path: DataPath) -> int:
        """Read, Inhibit (a read without time-out): a typed line."""
        if status := self._down():
            return status
        if not self._line.typed:
            return self._wait(path)
        path.send(self._line.typed.pop(0))
        return ENDED

    @command(_PREPARE)
    def prepare(self, path: DataPath) -> int:
        """Prepare: ends when something is typed."""
        if status := self._down():
            return status
        return ENDED if self._line.typed else self._wait(path)

    @command(0x0D)
    def send_break(self, path: DataPath) -> int:
        """Break: stop the terminal from sending; what was typed ahead is lost."""
        path.take(_LIMIT)
        self._line.typed.clear()
        return self._down() or ENDED

    @command(0x13, 0x17, 0x1B, 0x1F, immediate=True)
    def set_address(self, path: DataPath) -> int:
        """SADZERO to SADTHREE: which kind of terminal control serves the line."""
        return ENDED
