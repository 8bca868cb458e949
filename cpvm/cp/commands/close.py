"""CLOSE: the end of a spool file (DMKCSP)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands, choose
from cpvm.cp.spoolword import devices
from cpvm.cp.vspool import Output, Reader

SYNTAX = "Close Reader|Printer|PUnch|CONsole|vaddr [HOld|NOHold|PUrge] [DIst code] [Name fn [ft]|dsname]"
_NAME = 8
_DSNAME = 24


@command("CLOSE", module="DMKCSP", minimum=1, classes="G", syntax=SYNTAX, own=True)
def close(request: Request, operands: Operands) -> Answer:
    """Make a file of what was punched or printed; a reader is finished with its file."""
    blocks = devices(request.vm, operands.need())
    hold: bool | None = None
    purge = False
    name = filetype = dist = ""
    while (word := operands.take()) is not None:
        match choose(word, "HOld", "NOHold", "PUrge", "DIst", "Name"):
            case "HOLD":
                hold = True
            case "NOHOLD":
                hold = False
            case "PURGE":
                purge = True
            case "DIST":
                dist = operands.need()[:8]
            case _:
                name, filetype = operands.need(), operands.take() or ""
                name = name[: _NAME if filetype else _DSNAME]
                filetype = filetype[:_NAME]
    for block in blocks:
        if isinstance(block, Reader):
            block.close(False if purge else hold)
        elif isinstance(block, Output) and purge:
            block.discard()
        elif isinstance(block, Output):
            block.close(name=name, filetype=filetype, dist=dist, hold=hold)
    return 0
