"""DIAGNOSE X'60': size of the virtual machine's storage (DMKHVC)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose


@diagnose(0x60)
def storage_size(call: DiagnoseCall) -> None:
    """Rx gets the size in bytes."""
    call.set_x(call.machine.storage.size)
