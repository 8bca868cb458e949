"""QUERY SET, TERMINAL, PF: what SET and TERMINAL have set."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.message import INVALID_OPTION
from cpvm.cp.operand import Operands

_KEYS = 24


def _on(value: bool) -> str:
    return "ON" if value else "OFF"


@query("SET", minimum=1, classes="G")
def query_set(request: Request, operands: Operands) -> Answer:
    """All options of SET."""
    operands.end()
    vm = request.vm
    other = {name: vm.settings.get(name, "OFF") for name in ("ISAM", "ASSIST", "PAGEX", "AUTOPOLL")}
    request.write(
        f"MSG {_on(vm.msg):<3}, WNG {_on(vm.wng):<3}, EMSG {vm.emsg:<4}, ACNT {_on(vm.acnt):<3}, "
        f"RUN {_on(vm.run_option)}"
    )
    request.write(
        f"LINEDIT {_on(vm.linedit):<3}, TIMER {vm.timer:<4}, ISAM {other['ISAM']:<3}, ECMODE {_on(vm.ecmode)}"
    )
    request.write(f"ASSIST {other['ASSIST']:<3}, PAGEX {other['PAGEX']:<3}, AUTOPOLL {other['AUTOPOLL']}")
    request.write(f"IMSG {_on(vm.imsg):<3}, SMSG {_on(vm.smsg)}")
    return 0


@query("TERMINAL", minimum=4, classes="G")
def query_terminal(request: Request, operands: Operands) -> Answer:
    """All options of TERMINAL."""
    operands.end()
    vm, options = request.vm, request.vm.terminal_options
    symbols = vm.symbols
    request.write(
        f"LINEND {symbols.linend or 'OFF':<3}, LINEDEL {symbols.linedel or 'OFF':<3}, "
        f"CHARDEL {symbols.chardel or 'OFF':<3}, ESCAPE {symbols.escape or 'OFF':<3}, "
        f"TABCHAR {options.get('TABCHAR', 'ON')}"
    )
    request.write(
        f"LINESIZE {vm.linesize:03}, ATTN {options.get('ATTN', 'ON'):<3}, APL {options.get('APL', 'OFF'):<3}, "
        f"TEXT {options.get('TEXT', 'OFF'):<3}, MODE {options.get('MODE', 'VM')}, "
        f"HILIGHT {options.get('HILIGHT', 'OFF')}"
    )
    request.write(
        f"AUTOCR {options.get('AUTOCR', 'ON'):<3}, MORE {options.get('MORE', '050 010')}, "
        f"HOLD {options.get('HOLD', 'ON'):<3}, TIMESTAMP {options.get('TIMESTAMP', 'OFF')}"
    )
    return 0


@query("PF", minimum=2, classes="")
def query_pf(request: Request, operands: Operands) -> Answer:
    """All program function keys."""
    operands.end()
    for number in range(1, _KEYS + 1):
        request.write(f"PF{number:02} {request.vm.pf_keys.get(number, 'UNDEFINED')}")
    return 0


def _key(number: int, name: str) -> None:
    @query(name, minimum=len(name), classes="")
    def query_key(request: Request, operands: Operands) -> Answer:
        """One program function key."""
        word = operands.peek()
        if word is not None:
            raise INVALID_OPTION.error(word)
        request.write(f"PF{number:02} {request.vm.pf_keys.get(number, 'UNDEFINED')}")
        return 0


for _number in range(1, _KEYS + 1):
    _key(_number, f"PF{_number:02}")
    if _number < 10:
        _key(_number, f"PF{_number}")
