"""ORDER: put spool files in front of others (DMKCSU)."""

from __future__ import annotations

from dataclasses import replace

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import OPERAND_MISSING
from cpvm.cp.operand import Operands
from cpvm.cp.spool import SpoolFile
from cpvm.cp.spoolword import chosen_files, count, queue_and_files

SYNTAX = "ORDer [SYSTEM|userid] Reader|Printer|PUnch CLass c|spoolid ..."


@command("ORDER", module="DMKCSU", minimum=3, classes="DG", syntax=SYNTAX)
def order(request: Request, operands: Operands) -> Answer:
    """The files named come first, in this order; the others keep theirs."""
    queue, owner, files = queue_and_files(request, operands)
    if operands.peek() is None:
        raise OPERAND_MISSING.error()
    chosen = chosen_files(request, operands, files, queue=queue, several=True)
    spool = request.system.spool
    if owner == request.vm.userid:  # by class D files of others may be named
        everybody = chosen and any(file not in files for file in chosen)
        files = spool.files(queue) if everybody else files
    first = [file for file in chosen if file in files]
    spool.update(*_reordered(files, first))
    request.inform(count(len(first), "ORDERED"))
    return 0


def _reordered(files: list[SpoolFile], first: list[SpoolFile]) -> list[SpoolFile]:
    """The files at the places that they have together, those named before the others."""
    places = sorted(file.position for file in files)
    new_order = [*first, *(file for file in files if file not in first)]
    return [replace(file, position=place) for file, place in zip(new_order, places, strict=True)]
