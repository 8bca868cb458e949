"""SET SECUSER, SET OBSERVER: who may watch a machine's console, as in z/VM."""

from __future__ import annotations

from cpvm.cp import privileged
from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.logon import directed_secondary
from cpvm.cp.message import INVALID_OPTION, NOT_IN_DIRECTORY, NOT_LOGGED_ON, OPERAND_MISSING
from cpvm.cp.operand import Operands
from cpvm.cp.vmblok import VMBLOK

_OTHERS = "AC"  # privilege classes that may say it for another machine
_NOBODY = ("OFF", "NONE")


def _whose(request: Request, operands: Operands) -> tuple[VMBLOK, str]:
    """The machine, and the userid given for it ("" for OFF)."""
    words = operands.remaining()
    if not 1 <= len(words) <= 2:
        raise OPERAND_MISSING.error()
    vm = request.vm
    if len(words) == 2 and words[0] != "*":
        name = request.userid(words[0])
        found = request.system.users.get(name)
        if not (found is vm or request.allowed(_OTHERS)):
            raise INVALID_OPTION.error(words[0])
        if found is None:
            raise NOT_LOGGED_ON.error(name)
        if found is not vm:
            privileged.used(request, operands)
        vm = found
    word = words[-1]
    if word == "RESET":
        return vm, directed_secondary(vm.entry)
    user = "" if word in _NOBODY else request.vm.userid if word == "*" else request.userid(word)
    if user and user not in request.system.directory.users:
        raise NOT_IN_DIRECTORY.error(user)
    return vm, "" if user == vm.userid else user


@setting("SECUSER", minimum=7)
def set_secuser(request: Request, operands: Operands) -> Answer:
    """SET SECUSER [userid|*] secuser|*|OFF|RESET: who sees and drives the console of a disconnected machine."""
    vm, user = _whose(request, operands)
    if user or vm.secondary:
        request.inform(f"SECUSER OF {vm.userid} {'INITIATED' if user else 'TERMINATED'}")
    vm.secondary = user
    vm.console.announce()
    return 0


@setting("OBSERVER", minimum=8)
def set_observer(request: Request, operands: Operands) -> Answer:
    """SET OBSERVER [userid|*] observer|*|OFF: who sees the console, also while its user is there."""
    vm, user = _whose(request, operands)
    if user or vm.observer:
        request.inform(f"OBSERVER OF {vm.userid} {'INITIATED' if user else 'TERMINATED'}")
    vm.observer = user
    return 0
