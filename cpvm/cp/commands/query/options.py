"""QUERY SET, TERMINAL, PF: what SET and TERMINAL have set."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.message import INVALID_OPTION
from cpvm.cp.operand import Operands
from cpvm.cp.pfkey import KEYS
from cpvm.cp.vmblok import VMBLOK


def _on(value: bool) -> str:
    return "ON" if value else "OFF"


def _messages(vm: VMBLOK, name: str) -> str:
    return "IUCV" if name in vm.by_iucv else _on(getattr(vm, name.lower()))


@query("SET", minimum=1, classes="G")
def query_set(request: Request, operands: Operands) -> Answer:
    """All options of SET."""
    operands.end()
    vm = request.vm
    other = {name: vm.settings.get(name, "OFF") for name in ("ISAM", "ASSIST", "PAGEX", "AUTOPOLL", "NOTRANS")}
    processor, bypass = request.system.operations.affinity.get(vm.userid), vm.settings.get("STBYPASS", "OFF")
    affinity = "NONE" if processor is None else f"{processor:02}"
    request.write(
        f"MSG {_messages(vm, 'MSG'):<3}, WNG {_messages(vm, 'WNG'):<3}, EMSG {vm.emsg:<4}, ACNT {_on(vm.acnt):<3}, "
        f"RUN {_on(vm.run_option)}"
    )
    request.write(
        f"LINEDIT {_on(vm.linedit):<3}, TIMER {vm.timer:<4}, ISAM {other['ISAM']:<3}, ECMODE {_on(vm.ecmode)}"
    )
    request.write(f"ASSIST {other['ASSIST']:<3}, PAGEX {other['PAGEX']:<3}, AUTOPOLL {other['AUTOPOLL']}")
    request.write(
        f"IMSG {_on(vm.imsg):<3}, SMSG {_messages(vm, 'SMSG'):<3}, AFFINITY {affinity:<4}, "
        f"NOTRAN {other['NOTRANS']:<3}, STBYPASS {bypass}"
    )
    return 0


@query("TERMINAL", minimum=4, classes="G")
def query_terminal(request: Request, operands: Operands) -> Answer:
    """All options of TERMINAL."""
    operands.end()
    options, symbols = request.vm.terminal, request.vm.symbols
    request.write(
        f"LINEND {symbols.linend or 'OFF':<3}, LINEDEL {symbols.linedel or 'OFF':<3}, "
        f"CHARDEL {symbols.chardel or 'OFF':<3}, ESCAPE {symbols.escape or 'OFF':<3}, "
        f"TABCHAR {options.tabchar or 'OFF'}"
    )
    request.write(
        f"LINESIZE {options.linesize:03}, ATTN {_on(options.attention):<3}, APL {_on(options.apl):<3}, "
        f"TEXT {_on(options.text):<3}, MODE {options.mode}, HILIGHT {_on(options.hilight)}"
    )
    request.write(
        f"AUTOCR {_on(options.autocr):<3}, MORE {options.more[0]:03} {options.more[1]:03}, "
        f"HOLD {_on(options.hold):<3}, TIMESTAMP {_on(options.timestamp):<3}, MASK {_on(options.mask)}"
    )
    mode = "3215" if request.vm.console.display is None else "3270"
    request.write(f"CONMODE {mode}, BREAKIN {options.breakin}, BRKKEY {options.brkkey}")
    return 0


@query("PF", minimum=2, classes="")
def query_pf(request: Request, operands: Operands) -> Answer:
    """All program function keys."""
    operands.end()
    for number in range(1, KEYS + 1):
        request.write(_key_line(request, number))
    return 0


def _key_line(request: Request, number: int) -> str:
    return f"PF{number:02} {request.vm.pf_keys.get(number, 'UNDEFINED')}"


def _key(number: int, name: str) -> None:
    @query(name, minimum=len(name), classes="")
    def query_key(request: Request, operands: Operands) -> Answer:
        """One program function key."""
        word = operands.peek()
        if word is not None:
            raise INVALID_OPTION.error(word)
        request.write(_key_line(request, number))
        return 0


for _number in range(1, KEYS + 1):
    _key(_number, f"PF{_number:02}")
    if _number < 10:
        _key(_number, f"PF{_number}")
