"""DIAGNOSE X'58': a screen on a 3270 with one operation (DMKHVC, DMKGRF).

Source: GC20-1807, *VM/370 System Programmer's Guide*, DIAGNOSE code X'58'; X'29' and X'2A' as in VM/SP.
"""

from __future__ import annotations

from typing import Protocol

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.graphic import GraphicTerminal, graphic_of
from cpvm.machine.device import MediaError
from cpvm.machine.devices.display3277 import Display
from cpvm.machine.media.screen import StreamError, read_buffer, read_modified, write
from cpvm.s370.datastream import Control, Order, Write, encode_address

DISPLAY, FULL_WRITE, FULL_READ = 0x19, 0x29, 0x2A
_DONE, _FAILED, _NO_DISPLAY, _NO_DEVICE = range(4)
_ERASE, _CLEAR = 0x80, 0xFF
_KEEP = 0x08
_COMMANDS = {
    0x00: Write.WRITE,
    0x80: Write.ERASE_WRITE,
    0xC0: Write.ERASE_WRITE_ALTERNATE,
    0x20: Write.STRUCTURED_FIELD,
}
_LINES, _COLUMNS = 24, 80
MOST_BYTES = 1760
"""Of X'19': the output area, 22 lines."""
_COMMAND_CHAIN = 0x40
_MOST_CCWS = 64
_RESTORE = Control.RESET | Control.RESTORE


class _Wrong(Exception):
    """A CCW that cannot be carried out."""


@diagnose(0x58)
def display(call: DiagnoseCall) -> None:
    """Rx: doubleword-aligned CCWs with the control byte behind the flags; Ry: address of the display.

    X'19': data of up to 1760 bytes go to the line in the control byte, with X'80' on an empty screen; X'FF' clears it.
    At the console, lines 22 and 23 are the input area: the text stands there as if typed. Unprotected fields above
    may be typed into; a line is read as ever, and then X'2A' gives these fields (at 80 columns a line).
    X'29': the data begin with the write control character; control byte X'80' Erase/Write, X'C0' the same in the
    alternate size, 0 Write. X'20': the data are structured fields. With X'08' as well CP's lines wait as long as the
    screen is the program's. X'2A': read modified fields, with X'80', or the buffer; where the display answered to
    structured fields, X'80' reads this answer, whose attention identification is X'88'.
    Condition code 0; 1 error; 2 the device is no display, and not the console at one; 3 no such device.
    """
    call.specification(bool(call.x & 7))
    vaddr, ccw = call.y & 0xFFFF, call.x & 0xFFFFFF
    if vaddr not in call.vm.devices:
        call.set_cc(_NO_DEVICE)
        return
    device = call.machine.device(vaddr)
    terminal = graphic_of(call.vm.console.session) if call.vm.devices[vaddr].kind == "CONS" else None
    kept = call.vm.console.kept if call.vm.disconnected and call.vm.devices[vaddr].kind == "CONS" else None
    if not isinstance(device, Display) and terminal is None and kept is None:
        if call.vm.devices[vaddr].kind == "CONS":
            call.vm.console.kept = None  # its user is at a line: what a display has shown before is out of date
        call.set_cc(_NO_DISPLAY)
        return
    try:
        show: _Target
        if isinstance(device, Display):
            show = _OnDevice(device)
        elif terminal is not None:
            show = _OnTerminal(terminal)
        else:  # its user is away, and finds all of it again
            assert kept is not None
            show = kept
        for _ in range(_MOST_CCWS):
            flags = _one(call, show, call.read(ccw, 8))
            if not flags & _COMMAND_CHAIN:
                call.set_cc(_DONE)
                return
            ccw += 8
    except (_Wrong, StreamError, MediaError):
        pass
    call.set_cc(_FAILED)


def _one(call: DiagnoseCall, target: _Target, ccw: bytes) -> int:
    """Carry out one CCW; its flags."""
    address, control, count = int.from_bytes(ccw[1:4], "big"), ccw[5], int.from_bytes(ccw[6:], "big")
    if ccw[0] == DISPLAY:
        data = call.read(address, count) if control != _CLEAR else b""
        line = control & ~_ERASE
        if control == _CLEAR:
            target.clear()
        elif line >= _LINES or len(data) > MOST_BYTES:
            raise _Wrong
        else:
            target.lines(line, data, erase=bool(control & _ERASE))
    elif ccw[0] == FULL_WRITE:
        command = _COMMANDS.get(control & ~_KEEP)
        if command is None:
            raise _Wrong
        target.full_write(command, call.read(address, count), keep=bool(control & _KEEP))
    elif ccw[0] == FULL_READ:
        call.write(address, target.full_read(modified=bool(control & _ERASE))[:count])
    else:
        raise _Wrong
    return ccw[4]


class _Target(Protocol):
    """Where it is shown."""

    def lines(self, line: int, data: bytes, *, erase: bool) -> None:
        """Data from a line of the screen on."""

    def clear(self) -> None:
        """Clear the screen, or the program's part of it."""

    def full_write(self, command: int, data: bytes, *, keep: bool = False) -> None:
        """A command and its data for all of the screen, and whether CP leaves it to the program."""

    def full_read(self, *, modified: bool) -> bytes:
        """The fields that were modified, or the buffer."""
        ...


class _OnTerminal:
    """The console, at a terminal that is a 3270: CP's input area and status stay below what X'19' shows."""

    def __init__(self, terminal: GraphicTerminal) -> None:
        self.lines = terminal.lines
        self.clear = terminal.clear
        self.full_write = terminal.full_write
        self.full_read = terminal.full_read


class _OnDevice:
    """A display that is a device of the machine."""

    def __init__(self, device: Display) -> None:
        if not device.ready:
            raise _Wrong
        self._device = device

    def clear(self) -> None:
        self.full_write(Write.ERASE_WRITE, bytes((_RESTORE,)))

    def lines(self, line: int, data: bytes, *, erase: bool) -> None:
        where = bytes((Order.SBA,)) + encode_address(line * _COLUMNS, self._device.screen.size)
        self.full_write(Write.ERASE_WRITE if erase else Write.WRITE, bytes((_RESTORE,)) + where + data)

    def full_write(self, command: int, data: bytes, *, keep: bool = False) -> None:
        """Put it on the screen, and on the terminal's; it is no terminal of CP's, and so always kept."""
        if command == Write.STRUCTURED_FIELD:
            self._device.structured(data)
            return
        write(self._device.screen, command, data)
        if self._device.backend is not None:
            self._device.backend.write(command, data)

    def full_read(self, *, modified: bool) -> bytes:
        screen = self._device.screen
        if modified and self._device.pending:
            answer, self._device.pending = self._device.pending, b""
            return answer
        return (read_modified(screen) if modified else read_buffer(screen)).data
