"""ENABLE, DISABLE: let users log on at terminals, or keep them from it (DMKCPV)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import DEVICE_MISSING, message
from cpvm.cp.operand import Operands

RADDR_MISSING = message("021E", "RADDR MISSING OR INVALID")


def _lines(request: Request, operands: Operands) -> list[str] | None:
    """The names of lines; None for ALL."""
    words = operands.remaining()
    if not words:
        raise RADDR_MISSING.error()
    if words == ["ALL"]:
        return None
    there = {session.terminal.name.upper(): session.terminal.name for session in request.system.sessions}
    known = {name.upper(): name for name in request.system.operations.disabled}
    for word in words:
        if word not in there and word not in known:
            raise DEVICE_MISSING.error(word)
    return [there.get(word) or known[word] for word in words]


@command("ENABLE", module="DMKCPV", minimum=2, classes="AB", syntax="ENable line ...|ALL")
def enable(request: Request, operands: Operands) -> Answer:
    """Lines are open."""
    names = _lines(request, operands)
    operations = request.system.operations
    if names is None:
        operations.all_disabled = False
        operations.disabled.clear()
    else:
        operations.disabled.difference_update(names)
    for session in request.system.sessions:
        if session.vm is None and (names is None or session.terminal.name in names):
            request.system.online(session)
    request.inform("COMMAND COMPLETE")
    return 0


@command("DISABLE", module="DMKCPV", minimum=4, classes="AB", syntax="DISAble line ...|ALL")
def disable(request: Request, operands: Operands) -> Answer:
    """Lines are closed; users who are logged on there stay until LOGOFF."""
    names = _lines(request, operands)
    operations = request.system.operations
    if names is None:
        operations.all_disabled = True
    else:
        operations.disabled.update(names)
    request.inform("COMMAND COMPLETE")
    return 0
