"""DIAGNOSE X'68': the Virtual Machine Communication Facility (DMKVMC)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.vmcfblok import HEADER_LENGTH, Parameters


@diagnose(0x68)
def communicate(call: DiagnoseCall) -> None:
    """Rx: doubleword-aligned address of VMCPARM, 40 bytes; Ry gets the return code, 0 to 20.

    What it asks for, the header that comes with an interruption X'4001', and the codes are told in
    docs/reference/communication.md.
    """
    call.specification(bool(call.x & 7))
    asked, key = Parameters.from_bytes(call.read(call.x, HEADER_LENGTH)), call.machine.psw.key
    vm, generation = call.vm, call.vm.generation

    def perform() -> None:
        if vm.generation == generation:
            call.set_y(vm.vmcf.perform(asked, key))

    vm.defer(perform)
