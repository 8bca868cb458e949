"""DIAGNOSE X'00': store the extended identification code (DMKHVC)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.s370.ebcdic import to_ebcdic

_VERSION = bytes((6, 0, 0))  # version, level, PLC of VM/370: Release 6
_VERSION_CODE = 0xFF


@diagnose(0x00)
def identify(call: DiagnoseCall) -> None:
    """Rx: doubleword-aligned buffer; Ry: its length, which is reduced by what is stored.

    System name 8, version 3, version code 1, MCEL length 2, processor address 2, userid 8, program products 8.
    """
    call.specification(bool(call.x & 7) or call.y == 0)
    code = (
        to_ebcdic("VM/370  ")
        + _VERSION
        + bytes((_VERSION_CODE,))
        + bytes(4)
        + to_ebcdic(f"{call.vm.userid:<8}")
        + bytes(8)
    )
    stored = code[: min(len(code), call.y)]
    call.write(call.x, stored)
    call.set_y(call.y - len(stored))
