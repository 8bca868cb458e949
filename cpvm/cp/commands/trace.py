"""TRACE: follow what the virtual machine does (DMKTRA)."""

from __future__ import annotations

from collections.abc import Callable

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import CONFLICTING_OPTION, INVALID_OPTION, OPERAND_MISSING, message
from cpvm.cp.operand import Operands, abbreviates
from cpvm.cp.tracing import operands as words
from cpvm.cp.tracing.tracer import INITIAL, LIMIT, TraceSet
from cpvm.cp.tracing.trap import Trap

NO_PRINTER = message("041E", "DEVICE {} DOES NOT EXIST")
TOO_MANY = message("185E", "TRACE SET {} HAS {} TRAPS; NO MORE CAN BE SET")
NO_SET = message("186E", "TRACE SET {} DOES NOT EXIST")
NO_TRAP = message("187E", "TRACE TRAP {} DOES NOT EXIST")
NO_CALL = message("188E", "NO TRACE CALL IS ACTIVE")
SYNTAX = """\
TRace SVC|I/O|PROgram|EXTernal|SIO|CCW|CSW [code[-code]] ... [conditions] [options]
TRace PRIV|BRanch|Instruct|ALL|STore|Gn[-m]|DIAG|mnemonic ... [conditions] [options]
TRace event OFF
TRace END [name]
TRace GOTO|SET|CALL name
TRace RETURN|SUSPEND|RESUME
TRace DELETE trap
TRace COUNT [STOP]"""


@command("TRACE", module="DMKTRA", minimum=2, classes="G", syntax=SYNTAX, own=True)
def trace(request: Request, operands: Operands) -> Answer:
    """Set traps, or do something with those that are set."""
    word = operands.need(OPERAND_MISSING)
    for name, control in CONTROLS.items():
        if abbreviates(word, name, min(3, len(name))):
            control(request, operands)
            return 0
    _set(request, Operands(f"{word} {operands.take_rest()}"))
    return 0


def _set(request: Request, operands: Operands) -> None:
    tracer = request.vm.tracer
    traps: list[Trap] = []
    while (trap := words.event(operands)) is not None:
        traps.append(trap)
    if not traps:
        raise INVALID_OPTION.error(operands.take())
    if operands.peek() in ("OFF", "OF"):
        operands.take()
        operands.end()
        _off(request, traps)
        return
    words.rest(request.vm, traps, operands)
    if any(trap.printer for trap in traps) and not request.vm.unit_records("PRT"):
        raise NO_PRINTER.error("PRT")
    if len(traps) > 1 and any(trap.name for trap in traps):
        raise CONFLICTING_OPTION.error("IDENT")
    began = not tracer.tracing
    current = tracer.current
    for trap in traps:
        _enter(current, trap)
    tracer.suspended = False
    tracer.update()
    if began:
        request.write("TRACE STARTED")


def _enter(current: TraceSet, trap: Trap) -> None:
    """Put a trap into the set, in place of one that it is another form of."""
    for number, old in enumerate(current.traps):
        same = old.name == trap.name if trap.name else old.event == trap.event and old.plain and trap.plain
        if same and old.registers == trap.registers:
            current.traps[number] = trap
            return
    if len(current.traps) >= LIMIT:
        raise TOO_MANY.error(current.name, LIMIT)
    current.traps.append(trap)


def _off(request: Request, traps: list[Trap]) -> None:
    tracer = request.vm.tracer
    gone = {(trap.event, trap.registers) for trap in traps}
    codes = {trap.event: trap.codes for trap in traps}

    def stays(old: Trap) -> bool:
        code = codes.get(old.event)
        return (old.event, old.registers) not in gone or (code is not None and code != old.codes)

    tracer.current.traps = [old for old in tracer.current.traps if stays(old)]
    _ended(request)


def _ended(request: Request) -> None:
    tracer = request.vm.tracer
    if not tracer.tracing:
        tracer.end()
        request.write("TRACE ENDED")
    else:
        tracer.update()


def _end(request: Request, operands: Operands) -> None:
    """All tracing, or one set."""
    tracer = request.vm.tracer
    name = operands.take()
    operands.end()
    if name is None or name == "ALL":
        tracer.end()
        request.write("TRACE ENDED")
        return
    if name not in tracer.sets:
        raise NO_SET.error(name)
    del tracer.sets[name]
    tracer.returns = [other for other in tracer.returns if other != name]
    if tracer.active == name:
        tracer.active = INITIAL
    _ended(request)


def _goto(request: Request, operands: Operands) -> None:
    """Another set becomes active; a new one is empty."""
    name = operands.need(OPERAND_MISSING)[:8]
    operands.end()
    _activate(request, name)


def _activate(request: Request, name: str) -> None:
    tracer = request.vm.tracer
    if name not in tracer.sets and len(tracer.sets) >= LIMIT:
        raise TOO_MANY.error(name, LIMIT)
    tracer.active = name
    for trap in tracer.current.traps:
        trap.again()
    tracer.update()


def _call(request: Request, operands: Operands) -> None:
    """The same, and RETURN goes back."""
    name = operands.need(OPERAND_MISSING)[:8]
    operands.end()
    tracer = request.vm.tracer
    if len(tracer.returns) >= LIMIT:
        raise TOO_MANY.error(name, LIMIT)
    tracer.returns.append(tracer.current.name)
    _activate(request, name)


def _return(request: Request, operands: Operands) -> None:
    """Back to the set from which the last CALL came."""
    operands.end()
    tracer = request.vm.tracer
    if not tracer.returns:
        raise NO_CALL.error()
    tracer.active = tracer.returns.pop()
    tracer.update()


def _suspend(request: Request, operands: Operands) -> None:
    """No traps spring until RESUME; the machine runs at full speed."""
    operands.end()
    request.vm.tracer.suspended = True
    request.vm.tracer.update()


def _resume(request: Request, operands: Operands) -> None:
    """Traps spring again."""
    operands.end()
    request.vm.tracer.suspended = False
    request.vm.tracer.update()


def _delete(request: Request, operands: Operands) -> None:
    """One trap, by its name, or its number in QUERY TRACE."""
    name = operands.need(OPERAND_MISSING)
    operands.end()
    traps = request.vm.tracer.current.traps
    for number, trap in enumerate(traps):
        if name in (trap.name, str(number + 1)):
            del traps[number]
            _ended(request)
            return
    raise NO_TRAP.error(name)


def _count(request: Request, operands: Operands) -> None:
    """Count the instructions that are executed."""
    tracer = request.vm.tracer
    word = operands.take()
    operands.end()
    if word is None:
        if tracer.count is not None:
            request.write(f"TRACE COUNT IS {tracer.counted()}")
        else:
            tracer.start_count()
    elif word == "STOP":
        if tracer.count is not None:
            request.write(f"TRACE COUNT IS {tracer.counted()}")
        tracer.count = None
    else:
        raise INVALID_OPTION.error(word)


CONTROLS: dict[str, Callable[[Request, Operands], None]] = {
    "END": _end, "GOTO": _goto, "SET": _goto, "CALL": _call, "RETURN": _return, "SUSPEND": _suspend,
    "RESUME": _resume, "DELETE": _delete, "COUNT": _count,
}  # fmt: skip
