"""LOCK, UNLOCK: pages that are not to be paged out (DMKCPV)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_RANGE, NOT_LOGGED_ON, message
from cpvm.cp.operand import Operands, hexadecimal

NOT_LOCKED = message("161E", "PAGE {:06X} NOT LOCKED")
_PAGE = 4096
_SYSTEM_PAGES = 1 << 12


def _pages(request: Request, operands: Operands) -> tuple[str, range]:
    """The userid, or SYSTEM, and the pages: their hexadecimal numbers are typed."""
    word = operands.take()
    if word == "SYSTEM":
        name, most = "SYSTEM", _SYSTEM_PAGES
    else:
        name = request.userid(word)
        vm = request.system.users.get(name)
        if vm is None:
            raise NOT_LOGGED_ON.error(name)
        most = (vm.storage + _PAGE - 1) // _PAGE
    typed = operands.need()
    first = hexadecimal(typed, 4)
    last = hexadecimal(operands.need(), 4)
    if not first <= last < most:
        raise INVALID_RANGE.error(f"{first:X} {last:X}")
    return name, range(first, last + 1)


@command("LOCK", module="DMKCPV", minimum=4, classes="C", syntax="LOCK userid|SYSTEM firstpage lastpage [MAP]")
def lock(request: Request, operands: Operands) -> Answer:
    """Lock pages; MAP tells where they are."""
    name, pages = _pages(request, operands)
    shown = operands.skip("MAP")
    operands.end()
    request.system.operations.locked.setdefault(name, set()).update(pages)
    if shown:
        for page in pages:
            request.write(f"VIRTUAL PAGE = {page * _PAGE:06X} REAL ADDRESS = {page * _PAGE:06X}")
    request.inform("COMMAND COMPLETE")
    return 0


@command("UNLOCK", module="DMKCPV", minimum=6, classes="C", syntax="UNLOCK userid|SYSTEM firstpage lastpage")
def unlock(request: Request, operands: Operands) -> Answer:
    """Undo LOCK."""
    if operands.peek() == "VIRT=REAL":
        operands.take()
        operands.end()
        request.inform("COMMAND COMPLETE")
        return 0
    name, pages = _pages(request, operands)
    operands.end()
    locked = request.system.operations.locked.get(name, set())
    missing = next((page for page in pages if page not in locked), None)
    if missing is not None:
        raise NOT_LOCKED.error(missing * _PAGE)
    locked.difference_update(pages)
    request.inform("COMMAND COMPLETE")
    return 0
