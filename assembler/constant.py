"""Operands of DC, DS and literals: duplication factor, type, modifiers, nominal values.

Source: OS/VS Assembler Language (GC33-4010), "DC instruction".  The conversion of nominal values is in `nominal.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assembler.expression import Environment, Expr, Number, absolute
from assembler.message import Flaw
from assembler.operand import parse, parse_expression
from assembler.symbols import Value


@dataclass(frozen=True, slots=True)
class Type:
    """A constant's type: default length (0: that of the value), boundary, greatest length, form of its values."""

    length: int
    boundary: int
    longest: int
    form: str
    """`text` one string, `list` quoted values between commas, `address` expressions in parentheses."""


TYPES: dict[str, Type] = {
    "C": Type(0, 1, 65535, "text"),
    "X": Type(0, 1, 65535, "list"),
    "B": Type(0, 1, 256, "list"),
    "F": Type(4, 4, 8, "list"),
    "H": Type(2, 2, 8, "list"),
    "E": Type(4, 4, 8, "list"),
    "D": Type(8, 8, 8, "list"),
    "L": Type(16, 8, 16, "list"),
    "P": Type(0, 1, 16, "list"),
    "Z": Type(0, 1, 16, "list"),
    "A": Type(4, 4, 4, "address"),
    "Y": Type(2, 2, 2, "address"),
    "S": Type(2, 2, 2, "address"),
    "V": Type(4, 4, 4, "address"),
    "Q": Type(4, 4, 4, "address"),
}

MAX_BYTES = 0x1000000
"""A constant, and a section, has fewer than 16 MB."""


@dataclass(frozen=True, slots=True)
class At(Expr):
    """An expression that was cut out of a longer operand at `column`; its flaws tell the column in the whole."""

    tree: Expr
    column: int

    def evaluate(self, env: Environment) -> Value:
        try:
            return self.tree.evaluate(env)
        except Flaw as flaw:
            raise flaw.shifted(self.column) from None

    def walk(self) -> tuple[Expr, ...]:
        return (self.tree,)


@dataclass(frozen=True, slots=True)
class Constant:
    """One operand of DC or DS."""

    kind: str
    duplication: Expr | None
    length: Expr | None
    bits: bool
    scale: Expr | None
    exponent: Expr | None
    values: tuple[str, ...] | None
    """Quoted values, or the text of the expressions; None if there is no nominal value."""
    addresses: tuple[tuple[Expr, Expr | None], ...]
    """For address constants: expression and, in S(D(B)), the base."""
    column: int
    text: str

    def duplicate(self, env: Environment) -> int:
        """The duplication factor; raises Flaw if it is negative."""
        if self.duplication is None:
            return 1
        count = absolute(self.duplication, env)
        if count < 0:
            raise Flaw("IFO206", "DUPLICATION FACTOR ERROR - NEGATIVE", 8, self.column)
        if count >= MAX_BYTES:
            raise Flaw("IFO206", "DUPLICATION FACTOR ERROR - TOO LARGE", 8, self.column)
        return count

    def explicit_length(self, env: Environment) -> int | None:
        """The length modifier (bits if `bits`), or None."""
        if self.length is None:
            return None
        length = absolute(self.length, env)
        longest = TYPES[self.kind].longest * (8 if self.bits else 1)
        if not 0 < length <= longest:
            raise Flaw("IFO224", f"LENGTH ERROR - {length} IS NOT VALID FOR TYPE {self.kind}", 8, self.column)
        return length

    def length_attribute(self, env: Environment) -> int:
        """Bytes of one value, the first: what L' of the statement's name gives."""
        explicit = self.explicit_length(env)
        if explicit is not None:
            return (explicit + 7) // 8 if self.bits else explicit
        return self.implied(self.values[0] if self.values else None)

    def implied(self, value: str | None) -> int:
        """Bytes that a value takes without a length modifier."""
        fixed = TYPES[self.kind].length
        if fixed:
            return fixed
        if value is None:
            return 1
        length = {"C": _implied_c, "X": _implied_x, "B": _implied_b, "P": _implied_p, "Z": _implied_z}[self.kind](value)
        if length > TYPES[self.kind].longest:
            raise Flaw("IFO224", f"LENGTH ERROR - VALUE TOO LONG FOR TYPE {self.kind}", 8, self.column)
        return length

    def boundary(self) -> int:
        """Alignment in bytes; 1 when a length is given."""
        return 1 if self.length is not None else TYPES[self.kind].boundary

    def bit_size(self, env: Environment) -> int:
        """Bits of the whole operand if its length is in bits, not rounded up; raises Flaw if it is too long."""
        bits = (self.explicit_length(env) or 0) * max(len(self.values or ()), 1) * self.duplicate(env)
        if bits >= MAX_BYTES * 8:
            raise Flaw("IFO224", "LENGTH ERROR - CONSTANT TOO LONG", 8, self.column)
        return bits

    def size(self, env: Environment) -> int:
        """Bytes of the whole operand, duplicates included (bit lengths rounded up to a byte at its end)."""
        explicit = self.explicit_length(env)
        count = self.duplicate(env)
        if explicit is not None:
            each = explicit * max(len(self.values or ()), 1)
            total = (each * count + 7) // 8 if self.bits else each * count
        elif TYPES[self.kind].length or not self.values:
            total = self.implied(None) * max(len(self.values or ()), 1) * count
        else:
            total = sum(self.implied(value) for value in self.values) * count
        if total >= MAX_BYTES:
            raise Flaw("IFO224", "LENGTH ERROR - CONSTANT TOO LONG", 8, self.column)
        return total


