"""The operands of TRACE and PER: events, conditions, options (DMKTRA)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cpvm.cp.message import INVALID_DATA, INVALID_OPERAND, INVALID_OPTION, OPERAND_MISSING
from cpvm.cp.operand import Operands, abbreviates, decimal, hexadecimal
from cpvm.cp.place import Range, numbers, span
from cpvm.cp.tracing.trap import Data, Trap
from cpvm.s370.insn import by_mnemonic

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

EVENTS: Final = (
    ("SVC", 3, 2), ("I/O", 3, 3), ("PROGRAM", 3, 4), ("EXTERNAL", 3, 4), ("PRIV", 4, 0), ("SIO", 3, 3), ("CCW", 3, 3),
    ("BRANCH", 2, 0), ("INSTRUCT", 1, 0), ("ALL", 3, 0), ("CSW", 3, 3), ("DIAG", 4, 4), ("STORE", 2, 0),
)  # fmt: skip
"""Events of TRACE: word, shortest abbreviation, digits of a code that may follow (0: none)."""

_REGISTERS = re.compile(r"G(?:REG)?(?:(\d{1,2}|[A-F])(?:-(\d{1,2}|[A-F]))?)?")
_COUNTS = {"SKIP": 2, "PASS": 4, "STEP": 3, "STOP": 3}
_MOST = 99999


def event(operands: Operands) -> Trap | None:
    """Take an event, with the code behind it; None if the next word is none."""
    word = operands.peek()
    if word is None:
        return None
    for name, minimum, digits in EVENTS:
        if abbreviates(word, name, minimum):
            operands.take()
            trap = Trap("INSTR" if name == "INSTRUCT" else name)
            following = operands.peek()
            if digits and following is not None:
                trap.codes = numbers(following, digits)
                if trap.codes is not None:
                    operands.take()
            return trap
    found = _REGISTERS.fullmatch(word)
    if found is not None:
        operands.take()
        trap = Trap("GREG")
        if found.group(1):
            first = register(found.group(1))
            trap.registers = Range(first, register(found.group(2)) if found.group(2) else first)
        return trap
    row = by_mnemonic(word)
    if row is None:
        return None
    operands.take()
    return Trap(row.mnemonic)


def register(typed: str) -> int:
    """The number of a general register, decimal or A to F."""
    number = int(typed, 16) if typed in tuple("ABCDEF") else decimal(typed, 0, 15)
    if number > 15:
        raise INVALID_OPERAND.error(typed)
    return number


def condition(vm: VMBLOK, trap: Trap, operands: Operands) -> bool:
    """Take one condition into TRAP; False if the next word begins none. Raises CPError."""
    word = operands.peek()
    if word is None:
        return False
    if word in ("RANGE", "R", "PSWA", "FROM"):
        operands.take()
        trap.where.append(span(vm, operands.need(), unit=1))
    elif word == "INTO":
        operands.take()
        trap.into = span(vm, operands.need(), unit=1)
    elif word == "DATA":
        operands.take()
        _data(trap, operands.need())
    elif word == "MASK" and trap.data is not None:
        operands.take()
        trap.data.mask = data(operands.need())
    elif word == "REG":
        operands.take()
        number = register(operands.need().removeprefix("G"))
        trap.holding.append((number, hexadecimal(operands.need(), 8, INVALID_DATA)))
    else:
        return False
    return True


def _data(trap: Trap, typed: str) -> None:
    if trap.event == "GREG":
        trap.values = numbers(typed, 8)
        if trap.values is None:
            raise INVALID_DATA.error(typed)
    else:
        trap.data = Data(data(typed))


def data(typed: str) -> bytes:
    """Bytes as hexadecimal digits; a digit that is missing in front is zero. Raises INVALID DATA."""
    try:
        return bytes.fromhex(typed if len(typed) % 2 == 0 else "0" + typed)
    except ValueError:
        raise INVALID_DATA.error(typed) from None


def option(trap: Trap, operands: Operands, *, separator: str = ";") -> bool:
    """Take one option into TRAP; False if the next word is none. CMD takes the rest of the line. Raises CPError."""
    word = operands.peek()
    if word is None:
        return False
    for name, minimum in _COUNTS.items():
        if abbreviates(word, name, minimum):
            operands.take()
            setattr(trap, {"PASS": "passes"}.get(name, name.lower()), decimal(operands.take(), 0, _MOST))
            return True
    match word:
        case _ if abbreviates(word, "PRINTER", 2):
            trap.printer, trap.terminal, trap.run = True, False, True
        case _ if abbreviates(word, "TERMINAL", 2):
            trap.printer, trap.terminal = False, True
        case "BOTH":
            trap.printer = trap.terminal = True
        case "RUN" | "RU":
            trap.run = True
        case _ if abbreviates(word, "NORUN", 3):
            trap.run = False
        case _ if abbreviates(word, "NOPRINT", 3):
            trap.printer = False
        case _ if abbreviates(word, "NOTERMINAL", 3):
            trap.terminal = False
        case "CMD" | "CM":
            operands.take()
            rest = operands.take_rest()
            trap.commands = [line.strip() for line in rest.split(separator) if line.strip()]
            if not trap.commands:
                raise OPERAND_MISSING.error()
            return True
        case "IDENT" | "NAME" | "ID":
            operands.take()
            trap.name = operands.need()[:8]
            return True
        case _:
            return False
    operands.take()
    return True


def rest(vm: VMBLOK, traps: list[Trap], operands: Operands) -> None:
    """All conditions and options behind the events, for each of TRAPS. INVALID OPTION for what is none."""
    start = operands.rest
    for trap in traps:
        again = Operands(start)
        while again.peek() is not None:
            if not condition(vm, trap, again) and not option(trap, again):
                raise INVALID_OPTION.error(again.peek())
    operands.take_rest()
