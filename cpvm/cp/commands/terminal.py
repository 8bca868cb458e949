"""TERMINAL: line editing symbols and the properties of the terminal (DMKCFT)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_DEVICE_TYPE, INVALID_OPERAND, OPERAND_MISSING, message
from cpvm.cp.operand import Operands, choose, decimal, on_off
from cpvm.cp.pfkey import KEYS
from cpvm.cp.terminalopts import UNBROKEN
from cpvm.cp.virtual import set_console_mode

SYMBOLS = {"LINEND": "#", "LINEDEL": "¢", "CHARDEL": "@", "ESCAPE": '"'}
TABCHAR = "¬"
SYMBOL_USED = message("013E", "CONFLICTING OPTION - {} IS {} ALREADY")
SYNTAX = """\
TERMinal CHardel|EScape|LINEDel|LINENd ON|OFF|char
TERMinal TABchar ON|OFF|char
TERMinal LINESize nnn|OFF
TERMinal MODE CP|VM
TERMinal MORE nnn nnn
TERMinal BREAKIn IMMed|GUESTctl
TERMinal BRKkey PA1|PFnn|NONE
TERMinal CONMode 3215|3270
TERMinal APL|ATtn|AUtocr|HILIght|HOLD|Mask|TEXT|TIMEstamp ON|OFF"""
_FORMS = (
    "BREAKIn", "BRKkey", "CHardel", "CONMode", "EScape", "LINEDel", "LINENd", "LINESize", "MODE", "MORE", "TABchar",
    "APL", "ATtn", "AUtocr", "HILIght", "HOLD", "Mask", "TEXT", "TIMEstamp",
)  # fmt: skip
_SWITCHES = {
    "APL": "apl", "ATTN": "attention", "AUTOCR": "autocr", "HILIGHT": "hilight", "HOLD": "hold", "MASK": "mask",
    "TEXT": "text", "TIMESTAMP": "timestamp",
}  # fmt: skip


@command("TERMINAL", module="DMKCFT", minimum=4, classes="G", syntax=SYNTAX, own=True)
def terminal(request: Request, operands: Operands) -> Answer:
    """Set one property after the other."""
    if operands.peek() is None:
        raise OPERAND_MISSING.error()
    options = request.vm.terminal
    while (word := operands.take()) is not None:
        name = choose(word, *_FORMS)
        value = operands.need()
        if name in SYMBOLS:
            setattr(request.vm.symbols, name.lower(), _symbol(request, name, value, SYMBOLS[name]))
        elif name == "TABCHAR":
            options.tabchar = _symbol(request, name, value, TABCHAR)
        elif name == "LINESIZE":
            options.linesize = UNBROKEN if value == "OFF" else decimal(value, 1, UNBROKEN)
            options.own_linesize = True
        elif name == "MODE":
            options.mode = choose(value, "CP", "VM")
        elif name == "BREAKIN":
            options.breakin = choose(value, "IMMed", "GUESTctl")
        elif name == "BRKKEY":
            options.brkkey = _break_key(value)
        elif name == "CONMODE":
            if not set_console_mode(request.vm, choose(value, "3215", "3270")):
                raise INVALID_DEVICE_TYPE.error(request.vm.line_name)
        elif name == "MORE":
            options.more = decimal(value, 0, 255), decimal(operands.take(), 0, 255)
        else:
            setattr(options, _SWITCHES[name], on_off(value))
    return 0


def _break_key(value: str) -> str:
    """PA1, NONE, or PF1 to PF24 without a zero in front."""
    if value in ("PA1", "NONE"):
        return value
    if value[:2] == "PF" and value[2:].isdecimal() and 1 <= int(value[2:]) <= KEYS:
        return f"PF{int(value[2:])}"
    raise INVALID_OPERAND.error(value)


def _symbol(request: Request, name: str, value: str, usual: str) -> str:
    """The symbol that VALUE asks for, "" for OFF; two functions cannot share one."""
    if value == "ON":
        value = usual
    elif value == "OFF":
        return ""
    elif len(value) != 1 or value.isalnum():
        raise INVALID_OPERAND.error(value)
    symbols = request.vm.symbols
    others = {other: getattr(symbols, other.lower()) for other in SYMBOLS} | {"TABCHAR": request.vm.terminal.tabchar}
    for other, used in others.items():
        if other != name and used == value:
            raise SYMBOL_USED.error(value, other)
    return value
