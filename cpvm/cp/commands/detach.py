"""DETACH: take a device out of the virtual machine (DMKVDD)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import DEVICE_MISSING
from cpvm.cp.operand import Operands, vaddr
from cpvm.cp.virtual import detach as take_out


@command("DETACH", module="DMKVDD", minimum=3, classes="G", syntax="DETach vaddr ...", own=True)
def detach(request: Request, operands: Operands) -> Answer:
    """Take the device away; what it had open is closed."""
    addresses = [vaddr(operands.take())]
    while operands.peek() is not None:
        addresses.append(vaddr(operands.take()))
    for address in addresses:
        if address not in request.vm.devices:
            raise DEVICE_MISSING.error(f"{address:03X}")
        block = take_out(request.vm, address)
        request.inform(f"{block.kind:<4} {address:03X} DETACHED")
    return 0
