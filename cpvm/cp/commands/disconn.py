"""DISCONN: leave the machine running without a terminal (DMKUSO)."""

from __future__ import annotations

from cpvm.cp import logon
from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands, choose


@command("DISCONN", module="DMKUSO", minimum=4, classes="", syntax="DISConn [HOld]")
def disconn(request: Request, operands: Operands) -> Answer:
    """Leave."""
    word = operands.take()
    hold = word is not None and choose(word, "HOld") == "HOLD"
    operands.end()
    request.run.drop_rest()
    logon.disconnect(request.vm, hold=hold)
    return 0
