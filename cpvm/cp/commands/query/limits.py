"""QUERY LIMITS: how much of what all share users may take, and what they have (cpvm.cp.limits)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.limits import ALL, SYSTEM
from cpvm.cp.message import INVALID_OPERAND, NOT_IN_DIRECTORY
from cpvm.cp.operand import Operands


@query("LIMITS", minimum=3)
def query_limits(request: Request, operands: Operands) -> Answer:
    """QUERY LIMITS: one's own; classes A, B, D, E: QUERY LIMITS [userid|ALL|SYSTEM]."""
    word = operands.peek()
    who = request.vm.userid if word is None else request.userid(operands.take())
    operands.end()
    if who != request.vm.userid and not request.allowed("ABDE"):
        raise INVALID_OPERAND.error(word)
    limits = request.system.limits
    if who in (ALL, SYSTEM):
        lines = limits.lines_of_all() if who == ALL else limits.lines_of_system()
    elif who in request.system.directory.users:
        lines = limits.lines(who)
    else:
        raise NOT_IN_DIRECTORY.error(who)
    for line in lines:
        request.write(line)
    return 0
