"""SMSG: a special message to another virtual machine (DMKMSG)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import DATA_MISSING, NOT_LOGGED_ON, message
from cpvm.cp.operand import Operands

NOT_ACCEPTING = message("065E", "{} NOT RECEIVING SPECIAL MESSAGES")


@command("SMSG", module="DMKMSG", minimum=2, classes="G", syntax="SMsg userid text", own=True)
def smsg(request: Request, operands: Operands) -> Answer:
    """Special messages need a receiver authorised for the Virtual Machine Communication Facility; there is none yet."""
    name = request.userid(operands.take())
    if not operands.take_rest():
        raise DATA_MISSING.error()
    if name not in request.system.users:
        raise NOT_LOGGED_ON.error(name)
    raise NOT_ACCEPTING.error(name)
