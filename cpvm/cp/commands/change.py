"""CHANGE: attributes of closed spool files (DMKCSU)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import OPERAND_MISSING
from cpvm.cp.operand import Operands, choose, decimal
from cpvm.cp.spool import SpoolFile
from cpvm.cp.spoolword import chosen_files, count, form_name, queue_and_files, spool_class

SYNTAX = (
    "CHange [SYSTEM|userid] Reader|Printer|PUnch ALL|CLass c|spoolid"
    " [CLass c] [COpy nn] [HOld|NOHold] [KEEP|NOKeep] [DIst code] [FOrm name] [NAme fn [ft]|dsname]"
)
_NAME = 8
_DSNAME = 24


@command("CHANGE", module="DMKCSU", minimum=2, classes="DG", syntax=SYNTAX)
def change(request: Request, operands: Operands) -> Answer:
    """Give the files another class, name, number of copies, distribution, form, or hold status."""
    system = request.system
    queue, _, candidates = queue_and_files(request, operands)
    if operands.peek() is None:
        raise OPERAND_MISSING.error()
    files = chosen_files(request, operands, candidates, queue=queue, several=False)
    if operands.peek() is None:
        raise OPERAND_MISSING.error()
    changes = _changes(operands)
    changed = [_changed(request, file, changes) for file in files if not system.in_use(file)]
    system.spool.update(*changed)
    request.inform(count(len(changed), "CHANGED"))
    for file in changed:
        if file.queue == "RDR" and changes.get("hold") is False:
            system.file_ready(file)
    return 0


def _changed(request: Request, file: SpoolFile, changes: dict[str, Any]) -> SpoolFile:
    """The operator's hold on the file of somebody else is a system hold, which only class D can take away."""
    changes = dict(changes)
    if request.allowed("D") and "hold" in changes:
        if not changes["hold"]:
            changes["system_hold"] = False
        elif file.owner != request.vm.userid:
            del changes["hold"]
            changes["system_hold"] = True
    return replace(file, **changes)


def _changes(operands: Operands) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    while (word := operands.take()) is not None:
        match choose(word, "CLass", "COpy", "HOld", "NOHold", "KEEP", "NOKeep", "DIst", "FOrm", "NAme"):
            case "CLASS":
                changes["spool_class"] = spool_class(operands.take())
            case "COPY":
                operands.skip("*")
                changes["copies"] = decimal(operands.take(), 1, 99)
            case "HOLD" | "NOHOLD" as hold:
                changes["hold"] = hold == "HOLD"
            case "KEEP" | "NOKEEP" as keep:
                changes["keep"] = keep == "KEEP"
            case "DIST":
                changes["dist"] = operands.need()[:8]
            case "FORM":
                changes["form"] = form_name(operands.take())
            case _:
                name, filetype = operands.need(), operands.take() or ""
                changes["name"] = name[: _NAME if filetype else _DSNAME]
                changes["type"] = filetype[:_NAME]
    return changes
