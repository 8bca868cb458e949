"""CHANGE: attributes of closed spool files (DMKCSU)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import OPERAND_MISSING
from cpvm.cp.operand import Operands, choose, decimal
from cpvm.cp.spoolword import chosen_files, count, files_in, queue_of, spool_class

SYNTAX = (
    "CHange Reader|Printer|PUnch [SYSTEM|userid] ALL|CLass c|spoolid"
    " [CLass c] [COpy nn] [HOld|NOHold] [DIst code] [NAme fn [ft]]"
)


@command("CHANGE", module="DMKCSU", minimum=2, classes="DG", syntax=SYNTAX)
def change(request: Request, operands: Operands) -> Answer:
    """Give the files another class, name, number of copies, distribution, or hold status."""
    system = request.system
    _, candidates = files_in(request, operands, queue_of(operands.need()))
    if operands.peek() is None:
        raise OPERAND_MISSING.error()
    files = chosen_files(request, operands, candidates, several=False)
    if operands.peek() is None:
        raise OPERAND_MISSING.error()
    changes = _changes(operands)
    system.spool.update(*(replace(file, **changes) for file in files))
    request.inform(count(len(files), "CHANGED"))
    for file in files:
        if file.queue == "RDR" and changes.get("hold") is False:
            system.file_ready(replace(file, **changes))
    return 0


def _changes(operands: Operands) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    while (word := operands.take()) is not None:
        match choose(word, "CLass", "COpy", "HOld", "NOHold", "DIst", "NAme"):
            case "CLASS":
                changes["spool_class"] = spool_class(operands.take())
            case "COPY":
                changes["copies"] = decimal(operands.take(), 1, 99)
            case "HOLD":
                changes["hold"] = True
            case "NOHOLD":
                changes["hold"] = False
            case "DIST":
                changes["dist"] = operands.need()[:8]
            case _:
                changes["name"] = operands.need()[:8]
                changes["type"] = (operands.take() or "")[:8]
    return changes
