"""QUERY NAMES, USERS, USERID."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.dialed import dialed_count
from cpvm.cp.message import NOT_LOGGED_ON
from cpvm.cp.operand import Operands

_A_LINE = 4


@query("NAMES", minimum=1)
def query_names(request: Request, operands: Operands) -> Answer:
    """Who is logged on, and where; four a line."""
    operands.end()
    users = [f"{vm.userid:<8} - {vm.line_name:<4}" for vm in request.system.users.values()]
    for start in range(0, len(users), _A_LINE):
        request.write(", ".join(users[start : start + _A_LINE]).rstrip())
    return 0


@query("USERS", minimum=1)
def query_users(request: Request, operands: Operands) -> Answer:
    """How many are logged on, or where one is."""
    word = operands.take()
    operands.end()
    if word is None:
        request.write(f"{len(request.system.users):03} USERS, {dialed_count(request.system):03} DIALED")
        return 0
    name = request.userid(word)
    vm = request.system.users.get(name)
    if vm is None:
        raise NOT_LOGGED_ON.error(name)
    request.write(f"{vm.userid:<8} - {vm.line_name}")
    return 0


@query("USERID", minimum=6)
def query_userid(request: Request, operands: Operands) -> Answer:
    """Who am I."""
    operands.end()
    request.write(f"{request.vm.userid:<8} AT {request.system.configuration.node}")
    return 0
