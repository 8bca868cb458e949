"""SET LOGMSG: the message that users see at LOGON."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.message import OPERAND_MISSING
from cpvm.cp.operand import Operands, decimal

MAX_LINES = 99


@setting("LOGMSG", minimum=3, classes="B")
def set_logmsg(request: Request, operands: Operands) -> Answer:
    """LOGMSG text adds a line; LOGMSG nn text replaces line nn; LOGMSG nn deletes it; LOGMSG NULL deletes all."""
    _, lines = request.system.directory.logmsg()
    word = operands.peek()
    if word is None:
        raise OPERAND_MISSING.error()
    if word == "NULL":
        lines = []
    elif word.isdigit():
        number = decimal(operands.take(), 1, min(len(lines) + 1, MAX_LINES))
        text = operands.take_rest()
        lines[number - 1 : number] = [text] if text else []
    else:
        lines = [*lines, operands.take_rest()]
    request.system.directory.set_logmsg(lines[:MAX_LINES])
    return 0
