"""SET CPUID: the serial number of the virtual processor."""

from __future__ import annotations

import re

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.message import INVALID_OPERAND
from cpvm.cp.operand import Operands

_SERIAL = re.compile(r"[0-9A-F]{1,6}")


@setting("CPUID", minimum=5)
def set_cpuid(request: Request, operands: Operands) -> Answer:
    """SET CPUID bbbbbb: up to six hexadecimal digits, which STIDP stores from now on."""
    value = operands.need()
    operands.end()
    if not _SERIAL.fullmatch(value):
        raise INVALID_OPERAND.error(value)
    request.vm.serial = int(value, 16)
    return 0
