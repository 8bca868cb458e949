"""LOCATE: where CP's control blocks stand (DMKCQG)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import DEVICE_MISSING, NOT_LOGGED_ON, OPERAND_MISSING
from cpvm.cp.operand import Operands, is_vaddr, vaddr

SYNTAX = """\
LOCate userid [vaddr]
LOCate raddr"""


@command("LOCATE", module="DMKCQG", minimum=3, classes="CE", syntax=SYNTAX)
def locate(request: Request, operands: Operands) -> Answer:
    """Tell the addresses of a user's blocks, or of a real device's."""
    word = operands.need(OPERAND_MISSING)
    system = request.system
    image = system.operations.image
    name = request.meant(word)
    vm = system.users.get(name)
    if vm is None:
        if operands.peek() is not None or not is_vaddr(word):
            raise NOT_LOGGED_ON.error(name)
        request.write(f"RDEVBLOK = {image.address(system.real.find(word)):06X}")
        return 0
    typed = operands.take()
    operands.end()
    address = vaddr(typed) if typed is not None else None
    block = vm.devices.get(address) if address is not None else None
    if address is not None and block is None:
        raise DEVICE_MISSING.error(f"{address:03X}")
    request.write(f"VMBLOK = {image.address(vm):06X}")
    if block is not None:
        request.write(f"VDEVBLOK = {image.address(block):06X}")
    return 0
