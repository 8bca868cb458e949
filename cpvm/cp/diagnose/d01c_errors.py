"""DIAGNOSE X'1C', X'2C', X'30': the error recording area (DMKIOE, DMKHVC).

Volumes here have no sectors that fail, so that nothing is ever recorded: the area is one cylinder, and empty.
"""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose

START = 0x00000100
"""Address of the area in CP's form, CCPD: cylinder 0, page 1, device code 0."""
_CYLINDERS = 1
_CLEAR = (1, 2)
_WHERE, _FIRST, _FRAMES = 1, 2, 4
_NO_DATA, _OUTSIDE = 1, 3
_PAGE = 4096


@diagnose(0x1C, classes="F")
def clear_recording(call: DiagnoseCall) -> None:
    """Clear the error recording area; Rx: 1 leaves frame records, 2 erases them too."""
    call.specification(call.x & 0xFF not in _CLEAR)


@diagnose(0x2C, classes="CEF")
def find_recording(call: DiagnoseCall) -> None:
    """Rx: 1 gives the start of the area and in Ry the number of cylinders, 2 the first record, 4 (and 6) in Ry whether
    there are frame records: none."""
    wanted = call.x & 0xFF
    call.specification(wanted not in (_WHERE, _FIRST, _FRAMES, _FIRST | _FRAMES))
    if wanted & (_WHERE | _FIRST):
        call.set_x(START)
    if wanted == _WHERE:
        call.set_y(call.y & 0xFFFF0000 | _CYLINDERS)
    elif wanted & _FRAMES:
        call.set_y(call.y & 0xFFFFFF00)


@diagnose(0x30, classes="CEF")
def read_recording(call: DiagnoseCall) -> None:
    """Rx: address of a page of the area, Ry: buffer of 4096 bytes on a page boundary.

    Condition code 1: end of the cylinder, there is no data. 3: outside of the area.
    """
    call.specification(bool(call.y & _PAGE - 1))
    call.read(call.y, _PAGE)
    call.set_cc(_NO_DATA if call.x >> 16 == START >> 16 else _OUTSIDE)
