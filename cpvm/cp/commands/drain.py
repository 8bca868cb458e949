"""DRAIN: stop real unit record devices after their present file (DMKCSO)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands
from cpvm.cp.realunit.words import units


@command("DRAIN", module="DMKCSO", minimum=2, classes="D", syntax="DRain ALL|Reader|Printer|PUnch|raddr ...")
def drain(request: Request, operands: Operands) -> Answer:
    """The devices take no more files; one that is in the middle of a file ends it first."""
    found = units(request, operands)
    operands.end()
    for unit in found:
        unit.drain()
        for line in unit.lines():
            request.write(line)
    return 0
