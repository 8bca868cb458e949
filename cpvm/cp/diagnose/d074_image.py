"""DIAGNOSE X'74': save or load the image library of a 3800 printer (DMKSNC)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.machine import ProgramCheck
from cpvm.s370.interruption import ProgramCode

NOT_FOUND = 4
_LOAD, _SAVE = 0, 4


@diagnose(0x74, classes="ABC")
def image_library(call: DiagnoseCall) -> None:
    """Rx, Rx+1: name; Ry: address on a page boundary; Ry+1: 0 load or 4 save, and the length.

    Ry gets the return code: 4, no such named system, since the system has no 3800.
    """
    call.specification(15 in (call.rx, call.ry) or bool(call.y & 0xFFF))
    operation = call.machine.gr[call.ry + 1]
    call.specification(operation >> 24 not in (_LOAD, _SAVE))
    if call.y + (operation & 0xFFFFFF) > call.machine.storage.size:
        raise ProgramCheck(ProgramCode.ADDRESSING)
    call.set_y(NOT_FOUND)
