"""PURGE: remove spool files (DMKCSU)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands
from cpvm.cp.spool import QUEUES
from cpvm.cp.spoolword import chosen_files, count, files_in, queue_of


@command(
    "PURGE",
    module="DMKCSU",
    minimum=3,
    classes="DG",
    syntax="PURge Reader|Printer|PUnch [SYSTEM|userid] [ALL|CLass c|spoolid ...]\nPURge ALL",
)
def purge(request: Request, operands: Operands) -> Answer:
    """Remove the files; one that is being read stays."""
    system, word = request.system, operands.need()
    if word == "ALL":
        operands.end()
        files = [file for queue in QUEUES for file in system.spool.files(queue, request.vm.userid)]
    else:
        _, candidates = files_in(request, operands, queue_of(word))
        files = chosen_files(request, operands, candidates, several=True)
    files = [file for file in files if not system.in_use(file)]
    system.spool.purge(*files)
    request.inform(count(len(files), "PURGED"))
    return 0
