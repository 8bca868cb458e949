"""FORCE: log another user off (DMKUSO)."""

from __future__ import annotations

from cpvm.cp import logon, signon
from cpvm.cp.command import Answer, Request, command
from cpvm.cp.journal import What
from cpvm.cp.message import NOT_LOGGED_ON
from cpvm.cp.operand import Operands


@command("FORCE", module="DMKUSO", minimum=5, classes="A", syntax="FORCE userid")
def force(request: Request, operands: Operands) -> Answer:
    """End the user's session as LOGOFF does."""
    name = request.userid(operands.take())
    operands.end()
    vm = request.system.users.get(name)
    if vm is None:
        raise NOT_LOGGED_ON.error(name)
    place = str(signon.place_of(request.session))
    request.system.journal.write(What.FORCE, request.vm.userid, place=place, about=name)
    if vm is request.vm:
        request.run.drop_rest()
    logon.log_off(vm, forced=True)
    return 0
