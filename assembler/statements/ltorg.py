"""LTORG: place the literals used so far here."""

from __future__ import annotations

from assembler.literals import PooledLiteral
from assembler.nominal import generate
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement
from assembler.symbols import Section


@statement("LTORG")
class Ltorg(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        asm.place(st, 8)
        section = asm.section
        assert section is not None
        section.size = max(section.size, section.loc)
        if st.name:
            asm.label(st, section, st.loc, 1, "U")
        asm.place_pool(st)


class LiteralData(Operation):
    """A literal in its place in the pool."""

    def generate(self, asm: Assembler, st: Statement) -> None:
        literal = st.parsed
        assert isinstance(literal, PooledLiteral)
        first = literal.first
        if isinstance(first.section, Section):
            asm.pin((first.loc, first.section.terms))
        try:
            data, relocations = generate(literal.constant, asm, 0)
        finally:
            asm.pin(None)
        st.code = data
        asm.text(st, data)
        asm.relocate(st, relocations)


LITERAL = LiteralData()
