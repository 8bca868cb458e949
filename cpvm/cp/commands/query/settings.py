"""What operators have set (DMKCQP): QUERY DUMP, PAGING, PRIORITY, SHARE, AFFINITY, SASSIST, JOURNAL, MAXIMUM..."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.load import pages_used, storage_used
from cpvm.cp.message import INVALID_OPTION, NOT_LOGGED_ON
from cpvm.cp.operand import Operands
from cpvm.cp.vmblok import VMBLOK


def _user(request: Request, operands: Operands) -> VMBLOK:
    """The user named, or the one who asks."""
    word = operands.take()
    operands.end()
    if word is None:
        return request.vm
    name = request.userid(word)
    vm = request.system.users.get(name)
    if vm is None:
        raise NOT_LOGGED_ON.error(name)
    return vm


def _on(value: bool) -> str:
    return "ON" if value else "OFF"


@query("DUMP", minimum=4, classes="B")
def query_dump(request: Request, operands: Operands) -> Answer:
    """Where a dump of CP would go."""
    operands.end()
    switches = request.system.operations.switches
    request.write(f"DUMP UNIT {switches.dump} {'ALL' if switches.dump_all else 'CP'}")
    return 0


@query("PAGING", minimum=4, classes="AE")
def query_paging(request: Request, operands: Operands) -> Answer:
    """Pages in use; paging itself is the host's."""
    operands.end()
    pages = sum(pages_used(vm) for vm in request.system.users.values())
    request.write(f"PAGING 000, PAGES IN USE {pages}, STORAGE {storage_used():03}%, RATE 000/SEC")
    return 0


@query("PRIORITY", minimum=4, classes="ACE")
def query_priority(request: Request, operands: Operands) -> Answer:
    """QUERY PRIORITY userid."""
    vm = _user(request, operands)
    favored = "" if vm.favored is None else f", FAVORED {vm.favored:02}%" if vm.favored else ", FAVORED"
    request.write(f"{vm.userid:<8} PRIORITY = {vm.priority:02}{favored}")
    return 0


@query("SHARE", minimum=5, classes="AE")
def query_share(request: Request, operands: Operands) -> Answer:
    """QUERY SHARE userid."""
    vm = _user(request, operands)
    least, most = vm.share.lines
    request.write(f"USER {vm.userid:<8} : {least}")
    request.write(f"{'':16}{most}")
    return 0


@query("AFFINITY", minimum=3, classes="AEG")
def query_affinity(request: Request, operands: Operands) -> Answer:
    """QUERY AFFINITY [userid]; somebody else's for classes A and E."""
    vm = _user(request, operands)
    if vm is not request.vm and not request.allowed("AE"):
        raise NOT_LOGGED_ON.error(vm.userid)
    number = request.system.operations.affinity.get(vm.userid)
    request.write(f"AFFINITY = {'NONE' if number is None else f'{number:02}'}, PROCESSOR = ANY")
    return 0


@query("SASSIST", minimum=4, classes="AE")
def query_sassist(request: Request, operands: Operands) -> Answer:
    """The assist of the virtual machines."""
    operands.end()
    request.write(f"SASSIST {_on(request.system.operations.switches.sassist)}, PROC ALL")
    return 0


@query("CPASSIST", minimum=4, classes="AE")
def query_cpassist(request: Request, operands: Operands) -> Answer:
    """The assist of CP."""
    operands.end()
    request.write(f"CPASSIST {_on(request.system.operations.switches.cpassist)}, PROC ALL")
    return 0


@query("JOURNAL", minimum=4, classes="A")
def query_journal(request: Request, operands: Operands) -> Answer:
    """Whether wrong passwords, and links by passwords, become accounting records."""
    operands.end()
    journaling = request.system.operations.journaling
    if not journaling.rules.set_and_query:
        raise INVALID_OPTION.error("JOURNAL")
    request.write(f"LOGON JOURNALING: {_on(journaling.logon)}, LINK JOURNALING: {_on(journaling.link)}")
    return 0


@query("MAXIMUM", minimum=3, classes="ACE")
def query_maximum(request: Request, operands: Operands) -> Answer:
    """How many users may be logged on."""
    operands.end()
    most = request.system.operations.switches.maximum
    request.write(f"MAXIMUM USERS = {'NO LIMIT' if most is None else f'{most:03}'}")
    return 0
