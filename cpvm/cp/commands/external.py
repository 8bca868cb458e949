"""EXTERNAL: an external interruption (DMKCPB)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_OPERAND
from cpvm.cp.operand import Operands, hexadecimal

INTERRUPT_KEY = 0x40


@command("EXTERNAL", module="DMKCPB", minimum=3, classes="G", syntax="EXTernal [40|code]")
def external(request: Request, operands: Operands) -> Answer:
    """Make the interruption pending (the interrupt key's, X'40', if no code is given) and let the machine run."""
    word = operands.take()
    operands.end()
    code = INTERRUPT_KEY if word is None else hexadecimal(word, 4, INVALID_OPERAND)
    if code == 0:
        raise INVALID_OPERAND.error(word)
    request.vm.machine.external(code)
    request.vm.begin()
    return 0
