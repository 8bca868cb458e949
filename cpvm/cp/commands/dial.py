"""DIAL: connect a terminal with a multiple-access virtual machine, instead of logging on (DMKDIA)."""

from __future__ import annotations

from cpvm.cp import signon
from cpvm.cp.command import Answer, Request, command
from cpvm.cp.dialed import DialedDevice
from cpvm.cp.journal import What
from cpvm.cp.message import DEVICE_MISSING, NOT_LOGGED_ON, CPError, message
from cpvm.cp.operand import Operands, vaddr

NONE_FREE = message("055E", "LINE(S) NOT AVAILABLE ON {}")
BUSY = message("056E", "LINE {:03X} BUSY ON {}")
NOT_A_LINE = message("006E", "INVALID DEVICE TYPE - {} {:03X}")


@command("DIAL", module="DMKDIA", minimum=1, classes="", syntax="Dial userid [vaddr]", before_logon=True)
def dial(request: Request, operands: Operands) -> Answer:
    """The first free line or display of that machine which fits the terminal, or the one named."""
    typed, place = operands.take(), signon.place_of(request.session)
    name = ""
    try:
        name = request.userid(typed)
        found = _found(request, name, operands)
    except CPError as error:
        known = name if name in request.system.directory.users else ""
        code = f"{error.module or 'DMKDIA'}{error.number:03}{error.severity}"
        request.system.journal.write(What.DIAL, place=signon.stranger(place), about=known, result=code)
        raise
    assert request.session is not None
    request.system.journal.write(What.DIAL, place=str(place), about=f"{name} {found.vaddr:03X}")
    found.connect(request.session)
    return 0


def _found(request: Request, name: str, operands: Operands) -> DialedDevice:
    word = operands.take()
    operands.end()
    session = request.session
    assert session is not None
    vm = request.system.users.get(name)
    if vm is None:
        raise NOT_LOGGED_ON.error(name)
    if word is not None:
        address = vaddr(word)
        wanted = vm.devices.get(address)
        if wanted is None:
            raise DEVICE_MISSING.error(f"{address:03X}")
        if not isinstance(wanted, DialedDevice):
            raise NOT_A_LINE.error(name, address)
        if wanted.session is not None:
            raise BUSY.error(address, name)
        candidates = [wanted]
    else:
        blocks = [vm.devices[at] for at in sorted(vm.devices)]
        candidates = [block for block in blocks if isinstance(block, DialedDevice) and block.session is None]
    found = next((block for block in candidates if block.accepts(session)), None)
    if found is None:
        raise NONE_FREE.error(name)
    return found
