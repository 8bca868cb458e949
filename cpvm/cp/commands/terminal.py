"""TERMINAL: line editing symbols and the properties of the terminal (DMKCFT)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_OPERAND, OPERAND_MISSING, message
from cpvm.cp.operand import Operands, choose, decimal, on_off

SYMBOLS = {"LINEND": "#", "LINEDEL": "¢", "CHARDEL": "@", "ESCAPE": '"'}
OPTIONS = ("APL", "ATTN", "AUTOCR", "HILIGHT", "HOLD", "MASK", "TEXT", "TIMESTAMP", "TABCHAR")
SYMBOL_USED = message("013E", "CONFLICTING OPTION - {} IS {} ALREADY")
SYNTAX = """\
TERMinal CHardel|EScape|LINEDel|LINENd ON|OFF|char
TERMinal LINESize nnn|OFF
TERMinal MODE CP|VM
TERMinal MORE nnn nnn
TERMinal TABchar char
TERMinal APL|ATtn|AUtocr|HILIght|HOLD|Mask|TEXT|TIMEstamp ON|OFF"""
_FORMS = (
    "CHardel", "EScape", "LINEDel", "LINENd", "LINESize", "MODE", "MORE", "TABchar",
    "APL", "ATtn", "AUtocr", "HILIght", "HOLD", "Mask", "TEXT", "TIMEstamp",
)  # fmt: skip


@command("TERMINAL", module="DMKCFT", minimum=4, classes="G", syntax=SYNTAX, own=True)
def terminal(request: Request, operands: Operands) -> Answer:
    """Set one property after the other."""
    if operands.peek() is None:
        raise OPERAND_MISSING.error()
    while (word := operands.take()) is not None:
        name = choose(word, *_FORMS)
        if name in SYMBOLS:
            _symbol(request, name, operands.need())
        elif name == "LINESIZE":
            value = operands.need()
            request.vm.linesize = 255 if value == "OFF" else decimal(value, 1, 255)
        elif name == "MODE":
            request.vm.terminal_options[name] = choose(operands.need(), "CP", "VM")
        elif name == "MORE":
            first, second = decimal(operands.take(), 0, 255), decimal(operands.take(), 0, 255)
            request.vm.terminal_options[name] = f"{first:03} {second:03}"
        elif name == "TABCHAR":
            request.vm.terminal_options[name] = operands.need()
        else:
            request.vm.terminal_options[name] = "ON" if on_off(operands.need()) else "OFF"
    return 0


def _symbol(request: Request, name: str, value: str) -> None:
    """Change an editing symbol; two functions cannot share one."""
    symbols = request.vm.symbols
    if value == "ON":
        value = SYMBOLS[name]
    elif value == "OFF":
        value = ""
    elif len(value) != 1 or value.isalnum():
        raise INVALID_OPERAND.error(value)
    for other in SYMBOLS:
        if other != name and value and getattr(symbols, other.lower()) == value:
            raise SYMBOL_USED.error(value, other)
    setattr(symbols, name.lower(), value)
