"""DIAGNOSE X'64': find, load and purge named segments (DMKCFG, DMKHVD)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.savedsys import PlaceTakenError, SavedSystem, SavedSystemError
from cpvm.s370.ebcdic import from_ebcdic

_LOAD_SHARED, _LOAD_NONSHARED, _PURGE, _FIND = 0x0, 0x4, 0x8, 0xC
NOT_FOUND, PAGING_ERROR = 44, 177


@diagnose(0x64)
def named_segment(call: DiagnoseCall) -> None:
    """Rx: doubleword-aligned address of the name, Ry: 0 and 4 load, 8 purge, X'0C' find.

    Load: condition code 0, Rx and Ry are the first and last address; 1 the same, within the machine's own storage.
    Find: 0 it is loaded, 1 it is not, Rx and Ry as before. Purge: 0 done, 1 it was not loaded.
    Condition code 2 with 44 in Ry: there is no such segment; with 177: its pages cannot be had.
    """
    function = call.y
    call.specification(bool(call.x & 7) or function not in (_LOAD_SHARED, _LOAD_NONSHARED, _PURGE, _FIND))
    name = from_ebcdic(call.read(call.x, 8)).rstrip(" \0").upper()
    system = call.vm.system.saved.get(name)
    segments = call.vm.segments
    if system is None or not system.file or not system.segment:
        _refuse(call, NOT_FOUND)
    elif function == _PURGE:
        call.set_cc(0 if segments.purge(name) else 1)
    elif function == _FIND:
        _answer(call, system, 0 if name in segments.loaded else 1)
    else:
        try:
            _answer(call, system, 1 if segments.load(system, shared=function == _LOAD_SHARED) else 0)
        except SavedSystemError as error:
            if not isinstance(error, PlaceTakenError):  # else a program could fill the operator's log
                call.vm.system.log.write(f"DMKCFG177E {error}")
            _refuse(call, PAGING_ERROR)


def _answer(call: DiagnoseCall, system: SavedSystem, cc: int) -> None:
    call.set_x(system.start)
    call.set_y(system.end - 1)
    call.set_cc(cc)


def _refuse(call: DiagnoseCall, code: int) -> None:
    call.set_y(code)
    call.set_cc(2)
