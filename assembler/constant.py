"""Operands of DC, DS and literals: types, lengths and boundaries.

Source: OS/VS Assembler Language (GC33-4010), "DC instruction".  They are read in `datafield.py`, and the conversion of
nominal values is in `nominal.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assembler.expression import Environment, Expr, absolute
from assembler.message import Flaw
from assembler.operand import parse_expression
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

EXTENDED: dict[str, Type] = {
    "AD": Type(8, 8, 8, "address"),
    "FD": Type(8, 8, 8, "list"),
    "EH": TYPES["E"],
    "DH": TYPES["D"],
    "LH": TYPES["L"],
}
"""Types with an extension (High Level Assembler): of eight bytes, or hexadecimal floating-point by its full name."""

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
    given: tuple[tuple[Expr, Expr | None], ...]
    column: int
    extension: str = ""
    """The type's second letter: D or H."""
    program: int | None = None
    """The program type, P(value) (High Level Assembler)."""
    inside: int = -1
    """The column of the first of several expressions that are so simple that they are kept as texts."""

    def addresses(self) -> tuple[tuple[Expr, Expr | None], ...]:
        """Of address constants, expression and, in S(D(B)), the base."""
        if self.inside < 0:
            return self.given
        found: list[tuple[Expr, Expr | None]] = []
        column = self.inside
        for value in self.values or ():
            found.append((At(parse_expression(value), column), None))
            column += len(value) + 1
        return tuple(found)

    @property
    def type(self) -> Type:
        return EXTENDED[self.kind + self.extension] if self.extension else TYPES[self.kind]

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
        longest = self.type.longest * (8 if self.bits else 1)
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
        fixed = self.type.length
        if fixed:
            return fixed
        if value is None:
            return 1
        length = {"C": _implied_c, "X": _implied_x, "B": _implied_b, "P": _implied_p, "Z": _implied_z}[self.kind](value)
        if length > self.type.longest:
            raise Flaw("IFO224", f"LENGTH ERROR - VALUE TOO LONG FOR TYPE {self.kind}", 8, self.column)
        return length

    def boundary(self) -> int:
        """Alignment in bytes; 1 when a length is given."""
        return 1 if self.length is not None else self.type.boundary

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
        elif self.type.length or not self.values:
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


Placed = tuple[Constant, ...] | tuple[tuple[Constant, int], ...]
"""What a DC or DS statement keeps of its operands: each with its offset in bits, or a single one alone."""


def placed(kept: object) -> Sequence[tuple[Constant, int]]:
    """The operands of a DC or DS statement with their offsets in bits; none if it was in error."""
    if not isinstance(kept, tuple):
        return ()
    return ((kept[0], 0),) if isinstance(kept[0], Constant) else kept
