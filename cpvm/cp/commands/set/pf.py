"""SET PFnn: what the program function keys do."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.operand import Operands, abbreviates, decimal
from cpvm.cp.pfkey import KEYS, Kind, PFKey

_KINDS = (
    ("DELAYED", 3, Kind.DELAYED), ("IMMED", 3, Kind.IMMEDIATE), ("RETRIEVE", 3, Kind.RETRIEVE),
    ("RECALL", 3, Kind.RETRIEVE), ("COPY", 4, Kind.COPY), ("TAB", 3, Kind.TAB),
)  # fmt: skip
_COLUMNS = 255


def _key(number: int, name: str) -> None:
    @setting(name, minimum=len(name))
    def key(request: Request, operands: Operands) -> Answer:
        """SET PFnn [DELAYED|IMMED] line, RETRIEVE, COPY, TAB n...; SET PFnn alone clears it. DELAYED is understood."""
        word = operands.peek()
        if word is None:
            request.vm.pf_keys.pop(number, None)
            return 0
        kind = next((kind for name, minimum, kind in _KINDS if abbreviates(word, name, minimum)), None)
        if kind is not None:
            operands.take()
        text = operands.take_rest()
        if kind is Kind.TAB:
            columns = [decimal(column, 1, _COLUMNS) for column in text.split()]
            text = " ".join(str(column) for column in sorted(set(columns)))
        request.vm.pf_keys[number] = PFKey(kind or Kind.DELAYED, text)
        return 0


for _number in range(1, KEYS + 1):
    _key(_number, f"PF{_number:02}")
    if _number < 10:
        _key(_number, f"PF{_number}")
