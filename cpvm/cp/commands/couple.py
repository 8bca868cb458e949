"""COUPLE: connect two virtual channel-to-channel adapters (DMKDIA)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import DEVICE_MISSING, NOT_LOGGED_ON, message
from cpvm.cp.operand import Operands, is_vaddr, vaddr
from cpvm.cp.special import CTCABlock

NO_SUCH_DEVICE = message("048E", "{} {:03X} DOES NOT EXIST")
NOT_CTCA = message("006E", "INVALID DEVICE TYPE - {}{:03X}")
COUPLED = message("058E", "CTCA {:03X} NOT COUPLED; {} {:03X} ALREADY COUPLED")


@command("COUPLE", module="DMKDIA", minimum=6, classes="G", syntax="COUPLE vaddr1 [To] userid|* [vaddr2]")
def couple(request: Request, operands: Operands) -> Answer:
    """One's own adapter with another one's, or with another of one's own."""
    address = vaddr(operands.take())
    operands.skip_before("TO", lambda following: not is_vaddr(following))
    word = operands.take()
    name = request.vm.userid if word == "*" else request.userid(word)
    other_address = vaddr(operands.take()) if operands.peek() is not None else address
    operands.end()
    block = request.vm.devices.get(address)
    if block is None:
        raise DEVICE_MISSING.error(f"{address:03X}")
    if not isinstance(block, CTCABlock):
        raise NOT_CTCA.error("", address)
    vm = request.system.users.get(name)
    if vm is None:
        raise NOT_LOGGED_ON.error(name)
    other = vm.devices.get(other_address)
    if other is None:
        raise NO_SUCH_DEVICE.error(name, other_address)
    if not isinstance(other, CTCABlock) or other is block:
        raise NOT_CTCA.error(f"{name} ", other_address)
    for adapter in (block, other):
        if adapter.other is not None:
            raise COUPLED.error(address, adapter.vm.userid, adapter.vaddr)
    block.couple(other)
    request.inform(f"CTCA {address:03X} COUPLE TO {name} {other_address:03X}")
    if vm is not request.vm:
        vm.console.write_cp(f"CTCA {other_address:03X} COUPLE BY {request.vm.userid} {address:03X}")
    return 0
