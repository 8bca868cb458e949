"""DIAGNOSE X'04': examine CP's storage (DMKHVC)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.image import SIZE
from cpvm.machine import ProgramCheck
from cpvm.s370.interruption import ProgramCode

MOST_WORDS = 1024


@diagnose(0x04, classes="CE")
def examine(call: DiagnoseCall) -> None:
    """Rx: list of addresses, a fullword each; Ry: how many, up to 1024; Ry+1: where the fullwords there are put.

    What stands in CP's storage is told in `cpvm.cp.image`; an address behind its end is an addressing exception.
    """
    count = call.y
    call.specification(call.ry == 15 or count > MOST_WORDS or bool((call.x | call.machine.gr[call.ry + 1]) & 3))
    result = call.machine.gr[call.ry + 1]
    data = call.read(call.x, 4 * count)
    addresses = [int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4)]
    if any(address > SIZE - 4 for address in addresses):
        raise ProgramCheck(ProgramCode.ADDRESSING)
    call.write(result, call.read(result, 4 * count))  # whether it may be stored into
    vm, generation = call.vm, call.vm.generation

    def store() -> None:
        if vm.generation == generation:
            image = vm.system.operations.image
            call.machine.storage.write(result & 0xFFFFFF, b"".join(image.read(address, 4) for address in addresses))

    vm.defer(store)
