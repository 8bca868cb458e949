"""ADSTOP: stop before the instruction at an address (DMKCFD)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import HEXLOC_MISSING, INVALID_HEXLOC
from cpvm.cp.operand import Operands
from cpvm.cp.place import location


@command("ADSTOP", module="DMKCFD", minimum=6, classes="G", syntax="ADSTOP hexloc|OFF", own=True)
def adstop(request: Request, operands: Operands) -> Answer:
    """Stop once, in CP READ, when the machine is about to execute the instruction at HEXLOC."""
    word = operands.need(HEXLOC_MISSING)
    operands.end()
    machine = request.vm.machine
    if word == "OFF":
        machine.address_stop = None
        return 0
    address = location(request.vm, word)
    if address & 1 or not machine.storage.holds(address):
        raise INVALID_HEXLOC.error(word)
    machine.address_stop = address
    return 0
