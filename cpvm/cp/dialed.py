"""Lines and displays of multiple-access virtual machines, which terminals are connected to by DIAL (DMKDIA)."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from typing import TYPE_CHECKING

from cpvm.cp.consoletext import printable
from cpvm.cp.pace import Pace
from cpvm.cp.session import ReadState
from cpvm.cp.vdevblok import VDEVBLOK
from cpvm.machine.device import Device
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.devices.display3277 import Display
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.displaywire import DialedDisplay
    from cpvm.cp.session import Session
    from cpvm.cp.system import System
    from cpvm.cp.vmblok import VMBLOK

_AHEAD = 1000  # lines typed ahead of the machine
_NEW_LINES = (0x15, 0x25)


def dialed_count(system: System) -> int:
    """How many terminals are connected by DIAL."""
    return sum(session.dialed is not None for session in system.sessions)


class DialedDevice(VDEVBLOK):
    """A device whose other end is a terminal, or nothing."""

    def __init__(self, vm: VMBLOK, vaddr: int, kind: str, devtype: str) -> None:
        super().__init__(vaddr, kind, devtype)
        self.vm = vm
        self.session: Session | None = None

    @abstractmethod
    def accepts(self, session: Session) -> bool:
        """Whether a terminal of this kind can be connected now; the device is free."""

    @abstractmethod
    def line(self, text: str) -> None:
        """The terminal's user typed a line."""

    @abstractmethod
    def attention(self) -> None:
        """The terminal's user pressed attention."""

    @abstractmethod
    def arrived(self) -> None:
        """A terminal has been connected."""

    @abstractmethod
    def left(self) -> None:
        """The terminal is gone."""

    def connect(self, session: Session) -> None:
        """DIAL: the terminal belongs to the machine from now on."""
        self.session = session
        session.dialed = self
        session.write(f"DIALED TO {self.vm.userid} {self.vaddr:03X}")
        self._log(session, "DIALED TO")
        session.state(ReadState.RUNNING)
        self.arrived()
        self.vm.wake()

    def drop(self) -> None:
        """End the connection; the terminal is CP's again. Nothing happens if there is none."""
        session, self.session = self.session, None
        if session is None:
            return
        session.dialed = None
        system = self.vm.system
        session.write(f"DROP FROM {self.vm.userid} {self.vaddr:03X}")
        self._log(session, "DROP FROM")
        self.left()
        if not session.closed:
            system.post(lambda: None if session.closed or session.vm is not None else system.online(session))
        if not self.vm.logged_off:
            self.vm.wake()

    def _log(self, session: Session, what: str) -> None:
        count = dialed_count(self.vm.system)
        self.vm.system.log.write(f"{session.terminal.name:<8} {what} {self.vm.userid:<8} DIALED = {count:03}")

    def describe(self) -> str:
        """LINE|GRAF vaddr ON DEV name, ENABLED or DISABLED."""
        where = f"ON DEV {self.session.terminal.name}" if self.session is not None else self.condition()
        return f"{self.kind:<4} {self.vaddr:03X} {where}"

    def condition(self) -> str:
        """ENABLED if a terminal could be connected."""
        return "ENABLED"

    def release(self) -> None:
        self.drop()


class ConsoleLine(DialedDevice):
    """A line that is a 3215 for the machine, and the back end of that."""

    def __init__(self, vm: VMBLOK, vaddr: int, devtype: str = "3215") -> None:
        super().__init__(vm, vaddr, "LINE", devtype)
        self.device = _ResettingConsole(self)
        self._ahead: deque[bytes] = deque()
        self._carriage = ""
        self._pace = Pace(vm)

    def accepts(self, session: Session) -> bool:
        return True

    def arrived(self) -> None:
        self.device.attention()
        if self.device.reading:
            self._announce()

    def left(self) -> None:
        self._ahead.clear()
        self._carriage = ""
        self.device.cancel()

    def line(self, text: str) -> None:
        if len(self._ahead) < _AHEAD:
            self._ahead.append(to_ebcdic(text))
        if self.device.reading:
            self.device.enter(self._ahead.popleft())
            self._announce()
        else:
            self.device.attention()
        self.vm.wake()

    def attention(self) -> None:
        self.device.attention()
        self.vm.wake()

    def _announce(self) -> None:
        if self.session is not None:
            self.session.state(ReadState.VM_READ if self.device.reading else ReadState.RUNNING)

    # The back end of the 3215

    def write(self, data: bytes, newline: bool) -> None:
        """The guest writes EBCDIC data."""
        start = 0
        for position, byte in enumerate(data):
            if byte in _NEW_LINES:
                self._line(data[start:position])
                start = position + 1
        if newline:
            self._line(data[start:])
        else:
            self._carriage += printable(data[start:])

    def _line(self, data: bytes) -> None:
        text, self._carriage = self._carriage + printable(data), ""
        if self.session is not None:
            self.session.write(text)
            self._pace.line()

    def read(self, limit: int) -> None:
        """The guest started a read."""
        if self._carriage:
            self._line(b"")
        if self._ahead:
            self.device.enter(self._ahead.popleft())
        self._announce()

    def alarm(self) -> None:
        """There is no bell that CP could ring."""


class _ResettingConsole(Console3215):
    """A 3215 whose terminal is dropped by RESET and by a reset of the machine."""

    def __init__(self, line: ConsoleLine) -> None:
        super().__init__(line)
        self._line = line

    def reset(self) -> None:
        super().reset()
        self._line.drop()


class GraphicDevice(DialedDevice):
    """A display, for terminals that are displays."""

    def __init__(self, vm: VMBLOK, vaddr: int, devtype: str = "3277") -> None:
        super().__init__(vm, vaddr, "GRAF", devtype)
        self.device = Display(None, devtype)
        self.device.power(False)

    def accepts(self, session: Session) -> bool:
        return display_of(session) is not None

    def arrived(self) -> None:
        assert self.session is not None
        backend = display_of(self.session)
        assert backend is not None
        backend.fit(self.device)
        self.device.backend = backend
        backend.attach(self.device)
        self.device.power(True)

    def left(self) -> None:
        self.device.power(False)
        self.device.backend = None

    def line(self, text: str) -> None:
        """Displays send no lines."""

    def attention(self) -> None:
        """Displays tell their keys to the device."""


def display_of(session: Session) -> DialedDisplay | None:
    """The display that a terminal is, if it is one."""
    display: DialedDisplay | None = getattr(session.terminal, "display", None)
    return display


def device_of(block: DialedDevice) -> Device:
    """The device on the machine's channel."""
    device: Device = block.device  # type: ignore[attr-defined]
    return device
