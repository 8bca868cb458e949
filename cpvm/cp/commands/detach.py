"""DETACH: take a device out of the virtual machine, or a real device from a user or the system (DMKVDD)."""

from __future__ import annotations

from cpvm.cp import privileged
from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import DEVICE_MISSING, NOT_LOGGED_ON, message
from cpvm.cp.operand import Operands, is_vaddr, vaddr
from cpvm.cp.realdev import NOT_ATTACHED_TO, RealDevice
from cpvm.cp.virtual import detach as take_out

NOT_ATTACHED = message("049E", "{} {:03X} NOT ATTACHED TO {}")
SYNTAX = """\
DETach vaddr ...
DETach raddr [FROM] userid|SYSTEM"""


@command("DETACH", module="DMKVDD", minimum=3, classes="BG", syntax=SYNTAX)
def detach(request: Request, operands: Operands) -> Answer:
    """Take the device away; what it had open is closed."""
    words = operands.remaining()
    if request.allowed("B") and len(words) >= 2 and (words[1] == "FROM" or not _are_own(request, words)):
        privileged.used(request, operands)
        return _real(request, words)
    addresses = [vaddr(word) for word in words] or [vaddr(None)]
    for address in addresses:
        if address not in request.vm.devices:
            raise DEVICE_MISSING.error(f"{address:03X}")
        block = take_out(request.vm, address)
        request.inform(f"{block.kind:<4} {address:03X} DETACHED")
    return 0


def _are_own(request: Request, words: list[str]) -> bool:
    """Whether all words are addresses of the user's own devices."""
    return all(is_vaddr(word) and int(word, 16) in request.vm.devices for word in words)


def _real(request: Request, words: list[str]) -> int:
    """DETACH raddr FROM userid or SYSTEM."""
    real = request.system.real.find(words[0])
    rest = Operands(" ".join(words[1:]))
    rest.skip("FROM")
    name = rest.take()
    rest.end()
    if name == "SYSTEM":
        _from_system(request, real)
        request.inform(f"DASD {real.raddr:03X} DETACHED SYSTEM")
        return 0
    user = request.userid(name)
    vm = request.system.users.get(user)
    if vm is None:
        raise NOT_LOGGED_ON.error(user)
    if real.vm is not vm:
        raise NOT_ATTACHED.error(real.kind, real.raddr, user)
    address = real.vaddr
    take_out(vm, address)
    request.inform(f"{real.kind:<4} {real.raddr:03X} DETACHED {user}")
    if vm is not request.vm:
        vm.console.write_cp(f"{real.kind:<4} {address:03X} DETACHED BY {request.vm.userid}")
    return 0


def _from_system(request: Request, real: RealDevice) -> None:
    minidisks = request.system.minidisks
    if not real.system or not minidisks.adopted(real.volid):
        raise NOT_ATTACHED.error(real.kind, real.raddr, "SYSTEM")
    users = minidisks.users_of(real.volid)
    if users:
        raise NOT_ATTACHED_TO.error(real.kind, real.raddr, f"IN USE BY {len(users):03} USERS")
    minidisks.give_back(real.volid)
    real.system, real.volid = False, ""
