"""FLUSH: end the file that a real printer or punch produces (DMKCSO)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands, choose
from cpvm.cp.realunit.words import NOT_ACTIVE, output_at


@command("FLUSH", module="DMKCSO", minimum=1, classes="D", syntax="Flush raddr [ALL] [HOld]")
def flush(request: Request, operands: Operands) -> Answer:
    """The present copy, or all copies; HOLD keeps the file, in system hold."""
    unit = output_at(request, operands.take())
    chosen = {choose(word, "ALL", "HOld") for word in operands.remaining()}
    file = unit.flush(every="ALL" in chosen, hold="HOLD" in chosen)
    if file is None:
        raise NOT_ACTIVE.error(unit.name)
    request.write(f"{unit.name} FLUSHED {file.described()}")
    if "HOLD" in chosen:
        request.write(f"{unit.name} FILE HELD {file.described()}")
    return 0
