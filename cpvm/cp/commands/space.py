"""SPACE: print the rest of the present file single spaced (DMKCSO)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_DEVICE_TYPE
from cpvm.cp.operand import Operands
from cpvm.cp.realunit.words import NOT_ACTIVE, output_at


@command("SPACE", module="DMKCSO", minimum=3, classes="D", syntax="SPAce raddr")
def space(request: Request, operands: Operands) -> Answer:
    """Whatever its carriage control says."""
    unit = output_at(request, operands.take())
    operands.end()
    if unit.kind != "PRT":
        raise INVALID_DEVICE_TYPE.error(f"{unit.raddr:03X}")
    if not unit.space():
        raise NOT_ACTIVE.error(unit.name)
    request.write(f"{unit.name} SPACED")
    return 0
