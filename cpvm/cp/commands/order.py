"""ORDER: put spool files in front of others (DMKCSU)."""

from __future__ import annotations

from dataclasses import replace

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import OPERAND_MISSING
from cpvm.cp.operand import Operands
from cpvm.cp.spoolword import chosen_files, count, queue_of


@command("ORDER", module="DMKCSU", minimum=3, classes="DG", syntax="ORDer Reader|Printer|PUnch CLass c|spoolid ...")
def order(request: Request, operands: Operands) -> Answer:
    """The files named come first, in this order; the others keep theirs."""
    queue = queue_of(operands.need())
    if operands.peek() is None:
        raise OPERAND_MISSING.error()
    spool = request.system.spool
    files = spool.files(queue, request.vm.userid)
    first = [file for file in chosen_files(request, operands, files, several=True) if file in files]
    places = sorted(file.position for file in files)
    new_order = [*first, *(file for file in files if file not in first)]
    spool.update(*(replace(file, position=place) for file, place in zip(new_order, places, strict=True)))
    request.inform(count(len(first), "ORDERED"))
    return 0
