"""QUERY TRACE, PER, SYMBOLS: how the virtual machine is traced."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.message import INVALID_OPTION
from cpvm.cp.operand import Operands
from cpvm.cp.place import location
from cpvm.cp.tracing.trap import Trap

_SHOWN = 500


@query("TRACE", minimum=2, classes="G")
def query_trace(request: Request, operands: Operands) -> Answer:
    """The traps of the active set, of all, or of one; names of SETS and RETURNS."""
    word = operands.take() or "ACTIVE"
    operands.end()
    tracer = request.vm.tracer
    if tracer.count is not None:
        request.write(f"TRACE COUNT IS {tracer.counted():08}")
    if not tracer.sets:
        request.write("NO TRACE SETS DEFINED")
        return 0
    if word == "SETS":
        request.write("SETS: " + ", ".join(tracer.sets))
        return 0
    if word in ("RET", "RETURNS"):
        request.write("RETURNS: " + ", ".join(tracer.returns) if tracer.returns else "NO TRACE CALLS ACTIVE")
        return 0
    names = list(tracer.sets) if word == "ALL" else [tracer.active if word in ("ACT", "ACTIVE") else word]
    if any(name not in tracer.sets for name in names):
        raise INVALID_OPTION.error(word)
    for name in names:
        state = ("  (SUSPENDED)" if tracer.suspended else "  (ACTIVE)") if name == tracer.active else ""
        request.write(f"NAME  {name}{state}")
        _traps(request, tracer.sets[name].traps)
    return 0


def _traps(request: Request, traps: list[Trap]) -> None:
    for number, trap in enumerate(traps, 1):
        for line in trap.describe(number):
            request.write(line)


@query("PER", minimum=3, classes="G")
def query_per(request: Request, operands: Operands) -> Answer:
    """What PER traces now, or in one of the sets kept."""
    word = operands.take() or "CURRENT"
    operands.end()
    tracer = request.vm.tracer
    if word in ("N", "NAMES"):
        request.write("PER TRACE SETS: " + ", ".join(tracer.saved) if tracer.saved else "NO PER TRACE SETS")
        return 0
    if word in ("CU", "CURRENT", "ALL", "*"):
        if not tracer.per:
            request.write("PER NOT ACTIVE")
        _traps(request, tracer.per)
        if word not in ("ALL", "*"):
            return 0
    elif word not in tracer.saved:
        raise INVALID_OPTION.error(word)
    for name, traps in tracer.saved.items():
        if word in ("ALL", "*", name):
            request.write(f"TRACE SET {name}")
            _traps(request, traps)
    return 0


@query("SYMBOLS", minimum=3, classes="G")
def query_symbols(request: Request, operands: Operands) -> Answer:
    """All names with their addresses, or the one at or before a place."""
    word = operands.take()
    operands.end()
    names = request.vm.names
    if word is not None:
        address = location(request.vm, word)
        request.write(f"{address:06X} {names.near(address) or 'HAS NO NAME'}")
        return 0
    if not len(names):
        request.write("NO SYMBOLS")
        return 0
    for shown, (address, name) in enumerate(names):
        if shown == _SHOWN:
            request.write(f"... {len(names)} SYMBOLS")
            break
        request.write(f"{address:06X} {name}")
    return 0
