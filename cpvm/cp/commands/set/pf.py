"""SET PFnn: what the program function keys of a display do."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.operand import Operands

KEYS = 24


def _key(number: int, name: str) -> None:
    @setting(name, minimum=len(name))
    def key(request: Request, operands: Operands) -> Answer:
        """SET PFnn [IMMED|DELAYED] line, or SET PFnn alone to clear it."""
        text = operands.take_rest()
        if text:
            request.vm.pf_keys[number] = text
        else:
            request.vm.pf_keys.pop(number, None)
        return 0


for _number in range(1, KEYS + 1):
    _key(_number, f"PF{_number:02}")
    if _number < 10:
        _key(_number, f"PF{_number}")
