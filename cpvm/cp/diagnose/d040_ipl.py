"""DIAGNOSE X'40': the end of a virtual IPL (DMKVMI), and X'48': SVC 76 of a second-level VM/370 (DMKVER)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose

_RECORD, _REFLECT = 4, 8
_RECORD_ERROR = 76


@diagnose(0x40)
def end_ipl(call: DiagnoseCall) -> None:
    """Belongs to the program that VM/370 puts into the machine for an IPL; here there is none: specification."""
    call.specification(True)


@diagnose(0x48)
def supervisor_call_76(call: DiagnoseCall) -> None:
    """Rx must be general register 1. 4: CP records the error as if the machine had issued SVC 76, of which nothing is
    kept. 8: the machine is interrupted by SVC 76 itself."""
    call.specification(call.rx != 1 or call.x not in (_RECORD, _REFLECT))
    if call.x == _REFLECT:
        call.machine.interruptions.supervisor_call(_RECORD_ERROR)
