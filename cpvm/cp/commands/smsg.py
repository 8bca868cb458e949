"""SMSG: a special message to a virtual machine that has prepared for it (DMKMSG)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.iucvservice import hand_over
from cpvm.cp.message import DATA_MISSING, NOT_LOGGED_ON, NOT_RECEIVING
from cpvm.cp.network.operator import execute
from cpvm.cp.operand import Operands
from cpvm.cp.vmcfblok import Code

_REASONS = {Code.TOO_LARGE: "SMSG TOO LONG", Code.TOO_MANY: "MESSAGE LIMIT EXCEEDED"}


@command("SMSG", module="DMKMSG", minimum=2, classes="G", syntax="SMsg userid|* text")
def smsg(request: Request, operands: Operands) -> Answer:
    """Hand the text over through the Virtual Machine Communication Facility; the receiver's terminal shows nothing."""
    target = operands.take()
    name = request.vm.userid if target == "*" else request.userid(target)
    text = operands.take_rest()
    if not text:
        raise DATA_MISSING.error()
    vm = request.system.users.get(name)
    if vm is None and name == request.system.network.userid:
        return execute(request, text)
    if vm is None:
        raise NOT_LOGGED_ON.error(name)
    if not vm.smsg:
        raise NOT_RECEIVING.error(name, "SMSG OFF")
    if hand_over(vm, "SMSG", request.vm.userid, text):
        return 0
    code = vm.vmcf.special(request.vm.userid, text, request.vm.host.tod() >> 12)
    if code:
        raise NOT_RECEIVING.error(name, _REASONS.get(code, "NOT AUTHORIZED"))
    return 0
