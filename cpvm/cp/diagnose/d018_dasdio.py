"""DIAGNOSE X'18': standard DASD I/O (DMKDGD). CMS reads and writes its disks with it."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.vdevblok import DASDBlock

NOT_ATTACHED, NOT_DASD, READ_ONLY, BUSY = 1, 2, 3, 5
NOT_DOUBLEWORD = 5
IO_ERROR = 13
_COMMAND_CHAIN = 0x40
_TIC = 8
_MAX_CCWS = 1024
_WRITES = frozenset({0x01, 0x05, 0x0D, 0x11, 0x15, 0x19, 0x1D})
"""The commands that write; searches, such as X'31', have the same two low bits."""


@diagnose(0x18)
def dasd_io(call: DiagnoseCall) -> None:
    """Rx: device address, Ry: address of the CCWs, R15: number of reads and writes.

    Condition code 0: done. 1: R15 = 1 not attached, 2 no DASD, 3 write to a read-only disk, 5 busy.
    2: R15 = 5 CCWs not on a doubleword. 3: R15 = 13, I/O error; the device holds the sense bytes.
    """
    vaddr, ccw = call.x & 0xFFF, call.y & 0xFFFFFF
    block = call.vm.devices.get(vaddr)
    if block is None:
        _end(call, 1, NOT_ATTACHED)
    elif not isinstance(block, DASDBlock):
        _end(call, 1, NOT_DASD)
    elif ccw & 7:
        _end(call, 2, NOT_DOUBLEWORD)
    elif not block.link.writable and _writes(call, ccw):
        _end(call, 1, READ_ONLY)
    else:
        status = call.machine.io.execute(vaddr, ccw, call.machine.psw.key)
        if status.cc == 0:
            call.set_cc(0)
        elif status.cc == 2:
            _end(call, 1, BUSY)
        else:
            _end(call, 3, IO_ERROR)


def _end(call: DiagnoseCall, cc: int, code: int) -> None:
    call.machine.gr[15] = code
    call.set_cc(cc)


def _writes(call: DiagnoseCall, ccw: int) -> bool:
    """True if a command of the chain writes."""
    for _ in range(_MAX_CCWS):
        if ccw + 8 > call.machine.storage.size:
            return False
        code, flags = call.machine.storage.read(ccw, 8)[0::4]
        if code & 0x0F == _TIC:
            ccw += 8  # a TIC goes back to its search; what comes behind it is what matters
            continue
        if code in _WRITES:
            return True
        if not flags & _COMMAND_CHAIN:
            return False
        ccw += 8
    return False
