"""DIAGNOSE X'50': save the image of a communications controller's program (DMKSNC)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose

NOT_IN_TABLE = 44
_NAME_LENGTH = 8


@diagnose(0x50, classes="ABC")
def save_image(call: DiagnoseCall) -> None:
    """Rx: address of CCPARM on a page boundary; Ry gets 44: there is no 3704 or 3705, and no place for its program."""
    call.specification(bool(call.x & 0xFFF))
    call.read(call.x, _NAME_LENGTH)
    call.set_y(NOT_IN_TABLE)
