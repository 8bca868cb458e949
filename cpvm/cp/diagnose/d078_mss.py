"""DIAGNOSE X'78': the Mass Storage System (DMKSSS)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.machine import ProgramCheck
from cpvm.s370.interruption import ProgramCode


@diagnose(0x78)
def mass_storage(call: DiagnoseCall) -> None:
    """Ry: subfunction. A protection exception, as in any CP without the module for the Mass Storage System."""
    raise ProgramCheck(ProgramCode.PROTECTION)
