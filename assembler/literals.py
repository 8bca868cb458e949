"""Literal pools: one for each LTORG and one for END, duplicates folded, longest boundary first.

Source: OS/VS Assembler Language (GC33-4010), "Literal pool": literals whose length is a multiple of eight come first,
then of four, of two, and the rest, so that each lies on its boundary when the pool begins on a doubleword.
"""

from __future__ import annotations

from assembler.constant import Constant
from assembler.datafield import parse_constants
from assembler.expression import Environment
from assembler.message import Flaw
from assembler.scale import scale_and_integer
from assembler.source import Statement
from assembler.symbols import Section, Symbol


class PooledLiteral:
    """A literal: its constant, its size and, once its pool is placed, where it lies."""

    __slots__ = ("constant", "first", "size", "symbol", "text")

    def __init__(self, text: str, constant: Constant, first: Statement, env: Environment) -> None:
        self.text = text
        self.constant = constant
        self.first = first
        """The instruction that used it first: what `*` in it refers to."""
        self.size = constant.size(env)
        self.symbol = Symbol(text, 0, (), constant.length_attribute(env), constant.kind, first.number)
        if constant.kind in "FHEDLPZ":
            self.symbol.scale, self.symbol.integer = scale_and_integer(constant, env)


class Pool:
    """The literals of one pool, in the order in which they were first used."""

    def __init__(self) -> None:
        self.literals: dict[str, PooledLiteral] = {}
        self.section: Section | None = None

    def note(self, text: str, column: int, statement: Statement, env: Environment) -> PooledLiteral:
        """Enter a literal; a literal that refers to the location counter is never shared.  Raises Flaw."""
        key = text if "*" not in text or "(" not in text else f"{text} {statement.number} {column}"
        found = self.literals.get(key)
        if found is None:
            try:
                constants = parse_constants(text[1:])
                if len(constants) != 1:
                    raise Flaw("IFO161", f"INVALID LITERAL {text[:20]}", 8, 0)
                if constants[0].values is None:
                    raise Flaw("IFO161", "INVALID LITERAL - IT HAS NO VALUE", 8, 0)
                found = PooledLiteral(text, constants[0], statement, env)
                if not found.size:
                    raise Flaw("IFO161", "INVALID LITERAL - ITS LENGTH IS ZERO", 8, 0)
            except Flaw as flaw:
                flaw.column = column
                raise
            self.literals[key] = found
        return found

    def find(self, text: str, column: int, statement: int) -> PooledLiteral | None:
        return self.literals.get(text) or self.literals.get(f"{text} {statement} {column}")

    def arranged(self) -> list[PooledLiteral]:
        """The literals in the order in which they are placed."""
        return sorted(self.literals.values(), key=lambda literal: _boundary_order(literal.size))


def _boundary_order(size: int) -> int:
    return 0 if size % 8 == 0 else 1 if size % 4 == 0 else 2 if size % 2 == 0 else 3
