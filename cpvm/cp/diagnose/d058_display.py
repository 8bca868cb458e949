"""DIAGNOSE X'58': a screen on a 3270 with one operation (DMKHVC, DMKGRF).

Source: GC20-1807, *VM/370 System Programmer's Guide*, DIAGNOSE code X'58'; X'29' and X'2A' as in VM/SP.
"""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.machine.device import MediaError
from cpvm.machine.devices.display3277 import Display
from cpvm.machine.media.screen import StreamError, read_buffer, read_modified, write
from cpvm.s370.datastream import Control, Order, Write, encode_address

DISPLAY, FULL_WRITE, FULL_READ = 0x19, 0x29, 0x2A
_DONE, _FAILED, _NO_DISPLAY, _NO_DEVICE = range(4)
_ERASE, _ALTERNATE, _CLEAR = 0x80, 0x20, 0xFF
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
    X'29': the data begin with the write control character; control byte X'80' Erase/Write, X'20' the same in the
    alternate size, 0 Write. X'2A': read modified fields, with X'80', or the buffer.
    Condition code 0; 1 error; 2 the device is no display, as the console at a line-mode terminal; 3 no such device.
    """
    call.specification(bool(call.x & 7))
    vaddr, ccw = call.y & 0xFFFF, call.x & 0xFFFFFF
    if vaddr not in call.vm.devices:
        call.set_cc(_NO_DEVICE)
        return
    device = call.machine.device(vaddr)
    if not isinstance(device, Display):
        call.set_cc(_NO_DISPLAY)
        return
    try:
        for _ in range(_MOST_CCWS):
            flags = _one(call, device, call.read(ccw, 8))
            if not flags & _COMMAND_CHAIN:
                call.set_cc(_DONE)
                return
            ccw += 8
    except (_Wrong, StreamError, MediaError):
        pass
    call.set_cc(_FAILED)


def _one(call: DiagnoseCall, device: Display, ccw: bytes) -> int:
    """Carry out one CCW; its flags."""
    address, control, count = int.from_bytes(ccw[1:4], "big"), ccw[5], int.from_bytes(ccw[6:], "big")
    if not device.ready:
        raise _Wrong
    if ccw[0] == DISPLAY:
        _lines(device, control, call.read(address, count) if control != _CLEAR else b"")
    elif ccw[0] == FULL_WRITE:
        code = Write.ERASE_WRITE if control & _ERASE else Write.WRITE
        _show(device, Write.ERASE_WRITE_ALTERNATE if control & _ALTERNATE else code, call.read(address, count))
    elif ccw[0] == FULL_READ:
        reply = read_modified(device.screen) if control & _ERASE else read_buffer(device.screen)
        call.write(address, reply.data[:count])
    else:
        raise _Wrong
    return ccw[4]


def _lines(device: Display, control: int, data: bytes) -> None:
    if control == _CLEAR:
        _show(device, Write.ERASE_WRITE, bytes((_RESTORE,)))
        return
    line = control & ~_ERASE
    if line >= _LINES or len(data) > MOST_BYTES:
        raise _Wrong
    where = bytes((Order.SBA,)) + encode_address(line * _COLUMNS, device.screen.size)
    _show(device, Write.ERASE_WRITE if control & _ERASE else Write.WRITE, bytes((_RESTORE,)) + where + data)


def _show(device: Display, code: int, data: bytes) -> None:
    """Put it on the screen, and on the terminal's."""
    write(device.screen, code, data)
    if device.backend is not None:
        device.backend.write(code, data)
