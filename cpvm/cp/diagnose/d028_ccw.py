"""DIAGNOSE X'28': a channel program under way has been modified (DMKHVC, DMKUNT)."""

from __future__ import annotations

from cpvm.cp.area import within
from cpvm.cp.diagnose import DiagnoseCall, diagnose

SAME_REGISTER, NO_DEVICE, OUTSIDE, NOT_DOUBLEWORD, NO_PROGRAM, NOT_TIC_NOP, NEW_OUTSIDE, NEW_NOT_DOUBLEWORD = range(
    1, 9
)
TOO_LATE = 9
_TIC, _NOP = 0x08, 0x03
_CHAINS = 0xC0
_MOST_CCWS = 1024


@diagnose(0x28)
def modified_program(call: DiagnoseCall) -> None:
    """Rx: address of the changed TIC or NOP, Ry: device address. CCWs are fetched when their turn comes, so it is in
    force already.

    Condition code 0: R15 = 0. 1: R15 = 1 the same register twice, 2 no device, 3 address outside of storage, 4 not on
    a doubleword, 5 not in the program of that device, 6 no TIC or NOP, 7 new address outside of storage, 8 not on a
    doubleword. 2: R15 = 9, channel end or device end was before.
    """
    cc, code = _answer(call)
    call.machine.gr[15] = code
    call.set_cc(cc)


def _answer(call: DiagnoseCall) -> tuple[int, int]:
    machine, ccw, vaddr = call.machine, call.x, call.y & 0xFFFF
    if call.rx == call.ry:
        return 1, SAME_REGISTER
    if vaddr not in call.vm.devices:
        return 1, NO_DEVICE
    if not within(machine, ccw, 8):
        return 1, OUTSIDE
    if ccw & 7:
        return 1, NOT_DOUBLEWORD
    path = machine.io.program_of(vaddr)
    if path is None:
        return 2, TOO_LATE
    command, new = machine.storage.read(ccw, 1)[0], int.from_bytes(machine.storage.read(ccw + 1, 3), "big")
    if command & 0x0F != _TIC and command != _NOP:
        return 1, NOT_TIC_NOP
    if command != _NOP and not within(machine, new, 8):
        return 1, NEW_OUTSIDE
    if command != _NOP and new & 7:
        return 1, NEW_NOT_DOUBLEWORD
    return (0, 0) if _reaches(call, path.ccw, ccw) else (1, NO_PROGRAM)


def _reaches(call: DiagnoseCall, at: int, wanted: int) -> bool:
    """Whether the program that goes on at AT may come to WANTED."""
    seen: set[int] = set()
    following = [at]
    while following and len(seen) < _MOST_CCWS:
        at = following.pop()
        if at == wanted:
            return True
        if at in seen or at & 7 or not within(call.machine, at, 8):
            continue
        seen.add(at)
        data = call.machine.storage.read(at, 8)
        if data[0] & 0x0F == _TIC:
            following += [at + 8, int.from_bytes(data[1:4], "big")]
        elif data[4] & _CHAINS:
            following += [at + 8, at + 16]  # status modifier skips one
    return False
