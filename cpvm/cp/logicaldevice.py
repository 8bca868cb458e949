"""Logical devices: 3270 displays that exist in a program, whose users log on to CP (VM/SP's DMKLDF).

The program creates one with DIAGNOSE X'7C'; CP then writes data streams for it, which the program accepts, and reads
what the program presents. An interruption X'2402' tells the program that there is something to do: at location X'80'
stand the number of the device (2 bytes), zero, and a reason.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum
from typing import TYPE_CHECKING

from cpvm.cp.cpscreen import CPScreen
from cpvm.cp.externals import ExternalSource
from cpvm.cp.session import ReadState

if TYPE_CHECKING:
    from cpvm.cp.session import Session
    from cpvm.cp.vmblok import VMBLOK

EXTERNAL_CODE = 0x2402
MOST_DEVICES = 512
MOST_MACHINES = 8
_PARAMETER_AT = 0x80


class Reason(IntEnum):
    """Why the program is interrupted."""

    ACCEPT = 0  # there is data to accept
    PRESENTED = 1  # what was presented has been read
    TERMINATED = 2  # CP has ended the device


class LogicalDevice:
    """One device: a terminal for CP."""

    def __init__(self, owner: LogicalDevices, number: int) -> None:
        self.number = number
        self.name = f"L{number:03X}"
        self.screen = CPScreen()
        self.session: Session | None = None
        self.presented = False  # CP has not yet read what the program presented last
        self._owner = owner
        self._changed = False
        session = owner.vm.console.session
        self.local = session is not None and session.terminal.local  # as far as is known: the program's user
        self.address = f"MACHINE {owner.vm.userid}"

    def write(self, text: str) -> None:
        """CP shows a line."""
        self.screen.write(text)
        self._change()

    def state(self, state: ReadState) -> None:
        """CP waits for a line, or does not."""
        if state is not self.screen.state or state in (ReadState.CP_READ, ReadState.LOGON):
            self.screen.state = state
            self._change()

    def fill(self, text: str) -> None:
        """Text for the input area."""
        self.screen.typing = text
        self._change()

    def close(self) -> None:
        """CP ends the session."""
        self._owner.ended(self)

    def _change(self) -> None:
        """The screen is another one; one interruption tells of all changes until the program accepts."""
        if not self._changed:
            self._changed = True
            self._owner.tell(self, Reason.ACCEPT)

    @property
    def pending(self) -> bool:
        """Whether there is something to accept."""
        return self._changed

    def accept(self, room: int) -> tuple[bytes, int]:
        """The screen's data stream; if it is longer than ROOM nothing, and its length."""
        data = self.screen.stream()
        if len(data) > room:
            return b"", len(data)
        self._changed = False
        return data, len(data)

    def present(self, record: bytes) -> None:
        """The program sends what its user has typed."""
        self.presented = True

        def read() -> None:
            self.presented = False
            self.screen.key(record)
            self._change()
            self._owner.tell(self, Reason.PRESENTED)

        self._owner.vm.system.post(read)


class LogicalDevices(ExternalSource):
    """Those of one virtual machine."""

    code = EXTERNAL_CODE

    def __init__(self, vm: VMBLOK) -> None:
        super().__init__(vm)
        self.devices: dict[int, LogicalDevice] = {}
        self._events: deque[tuple[int, Reason]] = deque()

    def initiate(self) -> LogicalDevice:
        """Another device, with a session of its own. There must be room for it."""
        used = {number for vm in self.vm.system.users.values() for number in vm.logical.devices}
        number = next(number for number in range(len(used) + 1) if number not in used)
        device = self.devices[number] = LogicalDevice(self, number)
        device.session = device.screen.session = self.vm.system.connect(device)
        return device

    def terminate(self, device: LogicalDevice) -> None:
        """The program gives a device up: its line is gone."""
        if self.devices.pop(device.number, None) is None:
            return
        self._events = deque(event for event in self._events if event[0] != device.number)
        if device.session is not None:
            device.session.hangup()
        self.settle()

    def end(self) -> None:
        """Reset, LOGOFF: all devices go."""
        for device in list(self.devices.values()):
            self.terminate(device)

    def ended(self, device: LogicalDevice) -> None:
        """CP has ended a device's session."""
        if self.devices.pop(device.number, None) is not None:
            self.tell(device, Reason.TERMINATED)

    def tell(self, device: LogicalDevice, reason: Reason) -> None:
        """Something to interrupt the program for."""
        self._events.append((device.number, reason))
        self.settle()

    def _waiting(self) -> bool:
        return bool(self._events) and not self.vm.logged_off

    def _present(self) -> None:
        if self._events:
            number, reason = self._events.popleft()
            self.vm.machine.storage.write(_PARAMETER_AT, number.to_bytes(2, "big") + bytes((0, reason)))
        self._request()
