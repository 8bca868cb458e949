"""BEGIN: let the virtual machine run (DMKCFP)."""

from __future__ import annotations

from dataclasses import replace

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_HEXLOC
from cpvm.cp.operand import Operands
from cpvm.cp.place import location


@command("BEGIN", module="DMKCFP", minimum=1, classes="G", syntax="Begin [hexloc]")
def begin(request: Request, operands: Operands) -> Answer:
    """Go on, at the address given or where it stopped."""
    vm = request.vm
    word = operands.take()
    operands.end()
    if word is not None:
        address = location(vm, word)
        if address & 1:
            raise INVALID_HEXLOC.error(word)
        vm.machine.psw = replace(vm.machine.psw, address=address)
    vm.begin()
    return 0