def _implied_c(value: str) -> int:
    return len(value.replace("''", "'").replace("&&", "&")) or 1


def _implied_x(value: str) -> int:
    return (len(value) + 1) // 2 or 1


def _implied_b(value: str) -> int:
    return (len(value) + 7) // 8 or 1


def _implied_p(value: str) -> int:
    return sum(char.isdigit() for char in value) // 2 + 1


def _implied_z(value: str) -> int:
    return sum(char.isdigit() for char in value) or 1


# --- reading ----------------------------------------------------------------------------------------------------------

_SIMPLE = re.compile(
    r"([0-9]{0,7})([CXBFHEDLPZ])(?:L([0-9]{1,5}))?"
    r"(?:'((?:[^'&]|''|&&)*+)')?(,|$)"
)
_DIGITS = re.compile(r"[0-9]+")
_SIGNED = re.compile(r"[+-]?[0-9]+")
_STRING = re.compile(r"'((?:[^']|'')*+)'")
_ATTRIBUTE = re.compile(r"(?<![A-Za-z0-9_$#@&'])[LISlis]'(?=[A-Za-z$#@_*=])")


def closing(text: str, at: int) -> int:
    """Index of the parenthesis that closes the one at `at`; raises Flaw."""
    depth = 0
    start = at
    while at < len(text):
        char = text[at]
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return at
        elif char == "'" or _ATTRIBUTE.match(text, at):
            if char != "'":
                at += 2
                continue
            string = _STRING.match(text, at)
            if string is None:
                raise Flaw("IFO178", "SYNTAX ERROR - UNPAIRED APOSTROPHE", 8, at)
            at = string.end()
            continue
        at += 1
    raise Flaw("IFO178", "SYNTAX ERROR - UNPAIRED PARENTHESIS", 8, start)


