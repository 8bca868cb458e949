"""LOADVFCB: the form of a virtual printer (DMKCSB)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands, decimal, vaddr
from cpvm.cp.realunit.words import form_image
from cpvm.cp.spoolword import NOT_SPOOLED, devices
from cpvm.machine.bufferprinter import BufferPrinter

_MOST_INDEX = 31


@command("LOADVFCB", module="DMKCSB", minimum=8, classes="G", syntax="LOADVFCB vaddr FCB name [INDEX nn]", own=True)
def loadvfcb(request: Request, operands: Operands) -> Answer:
    """The printer, one with a forms control buffer, meets the channels of the form from now on."""
    address = vaddr(operands.take())
    (block,) = devices(request.vm, f"{address:03X}")
    device = request.vm.machine.device(address)
    if not isinstance(device, BufferPrinter):
        raise NOT_SPOOLED.error(block.vaddr)
    operands.skip("FCB")
    form, index = form_image(request, operands.need()), 0
    if operands.skip("INDEX"):
        index = decimal(operands.take() or "1", 1, _MOST_INDEX)
    operands.end()
    device.new_form(form, index)
    return 0
