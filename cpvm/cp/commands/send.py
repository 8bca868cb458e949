"""SEND: type a line at the console of a machine that runs disconnected, as its secondary user (z/VM)."""

from __future__ import annotations

from cpvm.cp import privileged
from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import DATA_MISSING, NOT_LOGGED_ON, NOT_RECEIVING
from cpvm.cp.operand import Operands


@command("SEND", module="DMKSND", minimum=4, classes="CG", syntax="SEND [CP] userid text")
def send(request: Request, operands: Operands) -> Answer:
    """To the machine as if its user had typed it; with CP, a command for CP."""
    for_cp = operands.skip("CP")
    name = request.userid(operands.take())
    text = operands.take_rest()
    vm = request.system.users.get(name)
    if vm is None:
        raise NOT_LOGGED_ON.error(name)
    if vm is request.vm or (vm.secondary != request.vm.userid and not request.allowed("C")):
        raise NOT_RECEIVING.error(name, "NOT YOUR SECONDARY MACHINE")
    if vm.secondary != request.vm.userid:
        privileged.used(request, operands)
    if not vm.disconnected:
        raise NOT_RECEIVING.error(name, "LOGGED ON")
    if for_cp and not text:
        raise DATA_MISSING.error()
    if for_cp:
        vm.console.command(text)
    else:
        vm.console.typed(text)
    return 0
