"""LOGOFF, LOGOUT: sign off (DMKUSO)."""

from __future__ import annotations

from cpvm.cp import logon
from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands, choose


@command("LOGOFF", module="DMKUSO", minimum=3, classes="", syntax="LOGoff [HOld]")
def logoff(request: Request, operands: Operands) -> Answer:
    """End the session."""
    return _log_off(request, operands)


@command("LOGOUT", module="DMKUSO", minimum=3, classes="", syntax="LOGout [HOld]", same_as="LOGOFF")
def logout(request: Request, operands: Operands) -> Answer:
    """The same."""
    return _log_off(request, operands)


def _log_off(request: Request, operands: Operands) -> int:
    word = operands.take()
    hold = word is not None and choose(word, "HOld") == "HOLD"
    operands.end()
    request.run.drop_rest()
    logon.log_off(request.vm, hold=hold)
    return 0
