"""DIAGNOSE X'6C': the page table entry of MVS's page 0 (DMKVAT), for CPs that keep shadow tables."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose

_BC_MODE = 3


@diagnose(0x6C)
def low_page(call: DiagnoseCall) -> None:
    """Rx: the address of the entry; nothing depends on it, since machines translate addresses by themselves.

    Condition code 0; 3 in the BC mode.
    """
    call.set_cc(0 if call.machine.ec_mode else _BC_MODE)