def split_commas(text: str) -> list[tuple[str, int]]:
    """The pieces of a text between commas outside of parentheses and strings, with their columns."""
    pieces: list[tuple[str, int]] = []
    start = at = 0
    while at < len(text):
        char = text[at]
        if char == "(":
            at = closing(text, at)
        elif char == "'":
            string = _STRING.match(text, at)
            if string is None:
                raise Flaw("IFO178", "SYNTAX ERROR - UNPAIRED APOSTROPHE", 8, at)
            at = string.end() - 1
        elif _ATTRIBUTE.match(text, at):
            at += 1
        elif char == ",":
            pieces.append((text[start:at], start))
            start = at + 1
        at += 1
    pieces.append((text[start:], start))
    return pieces


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def number_or_parenthesis(self, signed: bool = False) -> Expr | None:
        text, at = self.text, self.at
        match = (_SIGNED if signed else _DIGITS).match(text, at)
        if match:
            self.at = match.end()
            digits = match[0]
            if len(digits) > 9:
                raise Flaw("IFO169", "INVALID SELF-DEFINING TERM - TOO LARGE", 8, at)
            return Number(int(digits))
        if text[at : at + 1] == "(":
            end = closing(text, at)
            self.at = end + 1
            return At(parse_expression_at(text[at + 1 : end], at + 1), at + 1)
        return None

    def constant(self) -> Constant:
        text, start = self.text, self.at
        duplication = self.number_or_parenthesis()
        kind = text[self.at : self.at + 1].upper()
        if kind not in TYPES:
            raise Flaw(
                "IFO198",
                f"INVALID TYPE DECLARED ON DC/DS/DXD CONSTANT - {text[self.at : self.at + 4] or 'NONE'}",
                8,
                self.at,
            )
        self.at += 1
        length = scale = exponent = None
        bits = False
        while True:
            letter = text[self.at : self.at + 1].upper()
            if letter not in ("L", "S", "E"):
                break
            at = self.at
            self.at += 1
            if letter == "L" and text[self.at : self.at + 1] == ".":
                bits = True
                self.at += 1
            modifier = self.number_or_parenthesis(signed=letter != "L")
            if modifier is None:
                raise Flaw("IFO178", f"SYNTAX ERROR - INVALID MODIFIER {text[at : at + 4]}", 8, at)
            if letter == "L":
                length = modifier
            elif letter == "S":
                scale = modifier
            else:
                exponent = modifier
        values: tuple[str, ...] | None = None
        addresses: tuple[tuple[Expr, Expr | None], ...] = ()
        form = TYPES[kind].form
        at = self.at
        if text[at : at + 1] == "'":
            string = _STRING.match(text, at)
            if string is None:
                raise Flaw("IFO178", "SYNTAX ERROR - UNPAIRED APOSTROPHE", 8, at)
            if form == "address":
                raise Flaw("IFO178", f"SYNTAX ERROR - TYPE {kind} WANTS ITS VALUE IN PARENTHESES", 8, at)
            inside = string[1]
            values = (inside,) if form == "text" else tuple(inside.split(","))
            self.at = string.end()
        elif text[at : at + 1] == "(":
            end = closing(text, at)
            if form != "address":
                raise Flaw("IFO178", f"SYNTAX ERROR - TYPE {kind} WANTS ITS VALUE IN APOSTROPHES", 8, at)
            values, addresses = _addresses(kind, text[at + 1 : end], at + 1)
            self.at = end + 1
        return Constant(
            kind, duplication, length, bits, scale, exponent, values, addresses, start, text[start : self.at]
        )


def parse_expression_at(text: str, column: int) -> Expr:
    """An expression cut out of a longer operand; flaws of its syntax tell the column in the whole."""
    try:
        return parse_expression(text)
    except Flaw as flaw:
        raise flaw.shifted(column) from None


def _addresses(kind: str, text: str, column: int) -> tuple[tuple[str, ...], tuple[tuple[Expr, Expr | None], ...]]:
    pieces = [(piece, at + column) for piece, at in split_commas(text)]
    found: list[tuple[Expr, Expr | None]] = []
    for piece, at in pieces:
        if kind == "S":
            try:
                operands = parse(piece).operands
            except Flaw as flaw:
                raise flaw.shifted(at) from None
            if len(operands) != 1 or operands[0].second is not None:
                raise Flaw("IFO178", "SYNTAX ERROR IN S-TYPE CONSTANT", 8, at)
            base = operands[0].first
            found.append((At(operands[0].address, at), At(base, at) if base is not None else None))
        else:
            found.append((At(parse_expression_at(piece, at), at), None))
    return tuple(piece for piece, _ in pieces), tuple(found)


_cache: dict[str, tuple[Constant, ...] | Flaw] = {}


def parse_constants(text: str) -> tuple[Constant, ...]:
    """The operands of a DC or DS, from the cache if the text has been seen before; raises Flaw."""
    known = _cache.get(text)
    if known is None:
        try:
            known = _read(text)
        except Flaw as flaw:
            known = Flaw(flaw.number, flaw.text, flaw.severity, flaw.column)  # without what led to it
        if len(_cache) >= 20_000:
            _cache.clear()
        _cache[text] = known
    if isinstance(known, Flaw):
        raise Flaw(known.number, known.text, known.severity, known.column)
    return known


def _read(text: str) -> tuple[Constant, ...]:
    found: list[Constant] = []
    at = 0
    while True:
        match = _SIMPLE.match(text, at)
        if match is not None:
            count, kind, length, inside, end = match.groups()
            values = None if inside is None else (inside,) if kind == "C" else tuple(inside.split(","))
            found.append(
                Constant(
                    kind,
                    Number(int(count)) if count else None,
                    Number(int(length)) if length else None,
                    False,
                    None,
                    None,
                    values,
                    (),
                    at,
                    text[at : match.end() - len(end)],
                )
            )
            at = match.end()
            if not end:
                return tuple(found)
            continue
        reader = _Reader(text)
        reader.at = at
        found.append(reader.constant())
        at = reader.at
        if at >= len(text):
            return tuple(found)
        if text[at] != ",":
            raise Flaw("IFO178", f"SYNTAX ERROR - {text[at : at + 8]}", 8, at)
        at += 1
