"""DIAGNOSE X'20': general synchronous I/O to tape and disk (DMKGIO)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.machine.subchannel import ChannelStatus
from cpvm.s370.ccw import ChannelCondition, UnitStatus

NOT_ATTACHED, BUSY = 1, 5
UNIT_EXCEPTION, WRONG_LENGTH = 2, 3
IO_ERROR = 13


@diagnose(0x20)
def general_io(call: DiagnoseCall) -> None:
    """Rx: device address, Ry: address of the CCWs, with the storage key in its first four bits.

    Condition code 0: done. 1: R15 = 1 not attached, 5 busy. 2: R15 = 2 unit exception, 3 wrong length.
    3: R15 = 13, I/O error, the first two sense bytes in the low half of Ry.
    """
    vaddr, ccw = call.x & 0xFFFF, call.y & 0xFFFFFF
    call.specification(bool(ccw & 7))
    call.channel_program(vaddr, ccw, call.y >> 28, lambda status: _done(call, status))


def _done(call: DiagnoseCall, status: ChannelStatus) -> None:
    code = 0
    if status.cc == 3:
        cc, code = 1, NOT_ATTACHED
    elif status.cc == 2:
        cc, code = 1, BUSY
    elif status.cc == 0:
        cc = 0
    elif status.csw.unit & UnitStatus.UNIT_EXCEPTION:
        cc, code = 2, UNIT_EXCEPTION
    elif status.csw.channel == ChannelCondition.INCORRECT_LENGTH and not status.csw.unit & UnitStatus.UNIT_CHECK:
        cc, code = 2, WRONG_LENGTH
    else:
        cc, code = 3, IO_ERROR
        call.set_y(call.y & 0xFFFF0000 | int.from_bytes(status.sense[:2].ljust(2, b"\0"), "big"))
    if cc:
        call.machine.gr[15] = code
    call.set_cc(cc)
