"""DIAGNOSE X'34' and X'38': the dump of CP and its symbols (DMKDRD), as program products for dump analysis ask for."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose

ADDRESS, TYPE = 4, 8
_NOT_FOUND, _ERROR = 2, 3
_PAGE = 4096


@diagnose(0x34, classes="CE")
def read_dump(call: DiagnoseCall) -> None:
    """Rx: page buffer, Ry (not 15): address of a reader. This CP writes no dumps of itself, so there is none to read.

    Condition code 2: no dump file. 3: Ry+1 = 4 no such device, 8 no reader.
    """
    call.specification(call.ry == 15 or bool(call.x & _PAGE - 1))
    call.read(call.x, _PAGE)
    block = call.vm.devices.get(call.y & 0xFFFF)
    if block is not None and block.kind == "RDR":
        call.set_cc(_NOT_FOUND)
        return
    call.machine.gr[call.ry + 1] = ADDRESS if block is None else TYPE
    call.set_cc(_ERROR)


@diagnose(0x38, classes="CE")
def read_symbols(call: DiagnoseCall) -> None:
    """Rx: page buffer, which gets the table of CP's symbols: CP is no program of this machine and has none."""
    call.specification(bool(call.x & _PAGE - 1))
    call.read(call.x, _PAGE)
    call.write(call.x, bytes(_PAGE))
