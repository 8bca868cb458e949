"""QUERY SECUSER, OBSERVER: who watches a console."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.message import INVALID_OPTION, NOT_LOGGED_ON
from cpvm.cp.operand import Operands
from cpvm.cp.vmblok import VMBLOK

_OTHERS = "AC"


def _of(request: Request, operands: Operands) -> VMBLOK:
    word = operands.take()
    operands.end()
    if word in (None, "*"):
        return request.vm
    name = request.userid(word)
    found = request.system.users.get(name)
    if found is None:
        raise NOT_LOGGED_ON.error(name)
    if not (found is request.vm or request.allowed(_OTHERS) or request.vm.userid == found.secondary):
        raise INVALID_OPTION.error(word)
    return found


@query("SECUSER", minimum=7, classes="G")
def query_secuser(request: Request, operands: Operands) -> Answer:
    """The secondary user of one's own machine, or of one that one is the secondary user of; A and C: of any."""
    vm = _of(request, operands)
    request.write(f"{vm.userid:<8} SECUSER = {vm.secondary or 'NONE'}")
    return 0


@query("OBSERVER", minimum=8, classes="G")
def query_observer(request: Request, operands: Operands) -> Answer:
    """The observer."""
    vm = _of(request, operands)
    request.write(f"{vm.userid:<8} OBSERVER = {vm.observer or 'NONE'}")
    return 0
