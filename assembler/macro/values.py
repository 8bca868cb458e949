"""Values of conditional assembly: numbers and strings, and how one is taken for the other."""

from __future__ import annotations

import re

from assembler.expression import decimal, selfdefining
from assembler.macro.variables import MAX_STRING
from assembler.message import Flaw
from cpvm.s370.ebcdic import to_ebcdic

Result = int | str

_SELF_WHOLE = re.compile(r"[XBCxbc]'(?:[^']|'')+'")


class Loose(str):
    """The text of a variable symbol outside of apostrophes, which counts as a number when compared with one."""

    __slots__ = ()


def as_int(value: Result) -> int:
    """A number, or a string that holds one; raises Flaw."""
    if isinstance(value, int):
        return value
    text = value.strip()
    if not text:
        return 0
    digits = text[1:] if text[0] in "+-" else text
    if digits.isascii() and digits.isdigit():
        return -decimal(digits) if text[0] == "-" else decimal(digits)
    if _SELF_WHOLE.fullmatch(text):
        return selfdefining(text)
    raise Flaw("IFO108", f"CHARACTER STRING USED AS AN ARITHMETIC TERM CONTAINS NON-DECIMAL CHARACTERS - {value[:20]}")


def as_text(value: Result) -> str:
    """A string; a number loses its sign, as in substitution."""
    return str(abs(value)) if isinstance(value, int) else str(value)


def limited(value: int) -> int:
    """The value; raises Flaw if it does not fit a word."""
    if not -0x80000000 <= value <= 0xFFFFFFFF:
        raise Flaw("IFO319", "ARITHMETIC OVERFLOW IN EXPRESSION")
    return value


def compare(one: Result, other: Result) -> int:
    """Less than, equal to or greater than 0: numbers by value, strings by length, then by EBCDIC.

    Raises Flaw, also for a number and a string in apostrophes.
    """
    if isinstance(one, (int, Loose)) and isinstance(other, (int, Loose)):
        try:
            first, second = as_int(one), as_int(other)
        except Flaw:
            if isinstance(one, int) or isinstance(other, int):
                raise
        else:
            return (first > second) - (first < second)
    if isinstance(one, int) != isinstance(other, int) and not isinstance(other if isinstance(one, int) else one, Loose):
        raise Flaw("IFO337", "A NUMBER AND A CHARACTER STRING ARE COMPARED")
    left, right = as_text(one), as_text(other)
    if len(left) != len(right):
        return len(left) - len(right)
    if left == right:
        return 0
    return 1 if to_ebcdic(left) > to_ebcdic(right) else -1


__all__ = ["MAX_STRING", "Loose", "Result", "as_int", "as_text", "compare", "limited"]
