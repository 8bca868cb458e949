"""PURGE: remove spool files (DMKCSU)."""

from __future__ import annotations

from cpvm.cp import privileged
from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands
from cpvm.cp.segments import NOT_SAVED
from cpvm.cp.spool import QUEUES
from cpvm.cp.spoolword import chosen_files, count, device_kind, files_in, queue_of, whose

SYNTAX = """\
PURge [SYSTEM|userid] Reader|Printer|PUnch [ALL|CLass c|spoolid ...]
PURge [SYSTEM|userid] ALL
PURge NSS [NAME] name"""


@command("PURGE", module="DMKCSU", minimum=3, classes="CDEG", syntax=SYNTAX)
def purge(request: Request, operands: Operands) -> Answer:
    """Remove the files; one that is being read or printed stays."""
    system = request.system
    first = operands.peek()
    if first == "NSS" and request.allowed("CE"):
        privileged.used(request, operands)
        return _saved_system(request, operands)
    if first is not None and first != "ALL" and device_kind(first) is None and request.allowed("D"):
        owner, word = whose(request, operands), operands.peek()
    else:
        owner, word = request.vm.userid, first
    if word == "ALL":
        operands.take()
        operands.end()
        files = [file for queue in QUEUES for file in system.spool.files(queue, owner)]
    else:
        queue = queue_of(operands.need())
        candidates = system.spool.files(queue, owner) if word != first else files_in(request, operands, queue)[1]
        files = chosen_files(request, operands, candidates, queue=queue, several=True)
    files = [file for file in files if not system.in_use(file)]
    system.spool.purge(*files)
    request.inform(count(len(files), "PURGED"))
    return 0


def _saved_system(request: Request, operands: Operands) -> int:
    """Forget a saved system or segment; who has it loaded keeps it."""
    operands.take()
    operands.skip("NAME")
    name = operands.need()
    operands.end()
    saved = request.system.saved
    if saved.get(name) is None and saved.skeleton(name) is None:
        raise NOT_SAVED.error(name)
    saved.purge(name)
    request.inform(count(1, "PURGED"))
    return 0
