"""DIAGNOSE X'64': find, load and purge named segments (DMKCFG).

No segments can be saved yet, so that every name is unknown; the answers are VM/370's for that case.
"""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose

_LOAD_SHARED, _LOAD_NONSHARED, _PURGE, _FIND = 0x0, 0x4, 0x8, 0xC
NOT_FOUND = 44


@diagnose(0x64)
def named_segment(call: DiagnoseCall) -> None:
    """Rx: doubleword-aligned address of the name, Ry: 0 and 4 load, 8 purge, X'0C' find.

    Condition code 2 with 44 in Ry: there is no such segment. 1: purge of a segment that is not loaded.
    """
    function = call.y
    call.specification(bool(call.x & 7) or function not in (_LOAD_SHARED, _LOAD_NONSHARED, _PURGE, _FIND))
    call.read(call.x, 8)
    call.set_y(NOT_FOUND)
    call.set_cc(1 if function == _PURGE else 2)
