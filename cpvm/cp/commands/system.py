"""SYSTEM: reset, clear or restart the virtual machine (DMKCPB)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands, choose


@command("SYSTEM", module="DMKCPB", minimum=3, classes="G", syntax="SYStem CLEAR|RESET|RESTART")
def system(request: Request, operands: Operands) -> Answer:
    """Do what the buttons of a System/370 do."""
    word = choose(operands.need(), "CLEAR", "RESET", "RESTART")
    operands.end()
    vm = request.vm
    if word == "RESTART":
        vm.machine.restart()
        vm.begin()
        return 0
    vm.reset(clear=word == "CLEAR")
    vm.console.wait_for_cp()
    request.write("STORAGE CLEARED - SYSTEM RESET" if word == "CLEAR" else "SYSTEM RESET")
    return 0
