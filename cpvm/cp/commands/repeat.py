"""REPEAT: more copies of the file that a real device produces (DMKCSO)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands, choose, decimal
from cpvm.cp.realunit.words import NOT_ACTIVE, output_at


@command("REPEAT", module="DMKCSO", minimum=3, classes="D", syntax="REPeat raddr [nn] [HOld]")
def repeat(request: Request, operands: Operands) -> Answer:
    """So many copies in addition; HOLD: the file is held when they are done."""
    unit = output_at(request, operands.take())
    copies, hold = 1, False
    for word in operands.remaining():
        if word.isdigit():
            copies = decimal(word, 1, 99)
        else:
            hold = choose(word, "HOld") == "HOLD"
    file = unit.repeat(copies, hold=hold)
    if file is None:
        raise NOT_ACTIVE.error(unit.name)
    request.write(f"{unit.name} REPEATED {file.described()}")
    return 0
