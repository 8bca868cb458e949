"""Functions of conditional assembly: conversions, tests and changes of strings, bits and shifts.

Source: High Level Assembler Language Reference (SC26-4940), "Arithmetic (SETA) expressions" and "Character (SETC)
expressions", built-in functions.  Each may be written `NAME(operands)`; those of one operand also as `(NAME operand)`,
those of two also as `(operand NAME operand)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from assembler.expression import undouble
from assembler.macro.values import MAX_STRING, Result, as_int, as_text
from assembler.message import Flaw
from assembler.symbols import SYMBOL
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

_WORD = 0xFFFFFFFF


OF_SYMBOLS = ("SYSATTRA", "SYSATTRP")
"""Functions of the name of an ordinary symbol: its assembler type and its program type."""


@dataclass(frozen=True, slots=True)
class Function:
    """`operands` has a letter for each operand: A a number, C a string."""

    name: str
    operands: str
    work: Callable[..., Result]

    def __call__(self, *given: Result) -> Result:
        """The value; raises Flaw."""
        values = [as_int(one) if kind == "A" else as_text(one) for kind, one in zip(self.operands, given, strict=True)]
        result = self.work(*values)
        if isinstance(result, str) and len(result) > MAX_STRING:
            raise Flaw("IFO309", "CHARACTER EXPRESSION TOO LONG")
        return result


FUNCTIONS: dict[str, Function] = {}


def _function(name: str, operands: str) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    def enter(work: Callable[..., Result]) -> Callable[..., Result]:
        FUNCTIONS[name] = Function(name, operands, work)
        return work

    return enter


def _signed(value: int) -> int:
    value &= _WORD
    return value - 0x100000000 if value > 0x7FFFFFFF else value


def _bad(name: str, what: object) -> Flaw:
    return Flaw("IFO335", f"INVALID OPERAND OF FUNCTION {name} - {str(what)[:20]}")


# --- numbers from strings, strings from numbers -----------------------------------------------------------------------

_DIGITS = {"B": re.compile("[01]*"), "D": re.compile("[+-]?[0-9]+"), "X": re.compile("[0-9A-Fa-f]*")}


def _bits(kind: str, text: str) -> str:
    """What a string of that kind (B, C, X) stands for, in binary digits."""
    if kind == "C":
        return "".join(f"{byte:08b}" for byte in to_ebcdic(text))
    if not _DIGITS[kind].fullmatch(text):
        raise _bad(kind, text)
    return text if kind == "B" else "".join(f"{int(digit, 16):04b}" for digit in text)


def _number(kind: str, text: str) -> int:
    """The number that a string of that kind (B, C, D, X) stands for, as a signed word; raises Flaw."""
    if kind == "D":
        if not _DIGITS["D"].fullmatch(text) or len(text) > 11 or not -0x80000000 <= int(text) <= _WORD:
            raise _bad("D", text)
        return _signed(int(text))
    bits = _bits(kind, text)
    if len(bits) > 32:
        raise _bad(kind, text)
    return _signed(int(bits or "0", 2))


def _written(kind: str, bits: str) -> str:
    """Binary digits as a string of that kind (B, C, D, X)."""
    if kind == "B":
        return bits
    if kind == "D":
        if len(bits) > 32:
            raise _bad(kind, bits)
        return f"{_signed(int(bits, 2)):+d}" if bits else ""
    step = 8 if kind == "C" else 4
    bits = bits.rjust(-(-len(bits) // step) * step, "0")
    pieces = [int(bits[at : at + step], 2) for at in range(0, len(bits), step)]
    return from_ebcdic(bytes(pieces)) if kind == "C" else "".join(f"{piece:X}" for piece in pieces)


def _conversions() -> None:
    for source in "ABCDX":
        for target in "ABCDX":
            if source == target:
                continue

            def convert(given: int | str, source: str = source, target: str = target) -> Result:
                if target == "A":
                    return _number(source, str(given))
                if source in "AD":
                    value = given if isinstance(given, int) else _number("D", given)
                    return _written(target, f"{value & _WORD:032b}")
                return _written(target, _bits(source, str(given)))

            _function(f"{source}2{target}", "A" if source == "A" else "C")(convert)


_conversions()


@_function("BYTE", "A")
def _byte(value: int) -> str:
    if not 0 <= value <= 255:
        raise _bad("BYTE", value)
    return from_ebcdic(bytes((value,)))


@_function("SIGNED", "A")
def _signed_text(value: int) -> str:
    return str(_signed(value))


# --- strings ----------------------------------------------------------------------------------------------------------


@_function("UPPER", "C")
def _upper(text: str) -> str:
    return "".join(char.upper() if "a" <= char <= "z" else char for char in text)


@_function("LOWER", "C")
def _lower(text: str) -> str:
    return "".join(char.lower() if "A" <= char <= "Z" else char for char in text)


@_function("DOUBLE", "C")
def _double(text: str) -> str:
    return text.replace("'", "''").replace("&", "&&")


@_function("DEQUOTE", "C")
def _dequote(text: str) -> str:
    text = text.removeprefix("'")
    return text.removesuffix("'")


@_function("DCVAL", "C")
def _dcval(text: str) -> str:
    return undouble(text)


@_function("DCLEN", "C")
def _dclen(text: str) -> int:
    return len(undouble(text))


@_function("FIND", "CC")
def _find(text: str, wanted: str) -> int:
    return next((at for at, char in enumerate(text, 1) if char in wanted), 0)


@_function("INDEX", "CC")
def _index(text: str, wanted: str) -> int:
    return text.find(wanted) + 1 if wanted else 0


@_function("ISBIN", "C")
def _isbin(text: str) -> int:
    return int(re.fullmatch("[01]{1,32}", text) is not None)


@_function("ISDEC", "C")
def _isdec(text: str) -> int:
    return int(re.fullmatch("[0-9]{1,10}", text) is not None and int(text) <= 0x7FFFFFFF)


@_function("ISHEX", "C")
def _ishex(text: str) -> int:
    return int(re.fullmatch("[0-9A-Fa-f]{1,8}", text) is not None)


@_function("ISSYM", "C")
def _issym(text: str) -> int:
    return int(SYMBOL.fullmatch(text.upper()) is not None)


# --- bits -------------------------------------------------------------------------------------------------------------


@_function("AND", "AA")
def _and(one: int, other: int) -> int:
    return _signed(one & other)


@_function("OR", "AA")
def _or(one: int, other: int) -> int:
    return _signed(one | other)


@_function("XOR", "AA")
def _xor(one: int, other: int) -> int:
    return _signed(one ^ other)


@_function("NOT", "A")
def _not(one: int) -> int:
    return _signed(~one)


@_function("SLL", "AA")
def _sll(value: int, count: int) -> int:
    return _signed((value & _WORD) << (count & 63))


@_function("SRL", "AA")
def _srl(value: int, count: int) -> int:
    return _signed((value & _WORD) >> (count & 63))


@_function("SLA", "AA")
def _sla(value: int, count: int) -> int:
    result = value << (count & 63)
    if not -0x80000000 <= result <= 0x7FFFFFFF:
        raise Flaw("IFO319", "ARITHMETIC OVERFLOW IN EXPRESSION")
    return result


@_function("SRA", "AA")
def _sra(value: int, count: int) -> int:
    return _signed(value) >> (count & 63)
