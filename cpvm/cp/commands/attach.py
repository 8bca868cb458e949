"""ATTACH: give a real device to a user, or a disk to the system (DMKVDS)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_OPERAND, NOT_LOGGED_ON, message
from cpvm.cp.operand import Operands, vaddr
from cpvm.cp.realdev import NOT_ATTACHED_TO, RealDevice
from cpvm.cp.virtual import ALREADY_DEFINED
from cpvm.machine.device import ConfigurationError, DeviceError, MediaError

VOLID_MISSING = message("023E", "VOLID MISSING OR INVALID")
SYNTAX = """\
ATTach raddr [To] userid|* [[As] vaddr] [R/O]
ATTach raddr [To] SYSTEM [As] volid"""


@command("ATTACH", module="DMKVDS", minimum=3, classes="B", syntax=SYNTAX)
def attach(request: Request, operands: Operands) -> Answer:
    """Give the device away; the operator and the user are told."""
    real = request.system.real.find(operands.take())
    operands.skip("TO", 1)
    word = operands.take()
    if word == "SYSTEM":
        return _to_system(request, operands, real)
    name = request.vm.userid if word == "*" else request.userid(word)
    operands.skip("AS", 1)
    following = operands.peek()
    address = real.raddr if following in (None, "R/O") else vaddr(operands.take())
    read_only = operands.skip("R/O")
    operands.end()
    vm = request.system.users.get(name)
    if vm is None:
        raise NOT_LOGGED_ON.error(name)
    if address in vm.devices:
        raise ALREADY_DEFINED.error(address)
    request.system.real.attach(real, vm, address, read_only=read_only)
    request.inform(f"{real.kind:<4} {real.raddr:03X} ATTACHED TO {name:<8} {address:03X}{' R/O' if read_only else ''}")
    if vm is not request.vm:
        vm.console.write_cp(f"{real.kind:<4} {address:03X} ATTACHED BY {request.vm.userid}")
    return 0


def _to_system(request: Request, operands: Operands, real: RealDevice) -> int:
    """Mount a disk image for the minidisks that the directory has on it."""
    operands.skip("AS", 1)
    volid = operands.need(VOLID_MISSING)
    operands.end()
    if real.kind != "DASD":
        raise INVALID_OPERAND.error("SYSTEM")
    real.need_free()
    try:
        request.system.minidisks.adopt(volid, real, request.system.directory.volumes.get(volid))
    except (ConfigurationError, DeviceError, MediaError) as error:
        raise NOT_ATTACHED_TO.error(real.kind, real.raddr, str(error).upper()) from None
    real.system, real.volid = True, volid
    request.inform(f"DASD {real.raddr:03X} ATTACHED TO SYSTEM   {volid}")
    return 0
