"""HALT: end what a real device is doing (DMKCPS)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands


@command("HALT", module="DMKCPS", minimum=4, classes="A", syntax="HALT raddr")
def halt(request: Request, operands: Operands) -> Answer:
    """Halt the operation of the machine that the device is attached to; a device of CP's has none under way."""
    real = request.system.real.find(operands.take())
    operands.end()
    if real.vm is not None and real.vaddr in real.vm.devices:
        real.vm.machine.io.hio(real.vaddr)
        real.vm.wake()
    request.write("COMMAND COMPLETE")
    return 0
