"""PER: follow program events: branches, fetches, changed registers and storage (DMKPER)."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Final

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_OPERAND, INVALID_OPTION, OPERAND_MISSING, message
from cpvm.cp.operand import Operands, abbreviates, hexadecimal
from cpvm.cp.place import Range, location, numbers, span
from cpvm.cp.tracing import operands as words
from cpvm.cp.tracing.tracer import LIMIT, Tracer
from cpvm.cp.tracing.trap import Data, Trap

NO_SET = message("186E", "TRACE SET {} DOES NOT EXIST")
NO_PRINTER = message("041E", "DEVICE {} DOES NOT EXIST")
TOO_MANY = message("185E", "TRACE SET {} HAS {} TRAPS; NO MORE CAN BE SET")
SYNTAX = """\
PER Branch [range] [options]
PER Greg[n] [hexnumber] [options]
PER Ifetch [hexdata] [options]
PER Mask hexloc hexdata [options]
PER STore range|hexloc hexdata [options]
PER PAgetrace [pagesize] [options]
PER event OFF
PER Range range [options]
PER SAve|GET name
PER Clear [name]
PER COUNT [STOP]
PER Dump|Query|ENd"""
_EVENTS = {"BRANCH": 1, "IFETCH": 1, "MASK": 1, "STORE": 2, "PAGETRACE": 2}
_CONTROLS = {"DUMP": 1, "SAVE": 2, "GET": 3, "CLEAR": 1, "END": 2, "QUERY": 1, "COUNT": 2}
_INTERNAL = {"IFETCH": "INSTR", "PAGETRACE": "PAGE"}
_GREG: Final = re.compile(r"G(?:REG)?(?:(?:\d{1,2}|[A-F])(?:-(?:\d{1,2}|[A-F]))?)?")
_SMALLEST_PAGE, _LARGEST_PAGE = 16, 1 << 20


@command("PER", module="DMKPER", minimum=3, classes="G", syntax=SYNTAX, own=True)
def per(request: Request, operands: Operands) -> Answer:
    """Set events, or do something with those that are set."""
    word = operands.peek()
    if word is None:
        raise OPERAND_MISSING.error()
    tracer = request.vm.tracer
    began = not tracer.per
    events: list[Trap] = []
    changed = False
    while (word := operands.peek()) is not None:
        name = next((name for name, least in _CONTROLS.items() if abbreviates(word, name, least)), None)
        trap = None if name is not None else _event(request, operands)
        if name is not None:
            operands.take()
            _control(request, name, operands)
        elif trap is None:
            operands = _modify(request, events, operands)
            changed = True
        elif operands.peek() in ("OFF", "OF"):
            operands.take()
            tracer.per = [old for old in tracer.per if (old.event, old.registers) != (trap.event, trap.registers)]
            changed = True
        else:
            events.append(trap)
    if any(trap.printer for trap in events) and not request.vm.unit_records("PRT"):
        raise NO_PRINTER.error("PRT")
    for trap in events:
        _enter(tracer, trap)
    if events or changed:
        tracer.update()
        if began and tracer.per:
            request.write("PER STARTED")
        elif not began and not tracer.per:
            request.write("PER ENDED")
    return 0


def _event(request: Request, operands: Operands) -> Trap | None:
    """Take an event with what belongs to it."""
    word = operands.peek() or ""
    name = next((name for name, least in _EVENTS.items() if abbreviates(word, name, least)), None)
    if name is None:
        return _registers(operands) if _GREG.fullmatch(word) else None
    operands.take()
    trap = Trap(_INTERNAL.get(name, name))
    following = operands.peek()
    match name:
        case "BRANCH" if following is not None and _is_place(request, following):
            trap.into = span(request.vm, operands.need(), unit=1)
            trap.traceback = True
        case "IFETCH" if following is not None and numbers(following, 12) is not None:
            trap.data = Data(words.data(operands.need()))
        case "MASK":
            _bits(request, trap, operands)
        case "STORE":
            _stores(request, trap, operands)
        case "PAGETRACE" if following is not None and following[:1].isdigit():
            trap.page = _page_size(operands.need())
    return trap


def _registers(operands: Operands) -> Trap | None:
    trap = words.event(operands)
    following = operands.peek() or ""
    if trap is not None and len(following) > 1 and numbers(following, 8) is not None:
        trap.values = numbers(operands.need(), 8)
    return trap


def _is_place(request: Request, typed: str) -> bool:
    first = typed.split("-", maxsplit=1)[0].split(":", maxsplit=1)[0].split(".", maxsplit=1)[0]
    return bool(first) and (numbers(first, 6) is not None or request.vm.names.find(first.split("+")[0]) is not None)


def _page_size(typed: str) -> int:
    """2K, 4K, or a number of bytes in hexadecimal."""
    text = typed.removesuffix("K")
    kilobytes = typed.endswith("K") and text.isascii() and text.isdigit()
    size = int(text) * 1024 if kilobytes else hexadecimal(typed, 6, INVALID_OPERAND)
    if not _SMALLEST_PAGE <= size <= _LARGEST_PAGE:
        raise INVALID_OPERAND.error(typed)
    return size


def _bits(request: Request, trap: Trap, operands: Operands) -> None:
    at = location(request.vm, operands.need(OPERAND_MISSING))
    mask = words.data(operands.need(OPERAND_MISSING))
    trap.into = Range(at, at + len(mask) - 1)
    trap.data = Data(mask)


def _stores(request: Request, trap: Trap, operands: Operands) -> None:
    trap.into = span(request.vm, operands.need(OPERAND_MISSING), unit=1)
    following = operands.peek()
    if following is not None and numbers(following, 32) is not None and len(following) % 2 == 0:
        trap.data = Data(words.data(operands.need()))
        trap.into = Range(trap.into.first, trap.into.first + len(trap.data.value) - 1)


def _modify(request: Request, events: list[Trap], operands: Operands) -> Operands:
    """Take an option or a condition: of the events on this line, or of all that are set. Gives what is left."""
    word = operands.peek() or ""
    targets = events or request.vm.tracer.per
    if not targets:
        raise INVALID_OPTION.error(word)
    text = operands.rest
    if abbreviates(word, "RANGE", 1):
        operands.take()
        text = f"RANGE {operands.take_rest()}"
    left = Operands(text)
    for trap in targets:
        left = Operands(text)
        if not words.condition(request.vm, trap, left) and not words.option(trap, left):
            raise INVALID_OPTION.error(word)
        if abbreviates(word, "PRINT", 2):
            trap.terminal = True  # beside the terminal, until NOTERMINAL is said
    return left


def _enter(tracer: Tracer, trap: Trap) -> None:
    for number, old in enumerate(tracer.per):
        if (old.event, old.registers, old.into, old.data) == (trap.event, trap.registers, trap.into, trap.data):
            tracer.per[number] = trap
            return
    if len(tracer.per) >= LIMIT:
        raise TOO_MANY.error("PER", LIMIT)
    tracer.per.append(trap)


def _control(request: Request, name: str, operands: Operands) -> None:
    tracer = request.vm.tracer
    match name:
        case "DUMP":
            for start, to in tracer.history:
                request.write(f"    {start:06X} ==> {to:06X} {request.vm.names.near(to)}".rstrip())
            if not tracer.history:
                request.write("NO BRANCHES TRACED")
        case "SAVE":
            kept = operands.need(OPERAND_MISSING)[:8]
            if kept not in tracer.saved and len(tracer.saved) >= LIMIT:
                raise TOO_MANY.error(kept, LIMIT)
            tracer.saved[kept] = deepcopy(tracer.per)
        case "GET":
            kept = operands.need(OPERAND_MISSING)[:8]
            if kept not in tracer.saved:
                raise NO_SET.error(kept)
            tracer.per = deepcopy(tracer.saved[kept])
            for trap in tracer.per:
                trap.again()
            tracer.update()
        case "CLEAR":
            kept = operands.take() or ""
            if kept and tracer.saved.pop(kept, None) is None:
                raise NO_SET.error(kept)
            if not kept:
                tracer.per.clear()
                tracer.update()
        case "END":
            operands.end()
            tracer.per.clear()
            tracer.update()
            request.write("PER ENDED")
        case "COUNT":
            _count(request, operands.take())
        case "QUERY":
            kept = operands.take() or "*"
            traps = tracer.per if kept == "*" else tracer.saved.get(kept)
            if traps is None:
                raise NO_SET.error(kept)
            for number, trap in enumerate(traps, 1):
                for line in trap.describe(number):
                    request.write(line)
            if not traps:
                request.write("PER NOT ACTIVE")


def _count(request: Request, word: str | None) -> None:
    tracer = request.vm.tracer
    if word not in (None, "STOP"):
        raise INVALID_OPTION.error(word)
    if tracer.count is None and word is None:
        tracer.start_count()
        return
    if tracer.count is not None:
        request.write(f"COUNT IS {tracer.counted()}")
    if word == "STOP":
        tracer.count = None
