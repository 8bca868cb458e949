"""PURGE: remove spool files (DMKCSU)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands
from cpvm.cp.spool import QUEUES
from cpvm.cp.spoolword import chosen_files, count, queue_of


@command(
    "PURGE", module="DMKCSU", minimum=3, classes="DG", syntax="PURge Reader|Printer|PUnch|ALL [ALL|CLass c|spoolid ...]"
)
def purge(request: Request, operands: Operands) -> Answer:
    """Remove the files; one that is being read stays."""
    system, word = request.system, operands.need()
    if word == "ALL":
        operands.end()
        files = [file for queue in QUEUES for file in system.spool.files(queue, request.vm.userid)]
    else:
        candidates = system.spool.files(queue_of(word), request.vm.userid)
        files = chosen_files(request, operands, candidates, several=True)
    files = [file for file in files if not system.in_use(file)]
    system.spool.purge(*files)
    request.inform(count(len(files), "PURGED"))
    return 0
