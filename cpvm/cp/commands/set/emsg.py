"""SET EMSG: how error messages are shown."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.message import Emsg
from cpvm.cp.operand import Operands, choose


@setting("EMSG", minimum=4)
def set_emsg(request: Request, operands: Operands) -> Answer:
    """ON: code and text. CODE, TEXT: one of them. OFF: neither."""
    value = choose(operands.need(), "ON", "OFF", "CODE", "TEXT")
    operands.end()
    request.vm.emsg = Emsg(value)
    return 0
